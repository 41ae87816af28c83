//! A count and its end.

use std::time::Duration;

use super::{Cell, Decision, Quota};
use crate::limit::clock::Timestamp;

pub(super) fn take(quota: &Quota, cell: &mut Cell, cost: i64, now: Timestamp) -> Decision {
    let mut first = cell.until <= now;
    if first {
        let until = if quota.window.is_zero() { Timestamp::NEVER } else { now.after(quota.window) };
        *cell = Cell { value: 0, until };
    }
    let before = cell.value;
    cell.value = before.saturating_add(cost);
    if let Some(block) = quota.block
        && before < i64::from(block.at)
        && cell.value >= i64::from(block.at)
    {
        cell.until = now.after(block.lasts);
        // Compatible with rate-limiter-flexible in memory, where a block is a window of its own.
        first = true;
    }
    decision(quota, *cell, now, first)
}

/// As [`take`] would find it, for a caller that counts only later whether it was one too many.
pub(super) fn peek(quota: &Quota, cell: Cell, now: Timestamp) -> Decision {
    if cell.until <= now {
        return decision(quota, Cell { value: 0, until: now }, now, true);
    }
    decision(quota, cell, now, false)
}

fn decision(quota: &Quota, cell: Cell, now: Timestamp, first: bool) -> Decision {
    let limit = i64::from(quota.limit);
    let passed = cell.value <= limit;
    let reset_after = (cell.until != Timestamp::NEVER).then(|| cell.until.since(now));
    Decision {
        passed,
        used: cell.value,
        remaining: limit.saturating_sub(cell.value).max(0),
        reset_after,
        retry_after: if passed { Some(Duration::ZERO) } else { reset_after },
        first,
    }
}
