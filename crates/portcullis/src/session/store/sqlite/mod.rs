//! Sessions in a file, by SQLite.

mod file;
mod reader;
mod writer;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use self::{
    reader::Reading,
    writer::{Change, Expectation, Outcome, Writing},
};
use super::{Expected, Expiry, Owner, Store, StoreError, StoreFuture, Write, Written};
use crate::{ConfigError, duration};

/// Which file, and how sure a write must be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The file, made if it is not there; its directory must be. It is for sessions alone, on a local disk: SQLite's
    /// write-ahead log does not work on network file systems. Two more files stand beside it, with `-wal` and `-shm` after
    /// its name. Nobody but the program's user may read it: its mode is set to 0600.
    pub path: PathBuf,
    /// What a write survives once it is answered. Default: [`Synchronous::Full`].
    pub synchronous: Synchronous,
    /// The most bytes of the file, at least 1 MiB. Default 4 GiB. A write that does not fit is refused with
    /// [`StoreError::Full`]; nobody's session is thrown out for somebody else's.
    pub max_bytes: u64,
    /// How long a session lasts that names no end of its own. Default one day, as in the other stores.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifetime: Duration,
    /// How long a call may take, and how long a write waits for another program that has the file locked; from 1 ms to 60 s.
    /// Default 1 s: a disk may be busy, but nobody waits for it longer.
    #[serde(deserialize_with = "duration::deserialize")]
    pub deadline: Duration,
    /// Threads that read, from 1 to 64. Default 2. One more writes.
    pub readers: usize,
    /// The most calls that wait, for writing and for reading each, from 1 to 1,000,000. Default 4096. Whoever comes then
    /// waits for room, within the deadline.
    pub queue: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: PathBuf::from("sessions.db"),
            synchronous: Synchronous::Full,
            max_bytes: 4 << 30,
            lifetime: Duration::from_secs(24 * 60 * 60),
            deadline: Duration::from_secs(1),
            readers: 2,
            queue: 4096,
        }
    }
}

impl Config {
    /// The defaults, with this file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// What a write survives once it is answered: SQLite's setting of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// The end of the process and of the machine: each group of writes is on the disk before it is answered. With less, a
    /// session that was ended could come back with the power.
    Full,
    /// The end of the process, but not always of the machine: the last writes before a power cut may be gone, the file is
    /// whole.
    Normal,
}

/// Sessions in a file: nothing to install, and one machine.
///
/// One thread writes. What came while it was busy goes into one transaction, so that many share one wait for the disk.
/// Others read, and wait for no writer. What has expired is taken away by those who write, two for each. A write that was not
/// answered in time may have been done all the same.
///
/// Dropping the store waits until everything that was sent is written.
///
/// ```
/// use std::time::SystemTime;
/// use portcullis::session::store::{Expected, Expiry, SqliteConfig, SqliteStore, Store, Write};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("sessions.db");
/// let store = SqliteStore::open(SqliteConfig::at(&path))?;
/// let expiry = Expiry { now: SystemTime::now(), at: None };
/// store.write(Write { id: "a", record: "{}", expected: Expected::Absent, owner: None, expiry }).await?;
/// drop(store);
///
/// let store = SqliteStore::open(SqliteConfig::at(&path))?;
/// assert_eq!(store.load("a", expiry.now).await?.as_deref(), Some("{}"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    config: Config,
    // Dropped in this order: without their queues the threads come to their end, and the last connection to be closed takes the
    // log into the file.
    readings: mpsc::Sender<Reading>,
    _readers: Threads,
    writings: mpsc::Sender<Writing>,
    _writer: Threads,
}

impl SqliteStore {
    /// Opens the file or makes it, and starts the threads. Blocks while it does.
    ///
    /// The error says what is wrong with the file: no permission, something that is no database, one of another program or
    /// of a newer version. What is in it is left as it is.
    pub fn open(config: Config) -> Result<Self, ConfigError> {
        check(&config)?;
        let connection = file::create(&config)?;
        let connections = (0..config.readers).map(|_| file::open_again(&config));
        let connections = connections.collect::<Result<Vec<_>, _>>()?;

        let (readings, waiting) = mpsc::channel(config.queue);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut readers = Threads::default();
        for connection in connections {
            let (waiting, path) = (Arc::clone(&waiting), config.path.clone());
            readers.start("session-reader", move || reader::run(&connection, &waiting, &path))?;
        }
        let (writings, waiting) = mpsc::channel(config.queue);
        let path = config.path.clone();
        let mut writer = Threads::default();
        writer.start("session-writer", move || writer::run(&connection, waiting, &path))?;
        Ok(Self { config, readings, _readers: readers, writings, _writer: writer })
    }

    async fn change(&self, change: Change) -> Result<Outcome, StoreError> {
        let (answer, outcome) = oneshot::channel();
        self.in_time(async {
            self.writings.send(Writing { change, answer }).await.map_err(|_| stopped())?;
            outcome.await.map_err(|_| stopped())?
        })
        .await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        timeout(self.config.deadline, work).await.unwrap_or_else(|_| {
            let (path, deadline) = (self.config.path.display(), self.config.deadline);
            Err(StoreError::Away(format!("{path} took longer than {deadline:?}").into()))
        })
    }
}

impl Store for SqliteStore {
    fn load<'a>(&'a self, id: &'a str, now: SystemTime) -> StoreFuture<'a, Option<String>> {
        let (answer, record) = oneshot::channel();
        let reading = Reading { id: id.to_owned(), now: millis(now), answer };
        Box::pin(self.in_time(async {
            self.readings.send(reading).await.map_err(|_| stopped())?;
            record.await.map_err(|_| stopped())?
        }))
    }

    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written> {
        let change = Change::Write {
            id: write.id.to_owned(),
            record: write.record.to_owned(),
            expected: match write.expected {
                Expected::Anything => Expectation::Anything,
                Expected::Absent => Expectation::Absent,
                Expected::Exactly(record) => Expectation::Exactly(record.to_owned()),
            },
            owner: write.owner.map(|owner| owner.value.to_owned()),
            now: millis(write.expiry.now),
            expires: millis(write.expiry.end(self.config.lifetime)),
        };
        Box::pin(async move {
            match self.change(change).await? {
                Outcome::Conflict(there) => Ok(Written::Conflict(there)),
                Outcome::Changed(_) => Ok(Written::Done),
            }
        })
    }

    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()> {
        let (now, expires) = (millis(expiry.now), millis(expiry.end(self.config.lifetime)));
        let change = Change::Touch { id: id.to_owned(), now, expires };
        Box::pin(async move { self.change(change).await.map(|_| ()) })
    }

    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        let change = Change::Destroy { id: id.to_owned() };
        Box::pin(async move { self.change(change).await.map(|_| ()) })
    }

    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64> {
        let change = Change::DestroyOwned { owner: owner.value.to_owned() };
        Box::pin(async move {
            match self.change(change).await? {
                Outcome::Changed(sessions) => Ok(sessions),
                Outcome::Conflict(_) => Ok(0),
            }
        })
    }
}

/// Waits for its threads when it is dropped.
#[derive(Debug, Default)]
struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    fn start(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), ConfigError> {
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let thread = started.map_err(|error| {
            ConfigError::new("readers", "set", format!("a number of threads that can be started: {error}"))
        })?;
        self.0.push(thread);
        Ok(())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}

fn check(config: &Config) -> Result<(), ConfigError> {
    if !(Duration::from_millis(1)..=Duration::from_secs(60)).contains(&config.deadline) {
        let shown = format!("{:?}", config.deadline);
        return Err(ConfigError::new("deadline", shown, "from \"1ms\" to \"60s\""));
    }
    if config.lifetime.is_zero() {
        return Err(ConfigError::new("lifetime", "0s", "longer than nothing"));
    }
    if !(1..=64).contains(&config.readers) {
        return Err(ConfigError::new("readers", config.readers, "from 1 to 64"));
    }
    if !(1..=1_000_000).contains(&config.queue) {
        return Err(ConfigError::new("queue", config.queue, "from 1 to 1000000"));
    }
    if config.max_bytes < 1 << 20 {
        return Err(ConfigError::new("max_bytes", config.max_bytes, "at least 1048576"));
    }
    Ok(())
}

fn stopped() -> StoreError {
    StoreError::Broken("the thread that has the file has stopped: the log says why".into())
}

/// Milliseconds since 1970.
fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
