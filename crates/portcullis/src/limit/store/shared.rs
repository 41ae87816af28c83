//! The store that a configuration names, and what happens while it is away.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Charge, Count, MemoryStore, Reply, Store, StoreAway};
use crate::{
    ConfigError, duration,
    limit::{Decision, Timestamp},
};

/// Where counters live: in memory, or in the Redis or Valkey that `url_env` or `url_file` names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// How many counters memory holds, at least 16; 45 to 70 bytes each, taken as they come. Default 524,288: 25 MB at most.
    pub max_keys: usize,
    /// The environment variable that holds the URL of a Redis or Valkey: `redis://user:password@host:6379/0`, or `rediss://`.
    pub url_env: Option<String>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
    /// PEM, the authorities that the server's certificate may come from, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long to wait for it. Default: 45 ms, so that the client has an answer within 50.
    #[serde(deserialize_with = "duration::deserialize")]
    pub deadline: Duration,
    /// What happens while it does not answer.
    pub when_away: WhenAway,
    /// What its keys begin with; the same for all gates that count together. Default `portcullis:`.
    pub prefix: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_keys: 512 * 1024,
            url_env: None,
            url_file: None,
            ca_file: None,
            deadline: Duration::from_millis(45),
            when_away: WhenAway::default(),
            prefix: "portcullis:".to_owned(),
        }
    }
}

/// What happens while a shared store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenAway {
    /// Each process counts for itself: a client has the limit once for each. Counts begin anew, and are forgotten when the store
    /// is back.
    #[default]
    Local,
    /// Nothing is counted, everything passes.
    Open,
    /// Everything is refused with 503.
    Closed,
}

/// An open store, shared by guards. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SharedStore {
    store: Arc<dyn Store>,
    when_away: WhenAway,
    local: Arc<MemoryStore>,
    is_remote: bool,
}

impl SharedStore {
    /// Opens what the configuration names. Connects to nothing yet.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        Self::open_beside(config, Self::memory_of(config)?)
    }

    /// The same, with memory that others have, too: in a program of several runtimes each opens a connection of its own, and
    /// memory is one.
    pub fn open_beside(config: &Config, memory: Arc<MemoryStore>) -> Result<Self, ConfigError> {
        if config.url_env.is_none() && config.url_file.is_none() {
            for (path, is_set) in
                [("ca_file", config.ca_file.is_some()), ("when_away", config.when_away != WhenAway::Local)]
            {
                if is_set {
                    return Err(ConfigError::new(
                        path,
                        "set",
                        "absent without `url_env` or `url_file`: memory is never away",
                    ));
                }
            }
            return Ok(Self::new(Arc::<MemoryStore>::clone(&memory), config.when_away, memory));
        }
        Ok(Self { is_remote: true, ..Self::new(remote(config)?, config.when_away, memory) })
    }

    /// Memory as large as the configuration says.
    pub fn memory_of(config: &Config) -> Result<Arc<MemoryStore>, ConfigError> {
        if config.max_keys < 16 {
            return Err(ConfigError::new("max_keys", config.max_keys, "at least 16"));
        }
        Ok(Arc::new(MemoryStore::new(config.max_keys)))
    }

    /// A store of the program's own, and the memory that counts while it is away.
    pub fn new(store: Arc<dyn Store>, when_away: WhenAway, local: Arc<MemoryStore>) -> Self {
        Self { store, when_away, local, is_remote: false }
    }

    pub(crate) async fn take(
        &self,
        charges: &[Charge<'_>],
        now: Timestamp,
    ) -> Result<Vec<Decision>, StoreAway> {
        match self.store.take(charges, now).await {
            Err(away) => self.instead(away, || self.local.take(charges, now))?.await,
            answer => answer,
        }
    }

    pub(crate) async fn take_all(
        &self,
        charges: &[Charge<'_>],
        now: Timestamp,
    ) -> Result<Vec<Decision>, StoreAway> {
        match self.store.take_all(charges, now).await {
            Err(away) => self.instead(away, || self.local.take_all(charges, now))?.await,
            answer => answer,
        }
    }

    /// Gives back where it was taken, as far as anybody knows: while the store is away, from memory.
    pub(crate) async fn give_back(&self, charges: &[Charge<'_>], now: Timestamp) {
        if self.store.give_back(charges, now).await.is_err() && self.when_away == WhenAway::Local {
            let _ = self.local.give_back(charges, now).await;
        }
    }

    /// Forgets in both: what was counted while the store was away is not to come back.
    pub(crate) async fn remove(&self, keys: &[&str], now: Timestamp) {
        let _ = self.store.remove(keys, now).await;
        let _ = self.local.remove(keys, now).await;
    }

    /// Sets a count where it is read from.
    pub(crate) async fn write(&self, key: &str, count: Count, now: Timestamp) {
        if self.store.write(key, count, now).await.is_err() && self.when_away == WhenAway::Local {
            let _ = self.local.write(key, count, now).await;
        }
    }

    pub(crate) async fn read(&self, key: &str, now: Timestamp) -> Result<Option<Count>, StoreAway> {
        match self.store.read(key, now).await {
            Err(_) if self.when_away == WhenAway::Local => self.local.read(key, now).await,
            answer => answer,
        }
    }

    /// Whether others count in it, too.
    pub fn is_remote(&self) -> bool {
        self.is_remote
    }

    fn instead<'a>(
        &self,
        away: StoreAway,
        local: impl FnOnce() -> Reply<'a, Vec<Decision>>,
    ) -> Result<Reply<'a, Vec<Decision>>, StoreAway> {
        match self.when_away {
            WhenAway::Local => Ok(local()),
            WhenAway::Open => Ok(Reply::now(Ok(Vec::new()))),
            WhenAway::Closed => Err(away),
        }
    }
}

#[cfg(feature = "redis")]
fn remote(config: &Config) -> Result<Arc<dyn Store>, ConfigError> {
    let mut connection = crate::store::redis::Config::default();
    connection.url_env.clone_from(&config.url_env);
    connection.url_file.clone_from(&config.url_file);
    connection.ca_file.clone_from(&config.ca_file);
    connection.deadline = config.deadline;
    let redis = crate::store::redis::Redis::new(&connection)?;
    Ok(Arc::new(super::redis::RedisStore::new(redis, config.prefix.clone())))
}

#[cfg(not(feature = "redis"))]
fn remote(_: &Config) -> Result<Arc<dyn Store>, ConfigError> {
    Err(ConfigError::new("url_env", "set", "absent: this program was built without the feature `redis`"))
}
