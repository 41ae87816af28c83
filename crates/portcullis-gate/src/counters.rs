//! The stores that the limits of all routes count in.
//!
//! Memory is one for all workers, so that a limit is the limit and not as many times that as there are cores. A connection to Redis
//! is a worker's own, on its own runtime, and one for all its routes.

use std::sync::{Arc, Mutex, PoisonError};

use portcullis::{
    ConfigError,
    checklist::{self, Switch},
    limit::store::{Config, MemoryStore, SharedStore},
};

/// Memory by what the configuration says of it, shared by the workers of a gate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memories(Arc<Mutex<Vec<Memory>>>);

/// What the configuration says of it, and the counters.
type Memory = (Config, Arc<MemoryStore>);

impl Memories {
    fn of(&self, config: &Config) -> Result<Arc<MemoryStore>, ConfigError> {
        let mut memories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, memory)) = memories.iter().find(|(of, _)| of == config) {
            return Ok(Arc::clone(memory));
        }
        let memory = SharedStore::memory_of(config)?;
        memories.push((config.clone(), Arc::clone(&memory)));
        Ok(memory)
    }
}

/// The open stores of one worker.
#[derive(Debug)]
pub(crate) struct Counters {
    memories: Memories,
    open: Vec<(Config, SharedStore)>,
}

impl Counters {
    pub(crate) fn new(memories: Memories) -> Self {
        Self { memories, open: Vec::new() }
    }

    /// Gives the limits of a route the stores that they name.
    pub(crate) fn share(&mut self, guards: &mut checklist::Config) -> Result<(), ConfigError> {
        if let Switch::On(limit) = &guards.limit {
            let store = self.open(&limit.store).map_err(|error| error.within("limit.store"))?;
            guards.limit_store = Some(store);
        }
        if let Switch::On(login) = &guards.login {
            let store = self.open(&login.store).map_err(|error| error.within("login.store"))?;
            guards.login_store = Some(store);
        }
        Ok(())
    }

    fn open(&mut self, config: &Config) -> Result<SharedStore, ConfigError> {
        if let Some((_, store)) = self.open.iter().find(|(of, _)| of == config) {
            return Ok(store.clone());
        }
        let store = SharedStore::open_beside(config, self.memories.of(config)?)?;
        self.open.push((config.clone(), store.clone()));
        Ok(store)
    }
}
