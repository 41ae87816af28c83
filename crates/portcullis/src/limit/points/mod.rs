//! Points by key: counting as a library, with the operations of rate-limiter-flexible 11.
//!
//! [`PointsLimiter`] has so many points for each key in a duration; an action consumes some. [`Union`] asks several limiters at
//! once, [`Bursty`] one and then another, [`Listed`] knows keys that always or never pass. On Redis the keys and values are those of
//! the npm package, so that Node and Rust count together, if [`Config::prefix`] and the store's own prefix (`""`) say so.
//!
//! A limit that is exceeded and a store that does not answer are two kinds of error ([`Refused`]), which the package's users confuse.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use portcullis::limit::{points::{Config, PointsLimiter, Refused}, store::MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new(2, Duration::from_secs(5));
//! config.block_duration = Duration::from_secs(60);
//! let limiter = PointsLimiter::new(config, Arc::new(MemoryStore::new(1000)))?;
//! assert_eq!(limiter.consume("key", 2).await?.remaining, 0);
//! let Err(Refused::Exceeded(points)) = limiter.consume("key", 1).await else { panic!("there were two") };
//! assert_eq!(points.before_next, Some(Duration::from_secs(60)));
//! # Ok(())
//! # }
//! ```
//!
//! It differs in that points are whole numbers by their type, in what an action may consume as well, and in that there is no
//! `execEvenly`, which delays actions: a delayed request holds a connection, and `retry_after` tells the client as much.

mod combined;

use std::{fmt, sync::Arc, time::Duration};

use serde::Deserialize;

pub use self::combined::{Bursty, Listed, Union};
use super::{
    Algorithm, Block, Clock, Decision, Quota,
    store::{Charge, Count, MemoryStore, Store, StoreAway},
};
use crate::{ConfigError, duration};

/// How many points, and what happens to who takes more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Points for each key.
    pub points: u32,
    /// The window, from the first action. Zero: the points are never renewed.
    #[serde(deserialize_with = "duration::deserialize")]
    pub duration: Duration,
    /// How long who exceeds them is blocked, from that action. Zero, the default: until the window ends.
    #[serde(default, deserialize_with = "duration::deserialize")]
    pub block_duration: Duration,
    /// How many consumed points bring on the block. 0, the default: one more than there are.
    #[serde(default)]
    pub block_on_consumed: u32,
    /// From so many consumed points on, refuse without asking the store. 0, the default: always ask.
    #[serde(default)]
    pub in_memory_block_on_consumed: u32,
    /// How long the store is not asked. Zero, the default: until the window ends.
    #[serde(default, deserialize_with = "duration::deserialize")]
    pub in_memory_block_duration: Duration,
    /// Keys in the store are `prefix:key`; with an empty prefix, the key alone. Default `rlflx`.
    #[serde(default = "default_prefix")]
    pub prefix: String,
}

fn default_prefix() -> String {
    "rlflx".to_owned()
}

impl Config {
    /// So many points in a duration.
    pub fn new(points: u32, duration: Duration) -> Self {
        Self {
            points,
            duration,
            block_duration: Duration::ZERO,
            block_on_consumed: 0,
            in_memory_block_on_consumed: 0,
            in_memory_block_duration: Duration::ZERO,
            prefix: default_prefix(),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        for (path, consumed) in [
            ("block_on_consumed", self.block_on_consumed),
            ("in_memory_block_on_consumed", self.in_memory_block_on_consumed),
        ] {
            if consumed > 0 && consumed < self.points {
                return Err(ConfigError::new(path, consumed, "at least `points`"));
            }
        }
        if !self.in_memory_block_duration.is_zero() && self.in_memory_block_on_consumed == 0 {
            let right = "absent without `in_memory_block_on_consumed`";
            return Err(ConfigError::new("in_memory_block_duration", "set", right));
        }
        Ok(())
    }
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// What is left. Never below zero.
    pub remaining: i64,
    /// How long until they are renewed, or the block ends. `None`: never.
    pub before_next: Option<Duration>,
    /// What was consumed. Below zero where rewards exceed it.
    pub consumed: i64,
    /// Whether this action opened the window.
    pub is_first: bool,
}

/// Why an action is not to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There are not enough points.
    Exceeded(Points),
    /// Nobody knows: the store does not answer.
    Away(StoreAway),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exceeded(points) => write!(f, "no points are left, {} were consumed", points.consumed),
            Self::Away(away) => away.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl From<StoreAway> for Refused {
    fn from(away: StoreAway) -> Self {
        Self::Away(away)
    }
}

/// Points by key.
#[derive(Debug)]
pub struct PointsLimiter {
    config: Config,
    /// With the block.
    consuming: Quota,
    /// Without: penalties and rewards only change the count.
    changing: Quota,
    store: Arc<dyn Store>,
    /// Keys that the store need not be asked about.
    blocked: Option<MemoryStore>,
    insurance: Option<Box<PointsLimiter>>,
    clock: Clock,
}

impl PointsLimiter {
    /// Checks the configuration.
    pub fn new(config: Config, store: Arc<dyn Store>) -> Result<Self, ConfigError> {
        config.check()?;
        let changing = Quota::new(Algorithm::FixedWindow, config.points, config.duration);
        let mut consuming = changing.clone();
        if !config.block_duration.is_zero() {
            let at = if config.block_on_consumed > config.points {
                config.block_on_consumed
            } else {
                config.points.saturating_add(1)
            };
            consuming.block = Some(Block { at, lasts: config.block_duration });
        }
        changing.check().map_err(|error| ConfigError::new("duration", error.value(), error.right()))?;
        let blocked = (config.in_memory_block_on_consumed > 0).then(|| MemoryStore::new(BLOCKED_KEYS));
        Ok(Self { config, consuming, changing, store, blocked, insurance: None, clock: Clock::system() })
    }

    /// The same, with another limiter for the time that the store does not answer. It takes over the block duration.
    #[must_use]
    pub fn insured_by(mut self, mut insurance: Self) -> Self {
        insurance.config.block_duration = self.config.block_duration;
        let block =
            Block { at: insurance.config.points.saturating_add(1), lasts: self.config.block_duration };
        insurance.consuming.block = (!block.lasts.is_zero()).then_some(block);
        self.insurance = Some(Box::new(insurance));
        self
    }

    /// The same, by another clock: for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        if let Some(insurance) = self.insurance.take() {
            self.insurance = Some(Box::new(insurance.clock(clock.clone())));
        }
        self.clock = clock;
        self
    }

    /// What keys of the store begin with.
    pub fn prefix(&self) -> &str {
        &self.config.prefix
    }

    /// Takes points for an action, or says that there are not enough. Points beyond the limit are counted, too.
    pub async fn consume(&self, key: &str, points: u32) -> Result<Points, Refused> {
        self.consume_within(key, points, self.config.duration).await
    }

    /// The same, with another duration, should this action open the window.
    pub async fn consume_within(
        &self,
        key: &str,
        points: u32,
        duration: Duration,
    ) -> Result<Points, Refused> {
        let name = self.name(key);
        if let Some(wait) = self.blocked_for(&name).await {
            // Compatible with rate-limiter-flexible, which knows no more of a key it does not ask about.
            let points = Points { remaining: 0, before_next: Some(wait), consumed: 0, is_first: false };
            return Err(Refused::Exceeded(points));
        }
        let quota = Quota { window: duration, ..self.consuming.clone() };
        match self.change(&name, &quota, i64::from(points)).await {
            Ok(decision) => self.after_consume(&name, decision).await,
            Err(away) => match &self.insurance {
                Some(insurance) => {
                    Box::pin(insurance.consume_within(key, points, insurance.config.duration)).await
                }
                None => Err(away.into()),
            },
        }
    }

    /// Takes points as a punishment: never refused, and no cause of a block.
    pub async fn penalty(&self, key: &str, points: u32) -> Result<Points, StoreAway> {
        match self.change(&self.name(key), &self.changing, i64::from(points)).await {
            Ok(decision) => Ok(decision.into()),
            Err(away) => match &self.insurance {
                Some(insurance) => Box::pin(insurance.penalty(key, points)).await,
                None => Err(away),
            },
        }
    }

    /// Gives points, more than were taken if need be.
    pub async fn reward(&self, key: &str, points: u32) -> Result<Points, StoreAway> {
        match self.change(&self.name(key), &self.changing, -i64::from(points)).await {
            Ok(decision) => Ok(decision.into()),
            Err(away) => match &self.insurance {
                Some(insurance) => Box::pin(insurance.reward(key, points)).await,
                None => Err(away),
            },
        }
    }

    /// Where a key stands; `None` where nothing is known of it.
    pub async fn get(&self, key: &str) -> Result<Option<Points>, StoreAway> {
        match self.store.read(&self.name(key), self.clock.now()).await {
            Ok(count) => Ok(count.map(|count| Points {
                remaining: i64::from(self.config.points).saturating_sub(count.value).max(0),
                before_next: count.lasts,
                consumed: count.value,
                is_first: false,
            })),
            Err(away) => match &self.insurance {
                Some(insurance) => Box::pin(insurance.get(key)).await,
                None => Err(away),
            },
        }
    }

    /// Sets what a key has consumed, for a duration of its own; zero is for ever.
    pub async fn set(&self, key: &str, consumed: i64, duration: Duration) -> Result<Points, StoreAway> {
        let lasts = (!duration.is_zero()).then_some(duration);
        match self.store.write(&self.name(key), Count { value: consumed, lasts }, self.clock.now()).await {
            // Compatible with rate-limiter-flexible, which answers no remaining points here.
            Ok(()) => Ok(Points { remaining: 0, before_next: lasts, consumed, is_first: false }),
            Err(away) => match &self.insurance {
                Some(insurance) => Box::pin(insurance.set(key, consumed, duration)).await,
                None => Err(away),
            },
        }
    }

    /// Blocks a key for a duration; zero is for ever.
    pub async fn block(&self, key: &str, duration: Duration) -> Result<Points, StoreAway> {
        let enough = if self.config.block_on_consumed > self.config.points {
            i64::from(self.config.block_on_consumed)
        } else {
            i64::from(self.config.points).saturating_add(1)
        };
        self.set(key, enough, duration).await
    }

    /// Forgets a key, and lifts its block; whether there was anything to forget.
    pub async fn delete(&self, key: &str) -> Result<bool, StoreAway> {
        let name = self.name(key);
        if let Some(blocked) = &self.blocked {
            let _ = blocked.remove(&[&name], self.clock.now()).await;
        }
        match self.store.remove(&[&name], self.clock.now()).await {
            Ok(removed) => Ok(removed > 0),
            Err(away) => match &self.insurance {
                Some(insurance) => Box::pin(insurance.delete(key)).await,
                None => Err(away),
            },
        }
    }

    fn name(&self, key: &str) -> String {
        if self.config.prefix.is_empty() { key.to_owned() } else { format!("{}:{key}", self.config.prefix) }
    }

    async fn change(&self, name: &str, quota: &Quota, points: i64) -> Result<Decision, StoreAway> {
        let charges = [Charge { key: name, quota, cost: points }];
        let decisions = self.store.take(&charges, self.clock.now()).await?;
        decisions.first().copied().ok_or_else(|| StoreAway { reason: "no answer".to_owned() })
    }

    async fn after_consume(&self, name: &str, decision: Decision) -> Result<Points, Refused> {
        let mut points = Points::from(decision);
        if let Some(blocked) = &self.blocked
            && points.consumed >= i64::from(self.config.in_memory_block_on_consumed)
        {
            let for_a_time = self.config.in_memory_block_duration;
            let lasts = if for_a_time.is_zero() { points.before_next } else { Some(for_a_time) };
            if for_a_time.is_zero() || !decision.passed {
                let _ = blocked.write(name, Count { value: 1, lasts }, self.clock.now()).await;
                points.before_next = lasts;
            }
        }
        if decision.passed { Ok(points) } else { Err(Refused::Exceeded(points)) }
    }

    async fn blocked_for(&self, name: &str) -> Option<Duration> {
        let blocked = self.blocked.as_ref()?;
        let count = blocked.read(name, self.clock.now()).await.ok()??;
        Some(count.lasts.unwrap_or(Duration::MAX))
    }
}

impl From<Decision> for Points {
    fn from(decision: Decision) -> Self {
        Self {
            remaining: decision.remaining,
            before_next: decision.reset_after,
            consumed: decision.used,
            is_first: decision.first,
        }
    }
}

/// How many keys are remembered that the store need not be asked about.
const BLOCKED_KEYS: usize = 64 * 1024;
