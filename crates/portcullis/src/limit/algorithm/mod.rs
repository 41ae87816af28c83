//! The decision on one counter: what is left of a quota, and when there is more.

mod fixed_window;
mod sliding_window;
mod token_bucket;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::{Timestamp, micros};
use crate::ConfigError;

/// How requests are counted against a [`Quota`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// A bucket of `burst` tokens that fills evenly, `limit` in a window (GCRA, as in ITU-T I.371): no edge at which a
    /// client has twice the limit at once, and a client that keeps to the rate is never refused. Refused requests take
    /// nothing.
    #[default]
    TokenBucket,
    /// `limit` in a window that begins with the first request, as express-rate-limit counts: exact in number, but a client
    /// may send twice the limit around the end of a window. Refused requests go on counting.
    FixedWindow,
    /// `limit` in any window, the one before weighted by how much of it still lies within: no edge, at the price of an
    /// estimate that takes the one before as evenly spread. Refused requests take nothing.
    SlidingWindow,
}

/// How much in what time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// How it is counted.
    pub algorithm: Algorithm,
    /// How much in a window. 0 refuses everything.
    pub limit: u32,
    /// The window. Zero is for ever, which only a fixed window can be.
    pub window: Duration,
    /// How much at once, for a token bucket; 1 to `limit`.
    pub burst: u32,
    /// What becomes of who goes beyond, for a fixed window.
    pub block: Option<Block>,
}

/// A punishment: who goes too far waits longer than the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The count that brings it on; later ones do not prolong it.
    pub at: u32,
    /// How long, from that count.
    pub lasts: Duration,
}

impl Quota {
    /// `limit` in `window`, as `algorithm` counts.
    pub fn new(algorithm: Algorithm, limit: u32, window: Duration) -> Self {
        Self { algorithm, limit, window, burst: limit, block: None }
    }

    /// The same, with a block of who goes beyond the limit.
    #[must_use]
    pub fn blocking(mut self, lasts: Duration) -> Self {
        self.block = Some(Block { at: self.limit.saturating_add(1), lasts });
        self
    }

    /// Whether every part can be true together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let shown = || format!("{:?}", self.window);
        let is_forever = self.window.is_zero() && self.algorithm == Algorithm::FixedWindow;
        if !is_forever && !(Duration::from_millis(1)..=MAX_WINDOW).contains(&self.window) {
            return Err(ConfigError::new("window", shown(), "from \"1ms\" to \"366d\""));
        }
        if self.algorithm == Algorithm::TokenBucket {
            if self.limit > 0 && !(1..=self.limit).contains(&self.burst) {
                return Err(ConfigError::new("burst", self.burst, "from 1 to `limit`"));
            }
            if u64::from(self.limit) > micros(self.window) {
                return Err(ConfigError::new(
                    "limit",
                    self.limit,
                    "at most one for each microsecond of the window",
                ));
            }
        }
        if let Some(block) = self.block {
            if self.algorithm != Algorithm::FixedWindow {
                return Err(ConfigError::new("block", "set", "absent but for \"fixed-window\""));
            }
            if block.lasts.is_zero() || block.at <= self.limit {
                return Err(ConfigError::new(
                    "block",
                    format!("{block:?}"),
                    "longer than zero, above the limit",
                ));
            }
        }
        Ok(())
    }

    /// Takes `cost` from the counter, or says why not. A negative cost gives back, for fixed windows alone.
    pub(crate) fn take(&self, cell: &mut Cell, cost: i64, now: Timestamp) -> Decision {
        match self.algorithm {
            Algorithm::TokenBucket => token_bucket::take(self, cell, cost, now),
            Algorithm::FixedWindow => fixed_window::take(self, cell, cost, now),
            Algorithm::SlidingWindow => sliding_window::take(self, cell, cost, now),
        }
    }

    /// What [`Self::take`] would say, without taking; a fixed window has room until it is over its limit.
    pub(crate) fn peek(&self, cell: Cell, cost: i64, now: Timestamp) -> Decision {
        match self.algorithm {
            Algorithm::FixedWindow => fixed_window::peek(self, cell, now),
            Algorithm::TokenBucket | Algorithm::SlidingWindow => self.take(&mut { cell }, cost, now),
        }
    }

    /// Undoes a [`Self::take`] that passed, as far as it has not run out by itself.
    pub(crate) fn give_back(&self, cell: &mut Cell, cost: i64, now: Timestamp) {
        if cell.until <= now {
            return;
        }
        match self.algorithm {
            Algorithm::TokenBucket => token_bucket::give_back(self, cell, cost, now),
            Algorithm::FixedWindow => cell.value = cell.value.saturating_sub(cost).max(0),
            Algorithm::SlidingWindow => sliding_window::give_back(self, cell, cost, now),
        }
    }

    /// Whether [`Self::peek`] would have passed before `cost` was taken.
    pub(crate) fn was_open_before(&self, cost: i64, taken: &Decision) -> bool {
        match self.algorithm {
            Algorithm::FixedWindow => taken.used.saturating_sub(cost) <= i64::from(self.limit),
            Algorithm::TokenBucket | Algorithm::SlidingWindow => taken.passed,
        }
    }

    /// From one token to the next, rounded up: never more than the limit in a window.
    pub(crate) fn interval_micros(&self) -> u64 {
        micros(self.window).div_ceil(u64::from(self.limit).max(1))
    }
}

/// One counter. What it means is the algorithm's; from `until` on it is as if it were not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    pub(crate) value: i64,
    pub(crate) until: Timestamp,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Whether there was room.
    pub passed: bool,
    /// How much is taken. Below zero where more was given back than taken; above the limit where refused requests count.
    pub used: i64,
    /// How much is left. Never below zero.
    pub remaining: i64,
    /// How long until all of it is there again. `None`: never.
    pub reset_after: Option<Duration>,
    /// How long until the same would pass. Zero where it has passed; `None`: never.
    pub retry_after: Option<Duration>,
    /// Whether this was the first in its window.
    pub first: bool,
}

/// A year, and a day for leap years.
const MAX_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);

#[cfg(test)]
mod tests;
