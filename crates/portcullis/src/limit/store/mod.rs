//! Where counters live.
//!
//! [`MemoryStore`] is this process's own: exact for one process, forgotten at its end. `RedisStore` (feature `redis`) is shared:
//! exact for any number of processes, one round trip each.

mod memory;
#[cfg(feature = "redis")]
pub mod redis;
mod shared;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

pub use self::{
    memory::MemoryStore,
    shared::{Config, SharedStore, WhenAway},
};
use super::{Decision, Quota, Timestamp};

/// A place where counters live.
///
/// Every operation is atomic as seen from any other. `now` is the caller's time; a shared store goes by its own.
pub trait Store: fmt::Debug + Send + Sync {
    /// Takes from each counter in turn until one refuses; the answer ends with that one.
    fn take<'a>(&'a self, charges: &'a [Charge<'a>], now: Timestamp) -> Reply<'a, Vec<Decision>>;

    /// Takes from all counters, or from none where one is used up; the answer then ends with that one.
    fn take_all<'a>(&'a self, charges: &'a [Charge<'a>], now: Timestamp) -> Reply<'a, Vec<Decision>>;

    /// Undoes what was taken, as far as it has not run out by itself.
    fn give_back<'a>(&'a self, charges: &'a [Charge<'a>], now: Timestamp) -> Reply<'a, ()>;

    /// A fixed window's count, if there is one.
    fn read<'a>(&'a self, key: &'a str, now: Timestamp) -> Reply<'a, Option<Count>>;

    /// Sets a fixed window's count.
    fn write<'a>(&'a self, key: &'a str, count: Count, now: Timestamp) -> Reply<'a, ()>;

    /// Forgets counters; how many there were.
    fn remove<'a>(&'a self, keys: &'a [&'a str], now: Timestamp) -> Reply<'a, usize>;
}

/// What to take from which counter.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'a> {
    /// The counter's name.
    pub key: &'a str,
    /// How much there is.
    pub quota: &'a Quota,
    /// How much is taken. Negative gives back without a floor, for fixed windows alone.
    pub cost: i64,
}

/// A fixed window's count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How much.
    pub value: i64,
    /// How long it stays. `None`: for ever.
    pub lasts: Option<Duration>,
}

/// The store did not answer; what to do then is the caller's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAway {
    /// For the log.
    pub reason: String,
}

impl fmt::Display for StoreAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store of limits is away: {}", self.reason)
    }
}

impl std::error::Error for StoreAway {}

/// An answer that is there at once, or one to wait for: memory needs no allocation and no second poll.
#[must_use = "a store that has to be waited for does nothing before"]
pub enum Reply<'a, T> {
    /// There.
    Now(Option<Result<T, StoreAway>>),
    /// On its way.
    Later(Pin<Box<dyn Future<Output = Result<T, StoreAway>> + Send + 'a>>),
}

impl<T> Reply<'_, T> {
    /// An answer that is there.
    pub fn now(answer: Result<T, StoreAway>) -> Self {
        Self::Now(Some(answer))
    }
}

// Nothing in it is pinned but what is boxed.
impl<T> Unpin for Reply<'_, T> {}

impl<T> Future for Reply<'_, T> {
    type Output = Result<T, StoreAway>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(answer) => match answer.take() {
                Some(answer) => Poll::Ready(answer),
                None => Poll::Pending, // polled after it was ready: a contract broken by the caller
            },
            Self::Later(future) => future.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for Reply<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Reply::Now",
            Self::Later(_) => "Reply::Later",
        })
    }
}
