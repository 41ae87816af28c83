use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const START: Timestamp = Timestamp::from_micros(1_893_456_000_000_000);

fn passed_at(quota: &Quota, cell: &mut Cell, now: Timestamp, asks: u32) -> u32 {
    (0..asks).map(|_| u32::from(quota.take(cell, 1, now).passed)).sum()
}

#[test]
fn every_algorithm_passes_exactly_its_limit_at_once() {
    for algorithm in [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        for (limit, window) in
            [(0, SECOND), (1, SECOND), (7, 60 * SECOND), (1000, 60 * SECOND), (3, SECOND / 10)]
        {
            let quota = Quota::new(algorithm, limit, window);
            quota.check().unwrap();
            let mut cell = Cell::default();
            assert_eq!(passed_at(&quota, &mut cell, START, 2 * limit + 3), limit, "{algorithm:?} {limit}");
            let refused = quota.take(&mut cell, 1, START);
            assert_eq!((refused.passed, refused.remaining), (false, 0));
            assert!(refused.retry_after.is_some_and(|wait| wait > Duration::ZERO && wait <= 2 * window));
        }
    }
}

#[test]
fn who_waits_as_long_as_told_passes_and_who_waits_less_does_not() {
    for algorithm in [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let quota = Quota::new(algorithm, 7, 10 * SECOND);
        let mut cell = Cell::default();
        let mut now = START;
        for round in 0..50 {
            while quota.take(&mut cell, 1, now).passed {}
            let wait = quota.take(&mut cell, 1, now).retry_after.unwrap();
            let almost = now.after(wait.saturating_sub(Duration::from_micros(1)));
            assert!(!quota.peek(cell, 1, almost).passed, "{algorithm:?} round {round}");
            now = now.after(wait);
            assert!(quota.peek(cell, 1, now).passed, "{algorithm:?} round {round}");
        }
    }
}

#[test]
fn a_token_bucket_never_gives_more_than_the_burst_and_the_rate() {
    let quota = Quota { burst: 5, ..Quota::new(Algorithm::TokenBucket, 60, 60 * SECOND) };
    let mut cell = Cell::default();
    assert_eq!(passed_at(&quota, &mut cell, START, 20), 5);
    assert_eq!(passed_at(&quota, &mut cell, START.after(Duration::from_micros(999_999)), 20), 0);
    assert_eq!(passed_at(&quota, &mut cell, START.after(SECOND), 20), 1);
    assert_eq!(passed_at(&quota, &mut cell, START.after(100 * SECOND), 20), 5);
}

#[test]
fn a_sliding_window_has_no_edge() {
    let fixed = Quota::new(Algorithm::FixedWindow, 100, 60 * SECOND);
    let sliding = Quota::new(Algorithm::SlidingWindow, 100, 60 * SECOND);
    // The first request opens the window; 99 more come at its end, and 100 just after.
    let around_the_edge = |quota: &Quota| {
        let mut cell = Cell::default();
        passed_at(quota, &mut cell, START, 1)
            + passed_at(quota, &mut cell, START.after(59 * SECOND), 99)
            + passed_at(quota, &mut cell, START.after(61 * SECOND), 100)
    };
    assert_eq!(around_the_edge(&fixed), 200);
    assert!(around_the_edge(&sliding) <= 102, "{}", around_the_edge(&sliding));
}

#[test]
fn what_is_given_back_can_be_taken_again() {
    for algorithm in [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let quota = Quota::new(algorithm, 5, 10 * SECOND);
        let mut cell = Cell::default();
        passed_at(&quota, &mut cell, START, 5);
        quota.give_back(&mut cell, 2, START);
        assert_eq!(passed_at(&quota, &mut cell, START, 5), 2, "{algorithm:?}");
        // What has run out by itself is not given back a second time.
        quota.give_back(&mut cell, 5, START.after(30 * SECOND));
        assert_eq!(passed_at(&quota, &mut cell, START.after(30 * SECOND), 9), 5, "{algorithm:?}");
    }
}

#[test]
fn a_block_lasts_from_the_first_excess_and_is_not_prolonged() {
    let quota = Quota::new(Algorithm::FixedWindow, 1, SECOND).blocking(30 * SECOND);
    let mut cell = Cell::default();
    assert_eq!(passed_at(&quota, &mut cell, START, 2), 1);
    assert_eq!(passed_at(&quota, &mut cell, START.after(29 * SECOND), 9), 0);
    assert_eq!(passed_at(&quota, &mut cell, START.after(30 * SECOND), 1), 1);
}

#[test]
fn a_quota_that_cannot_be_is_an_error() {
    let quota = |algorithm, limit, window| Quota::new(algorithm, limit, window);
    let wrong = [
        (quota(Algorithm::TokenBucket, 1, Duration::ZERO), "window"),
        (quota(Algorithm::FixedWindow, 1, 400 * 86_400 * SECOND), "window"),
        (Quota { burst: 2, ..quota(Algorithm::TokenBucket, 1, SECOND) }, "burst"),
        (Quota { burst: 0, ..quota(Algorithm::TokenBucket, 1, SECOND) }, "burst"),
        (quota(Algorithm::TokenBucket, 2_000_000, SECOND), "limit"),
        (quota(Algorithm::TokenBucket, 2, SECOND).blocking(SECOND), "block"),
        (quota(Algorithm::FixedWindow, 2, SECOND).blocking(Duration::ZERO), "block"),
    ];
    for (quota, path) in wrong {
        assert_eq!(quota.check().unwrap_err().path(), path, "{quota:?}");
    }
    assert!(quota(Algorithm::FixedWindow, 1, Duration::ZERO).check().is_ok());
}

/// governor counts in nanoseconds and we in microseconds, so the quotas are such that both are whole.
#[test]
fn a_token_bucket_decides_as_governor_does() {
    use std::num::NonZeroU32;

    use governor::{Quota as Oracle, RateLimiter, clock::FakeRelativeClock};

    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for (limit, window, burst) in
        [(60, 60, 60), (60, 60, 5), (10, 1, 10), (1, 10, 1), (1000, 50, 7), (600, 60, 600)]
    {
        let quota = Quota { burst, ..Quota::new(Algorithm::TokenBucket, limit, window * SECOND) };
        let oracle =
            Oracle::with_period(quota.window / limit).unwrap().allow_burst(NonZeroU32::new(burst).unwrap());
        let clock = FakeRelativeClock::default();
        let oracle = RateLimiter::direct_with_clock(oracle, clock.clone());
        let (mut cell, mut now) = (Cell::default(), START);
        let interval = u64::try_from(quota.window.as_micros()).unwrap() / u64::from(limit);
        let mut passed = 0;
        for step in 0..20_000 {
            // Mostly twice as often as is allowed; now and then a pause in which the bucket fills.
            let wait = Duration::from_micros(if next(10 + 4 * u64::from(burst)) == 0 {
                next(interval * u64::from(burst) * 2)
            } else {
                next(interval)
            });
            clock.advance(wait);
            now = now.after(wait);
            let ours = quota.take(&mut cell, 1, now).passed;
            assert_eq!(ours, oracle.check().is_ok(), "{limit} in {window} s, {burst} at once: step {step}");
            passed += u32::from(ours);
        }
        assert!(passed > 5_000 && passed < 20_000, "{passed} of 20,000 passed, which compares little");
    }
}
