//! Sessions in this process: bounded, and gone with it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{Expected, Expiry, Owner, Store, StoreError, StoreFuture, Write, Written};
use crate::ConfigError;

/// How much a [`MemoryStore`] may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The most bytes of records, ids and owners together. Default 64 MiB. A write that does not fit is refused with
    /// [`StoreError::Full`]; nobody's session is thrown out for somebody else's.
    pub max_bytes: usize,
    /// How long a session lasts that names no end of its own. Default one day, as in connect-redis.
    pub lifetime: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, lifetime: Duration::from_secs(24 * 60 * 60) }
    }
}

/// Sessions in this process.
///
/// They end with it, and a second process knows nothing of them: for production take another store. What has expired is
/// swept as others are written.
#[derive(Debug)]
pub struct MemoryStore {
    config: Config,
    shelf: Mutex<Shelf>,
}

impl MemoryStore {
    /// An empty store. Says in the log that it is not for production.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        if config.max_bytes == 0 {
            return Err(ConfigError::new("max_bytes", 0, "at least 1"));
        }
        tracing::warn!(
            target: "portcullis::session",
            "sessions are kept in memory: they end with this process, and another one does not see them"
        );
        Ok(Self { config, shelf: Mutex::default() })
    }

    /// An empty store with the default bounds, for tests: without the warning.
    pub fn for_tests() -> Self {
        Self { config: Config::default(), shelf: Mutex::default() }
    }

    /// How many sessions there are, expired ones that were not swept yet among them.
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every session that has not expired: id and record, in no order.
    pub fn snapshot(&self, now: SystemTime) -> Vec<(String, String)> {
        let held = self.lock();
        let alive = held.entries.iter().filter(|(_, entry)| entry.expires > now);
        alive.map(|(id, entry)| (id.clone(), entry.record.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_now(&self, write: &Write<'_>) -> Result<Written, StoreError> {
        let mut held = self.lock();
        held.sweep(write.expiry.now);
        let found = held.alive(write.id, write.expiry.now).map(|entry| entry.record.as_str());
        let fits = match write.expected {
            Expected::Anything => true,
            Expected::Absent => found.is_none(),
            Expected::Exactly(record) => found == Some(record),
        };
        if !fits {
            return Ok(Written::Conflict(found.map(str::to_owned)));
        }
        let entry = Entry {
            record: write.record.to_owned(),
            expires: write.expiry.end(self.config.lifetime),
            owner: write.owner.map(|owner| owner.value.to_owned()),
        };
        let freed = held.entries.get(write.id).map_or(0, |old| old.bytes(write.id));
        if held.bytes - freed + entry.bytes(write.id) > self.config.max_bytes {
            let message = format!("its sessions hold {} of {} bytes", held.bytes, self.config.max_bytes);
            return Err(StoreError::Full(message.into()));
        }
        held.put(write.id, entry);
        Ok(Written::Done)
    }
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, id: &'a str, now: SystemTime) -> StoreFuture<'a, Option<String>> {
        let record = self.lock().alive(id, now).map(|entry| entry.record.clone());
        Box::pin(ready(Ok(record)))
    }

    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written> {
        Box::pin(ready(self.write_now(&write)))
    }

    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()> {
        let end = expiry.end(self.config.lifetime);
        let mut held = self.lock();
        if held.alive(id, expiry.now).is_some()
            && let Some(mut entry) = held.take(id)
        {
            entry.expires = end;
            held.put(id, entry);
        }
        Box::pin(ready(Ok(())))
    }

    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        self.lock().take(id);
        Box::pin(ready(Ok(())))
    }

    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64> {
        let mut held = self.lock();
        let ids = held.owned.remove(owner.value).unwrap_or_default();
        let destroyed = ids.iter().filter(|id| held.take(id).is_some()).count();
        Box::pin(ready(Ok(destroyed as u64)))
    }
}

#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<String, Entry>,
    /// The first to expire is the first to be swept.
    by_expiry: BTreeSet<(SystemTime, String)>,
    /// Ids by owner.
    owned: HashMap<String, HashSet<String>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    record: String,
    expires: SystemTime,
    owner: Option<String>,
}

impl Entry {
    /// An estimate of the heap that an entry takes: its texts, with the id in three tables, and the tables' slots.
    fn bytes(&self, id: &str) -> usize {
        const SLOTS: usize = 256;
        SLOTS + self.record.len() + 3 * id.len() + 2 * self.owner.as_ref().map_or(0, String::len)
    }
}

impl Shelf {
    fn alive(&self, id: &str, now: SystemTime) -> Option<&Entry> {
        self.entries.get(id).filter(|entry| entry.expires > now)
    }

    fn put(&mut self, id: &str, entry: Entry) {
        if let Some(old) = self.entries.get_mut(id)
            && old.expires == entry.expires
            && old.owner == entry.owner
        {
            self.bytes = self.bytes - old.bytes(id) + entry.bytes(id);
            *old = entry; // the other tables need not change
            return;
        }
        self.take(id);
        self.bytes += entry.bytes(id);
        self.by_expiry.insert((entry.expires, id.to_owned()));
        if let Some(owner) = &entry.owner {
            self.owned.entry(owner.clone()).or_default().insert(id.to_owned());
        }
        self.entries.insert(id.to_owned(), entry);
    }

    fn take(&mut self, id: &str) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.bytes -= entry.bytes(id);
        self.by_expiry.remove(&(entry.expires, id.to_owned()));
        if let Some(owner) = &entry.owner
            && let Some(ids) = self.owned.get_mut(owner)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.owned.remove(owner);
            }
        }
        Some(entry)
    }

    /// Each write may add one entry and takes away up to two, so what has expired never piles up, and no write waits.
    fn sweep(&mut self, now: SystemTime) {
        for _ in 0..2 {
            let Some((expires, id)) = self.by_expiry.first() else { return };
            if *expires > now {
                return;
            }
            let id = id.clone();
            self.take(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn write<'a>(id: &'a str, record: &'a str, now: u64, end: u64) -> Write<'a> {
        let expiry = Expiry { now: at(now), at: Some(at(end)) };
        Write { id, record, expected: Expected::Anything, owner: None, expiry }
    }

    #[tokio::test]
    async fn what_has_expired_is_swept_by_those_who_write() {
        let store = MemoryStore::for_tests();
        for id in ["a", "b", "c"] {
            store.write(write(id, "{}", 0, 10)).await.unwrap();
        }
        store.write(write("d", "{}", 10, 20)).await.unwrap();
        assert_eq!(store.len(), 2);
        store.write(write("e", "{}", 10, 20)).await.unwrap();
        assert_eq!(store.len(), 2);
        assert!(store.load("c", at(10)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_full_store_refuses_and_keeps_what_it_has() {
        let config = Config { max_bytes: 1000, ..Config::default() };
        let store = MemoryStore { config, shelf: Mutex::default() };
        store.write(write("a", "{}", 0, 10)).await.unwrap();
        let large = "x".repeat(900);
        assert!(matches!(store.write(write("b", &large, 0, 10)).await, Err(StoreError::Full(_))));
        assert!(matches!(store.write(write("a", &large, 0, 10)).await, Err(StoreError::Full(_))));
        assert_eq!(store.load("a", at(1)).await.unwrap().as_deref(), Some("{}"));
        // When the old one has expired there is room again.
        store.write(write("b", "{}", 10, 20)).await.unwrap();
        assert_eq!(store.len(), 1);
        assert_eq!(store.lock().bytes, Entry { record: "{}".into(), expires: at(0), owner: None }.bytes("b"));
    }
}
