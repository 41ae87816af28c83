//! Where sessions are kept.
//!
//! A store keeps texts under ids until they expire, and knows three things that a plain key-value store does not:
//! a write may be bound to what was there before ([`Expected`]), so that two requests of one session do not lose each
//! other's changes; an expired text is as if it had never been; and all sessions of one user can be ended at once
//! ([`Store::destroy_owned`]).
//!
//! | store | feature | where | for |
//! |---|---|---|---|
//! | [`MemoryStore`] | | this process, bounded | tests, and trying things out |
//! | `SqliteStore` | `sqlite` | a file | one machine |
//! | `RedisStore` | `redis` | Redis or Valkey, as connect-redis 9 keeps them | several machines |
//! | `PostgresStore` | `postgres` | a table, as connect-pg-simple 10 keeps them | several machines |
//!
//! Whoever writes another one runs [`conformance::check`] on it.

pub mod conformance;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime},
};

pub use self::memory::{Config as MemoryConfig, MemoryStore};
#[cfg(feature = "postgres")]
pub use self::postgres::{Config as PostgresConfig, PostgresStore};
#[cfg(feature = "redis")]
pub use self::redis::{Config as RedisConfig, RedisStore};
#[cfg(feature = "sqlite")]
pub use self::sqlite::{Config as SqliteConfig, SqliteStore, Synchronous};
use crate::BoxError;

/// What a store's work gives.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place for sessions.
///
/// Every method has a deadline of the store's own and ends in [`StoreError::Away`] when it passes. A write that was
/// answered with [`Written::Done`] is kept.
///
/// ```
/// use std::time::SystemTime;
/// use portcullis::session::store::{Expected, Expiry, MemoryStore, Store, Write, Written};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::for_tests();
/// let expiry = Expiry { now: SystemTime::now(), at: None };
/// let mut write = Write { id: "a", record: "{}", expected: Expected::Absent, owner: None, expiry };
/// assert_eq!(store.write(write).await?, Written::Done);
///
/// // Somebody else's write came first: it stays, and the store says what it is.
/// write.record = r#"{"n":1}"#;
/// assert_eq!(store.write(write).await?, Written::Conflict(Some("{}".to_owned())));
/// assert_eq!(store.load("a", expiry.now).await?.as_deref(), Some("{}"));
/// # Ok(())
/// # }
/// ```
pub trait Store: Send + Sync + 'static {
    /// The record under an id, if there is one that has not expired.
    fn load<'a>(&'a self, id: &'a str, now: SystemTime) -> StoreFuture<'a, Option<String>>;

    /// Writes a record if what is there is what the writer expects, in one atomic step.
    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written>;

    /// Moves the expiry of a record and leaves the record alone. An id that is not there is no error.
    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()>;

    /// Takes a record away. An id that is not there is no error.
    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()>;

    /// Takes away every record that was written with this owner, and says how many there were.
    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64>;
}

/// One write.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    /// The session's id.
    pub id: &'a str,
    /// The new text: a JSON object.
    pub record: &'a str,
    /// What must be there now.
    pub expected: Expected<'a>,
    /// Whose session it is.
    pub owner: Option<Owner<'a>>,
    /// When it expires.
    pub expiry: Expiry,
}

/// What a writer expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Whatever is there: the last write wins, as in express-session.
    Anything,
    /// Nothing: a new session, whose id must not be taken.
    Absent,
    /// This text, byte for byte.
    Exactly(&'a str),
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is kept.
    Done,
    /// Nothing was written: this is there instead of what was expected.
    Conflict(Option<String>),
}

/// When a record expires, and what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The time of the request.
    pub now: SystemTime,
    /// The end. `None`: the session has none of its own, and lasts as long as the store's configuration says.
    pub at: Option<SystemTime>,
}

impl Expiry {
    /// The end, with the store's own lifetime for a session that names none.
    pub fn end(self, default: Duration) -> SystemTime {
        self.at.or_else(|| self.now.checked_add(default)).unwrap_or(self.now)
    }

    /// Whole seconds until the end, rounded up, and zero if it has passed: what connect-redis gives to `EX`.
    pub fn seconds_left(self, default: Duration) -> u64 {
        let left = self.end(default).duration_since(self.now).unwrap_or_default();
        left.as_secs() + u64::from(left.subsec_nanos() > 0)
    }
}

/// Whose session it is: the value of one key of the session's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The key in the session's JSON.
    pub key: &'a str,
    /// Its value: a string as it is, a number in its JSON spelling.
    pub value: &'a str,
}

/// Why a store could not do its work.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or did not answer in time. Coming again may help.
    Away(BoxError),
    /// It has no room for another session.
    Full(BoxError),
    /// It answered something that it should not, or cannot do what was asked.
    Broken(BoxError),
}

impl StoreError {
    /// Whether coming again may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Full(_))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(error) => write!(f, "the session store cannot be reached: {error}"),
            Self::Full(error) => write!(f, "the session store is full: {error}"),
            Self::Broken(error) => write!(f, "the session store is broken: {error}"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Away(error) | Self::Full(error) | Self::Broken(error) => Some(&**error),
        }
    }
}
