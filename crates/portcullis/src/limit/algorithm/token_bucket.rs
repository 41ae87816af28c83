//! The generic cell rate algorithm: a bucket as the time at which it is full again.

use std::time::Duration;

use super::{Cell, Decision, Quota};
use crate::limit::clock::Timestamp;

pub(super) fn take(quota: &Quota, cell: &mut Cell, cost: i64, now: Timestamp) -> Decision {
    if quota.limit == 0 {
        let wait = Some(quota.window);
        return Decision {
            passed: false,
            used: 0,
            remaining: 0,
            reset_after: wait,
            retry_after: wait,
            first: false,
        };
    }
    let first = cell.until <= now;
    let interval = quota.interval_micros();
    let capacity = interval.saturating_mul(u64::from(quota.burst));
    let missing = cell.until.as_micros().saturating_sub(now.as_micros());
    let wanted = missing.saturating_add(interval.saturating_mul(u64::try_from(cost).unwrap_or(0)));
    let passed = wanted <= capacity;
    let missing = if passed { wanted } else { missing };
    if passed {
        cell.until = Timestamp::from_micros(now.as_micros().saturating_add(missing));
    }
    let remaining = capacity.saturating_sub(missing).checked_div(interval).unwrap_or(0);
    let remaining = i64::try_from(remaining).unwrap_or(i64::MAX);
    Decision {
        passed,
        used: i64::from(quota.burst).saturating_sub(remaining),
        remaining,
        reset_after: Some(Duration::from_micros(missing).min(quota.window)),
        retry_after: Some(Duration::from_micros(wanted.saturating_sub(capacity))),
        first,
    }
}

pub(super) fn give_back(quota: &Quota, cell: &mut Cell, cost: i64, now: Timestamp) {
    let back = quota.interval_micros().saturating_mul(u64::try_from(cost).unwrap_or(0));
    cell.until = Timestamp::from_micros(cell.until.as_micros().saturating_sub(back)).max(now);
}
