//! Two counts: this window's, and the one before, weighted by how much of it lies within the last window's length.
//!
//! Both stand in one number, the one before in the upper half; the counter ends when even the second would weigh nothing.

use std::time::Duration;

use super::{Cell, Decision, Quota};
use crate::limit::clock::{Timestamp, micros};

pub(super) fn take(quota: &Quota, cell: &mut Cell, cost: i64, now: Timestamp) -> Decision {
    let first = cell.until <= now;
    let mut counts = Counts::at(quota, *cell, now);
    let limit = u64::from(quota.limit);
    let cost = u64::try_from(cost).unwrap_or(0);
    let weighted = counts.weighted();
    let passed = weighted + counts.current + cost <= limit;
    if passed {
        counts.current += cost;
        *cell = counts.to_cell();
    }
    let used = weighted + counts.current;
    Decision {
        passed,
        used: i64::try_from(used).unwrap_or(i64::MAX),
        remaining: i64::try_from(limit.saturating_sub(used)).unwrap_or(i64::MAX),
        reset_after: Some(counts.empty_after()),
        retry_after: Some(if passed { Duration::ZERO } else { counts.room_after(limit, cost) }),
        first,
    }
}

pub(super) fn give_back(quota: &Quota, cell: &mut Cell, cost: i64, now: Timestamp) {
    let mut counts = Counts::at(quota, *cell, now);
    counts.current = counts.current.saturating_sub(u64::try_from(cost).unwrap_or(0));
    *cell = counts.to_cell();
}

/// The two counts, as they are at one moment. All times in microseconds.
struct Counts {
    previous: u64,
    current: u64,
    start: u64,
    window: u64,
    elapsed: u64,
}

impl Counts {
    fn at(quota: &Quota, cell: Cell, now: Timestamp) -> Self {
        let (window, now_micros) = (micros(quota.window), now.as_micros());
        if cell.until <= now {
            return Self { previous: 0, current: 0, start: now_micros, window, elapsed: 0 };
        }
        let (previous, current) = (cell.value.cast_unsigned() >> 32, cell.value.cast_unsigned() & HALF);
        let start = cell.until.as_micros().saturating_sub(window.saturating_mul(2));
        let elapsed = now_micros.saturating_sub(start);
        if elapsed < window {
            Self { previous, current, start, window, elapsed }
        } else {
            Self { previous: current, current: 0, start: start + window, window, elapsed: elapsed - window }
        }
    }

    fn to_cell(&self) -> Cell {
        let value = (self.previous.min(HALF) << 32) | self.current.min(HALF);
        let until = self.start.saturating_add(self.window.saturating_mul(2));
        Cell { value: value.cast_signed(), until: Timestamp::from_micros(until) }
    }

    /// What the window before still counts, rounded up.
    fn weighted(&self) -> u64 {
        let left = u128::from(self.window - self.elapsed);
        let weighted = (u128::from(self.previous) * left).div_ceil(u128::from(self.window.max(1)));
        u64::try_from(weighted).unwrap_or(u64::MAX)
    }

    /// Until nothing counts any more.
    fn empty_after(&self) -> Duration {
        let windows = match (self.current, self.previous) {
            (0, 0) => return Duration::ZERO,
            (0, _) => 1,
            _ => 2,
        };
        Duration::from_micros((self.window * windows).saturating_sub(self.elapsed))
    }

    /// Until `cost` has room.
    fn room_after(&self, limit: u64, cost: u64) -> Duration {
        // How far into a window a count before it weighs no more than what may be left of it.
        let weighs_at_most = |count: u64, left: u64| {
            let over = u128::from(count.saturating_sub(left)) * u128::from(self.window);
            u64::try_from(over.div_ceil(u128::from(count.max(1)))).unwrap_or(u64::MAX)
        };
        let micros = match limit.checked_sub(self.current + cost) {
            Some(left) => weighs_at_most(self.previous, left).saturating_sub(self.elapsed),
            None => (self.window - self.elapsed)
                .saturating_add(weighs_at_most(self.current, limit.saturating_sub(cost))),
        };
        Duration::from_micros(micros)
    }
}

const HALF: u64 = 0xffff_ffff;
