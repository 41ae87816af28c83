//! Counters on a real Redis: exact between processes, and what happens while it is away.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis::{
    limit::{
        Algorithm, Clock, Quota, Timestamp,
        login::{self, LoginGuard},
        store::{Charge, Count, MemoryStore, SharedStore, Store, WhenAway, redis::RedisStore},
    },
    store::redis::{Config, Redis},
};

use crate::redis_server::RedisServer;

const ALGORITHMS: [Algorithm; 3] = [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow];
const ANY: Timestamp = Timestamp::from_micros(0);

fn store(server: &RedisServer) -> RedisStore {
    let mut config = Config::at(server.url());
    config.deadline = Duration::from_secs(2);
    RedisStore::new(Redis::new(&config).unwrap(), "test:")
}

#[tokio::test]
async fn many_stores_on_one_redis_pass_exactly_the_limit() {
    let server = RedisServer::start();
    for algorithm in ALGORITHMS {
        // So long a window that a bucket gets no token back meanwhile.
        let quota = Quota::new(algorithm, 500, Duration::from_secs(24 * 3600));
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let (store, quota) = (store(&server), quota.clone());
            tasks.push(tokio::spawn(async move {
                let mut passed = 0;
                for _ in 0..200 {
                    let key = format!("{:?}", quota.algorithm);
                    let charges = [Charge { key: &key, quota: &quota, cost: 1 }];
                    passed += u32::from(store.take(&charges, ANY).await.unwrap()[0].passed);
                }
                passed
            }));
        }
        let mut passed = 0;
        for task in tasks {
            passed += task.await.unwrap();
        }
        assert_eq!(passed, 500, "{algorithm:?}");
    }
}

#[tokio::test]
async fn redis_decides_as_memory_does() {
    let server = RedisServer::start();
    let (redis, memory, clock) = (store(&server), MemoryStore::new(1000), Clock::system());
    for algorithm in ALGORITHMS {
        let quota = Quota::new(algorithm, 7, Duration::from_secs(7200));
        let key = format!("{algorithm:?}");
        for (step, cost) in [1, 2, 1, 3, 1, 1].into_iter().enumerate() {
            let charges = [Charge { key: &key, quota: &quota, cost }];
            let there = redis.take(&charges, ANY).await.unwrap()[0];
            let here = memory.take(&charges, clock.now()).await.unwrap()[0];
            let seen = |decision: portcullis::limit::Decision| {
                (decision.passed, decision.used, decision.remaining, decision.first)
            };
            assert_eq!(seen(there), seen(here), "{algorithm:?} step {step}");
            for (there, here) in
                [(there.reset_after, here.reset_after), (there.retry_after, here.retry_after)]
            {
                let apart = there.unwrap().abs_diff(here.unwrap());
                assert!(apart < Duration::from_secs(1), "{algorithm:?} step {step}: {there:?} {here:?}");
            }
        }
        let back = [Charge { key: &key, quota: &quota, cost: 2 }];
        redis.give_back(&back, ANY).await.unwrap();
        memory.give_back(&back, clock.now()).await.unwrap();
        for _ in 0..2 {
            let charges = [Charge { key: &key, quota: &quota, cost: 2 }];
            let there = redis.take(&charges, ANY).await.unwrap()[0].passed;
            assert_eq!(there, memory.take(&charges, clock.now()).await.unwrap()[0].passed, "{algorithm:?}");
        }
    }
}

#[tokio::test]
async fn all_or_none_are_taken() {
    let server = RedisServer::start();
    let (redis, memory) = (store(&server), MemoryStore::new(1000));
    let now = Clock::system().now();
    let stores: [&dyn Store; 2] = [&redis, &memory];
    for store in stores {
        let wide = Quota::new(Algorithm::FixedWindow, 100, Duration::from_secs(3600));
        let narrow = Quota::new(Algorithm::TokenBucket, 2, Duration::from_secs(3600));
        let charges = [
            Charge { key: "wide", quota: &wide, cost: 1 },
            Charge { key: "narrow", quota: &narrow, cost: 1 },
        ];
        let mut passed = 0;
        for _ in 0..5 {
            passed += u32::from(store.take_all(&charges, now).await.unwrap().iter().all(|one| one.passed));
        }
        assert_eq!(passed, 2);
        let count = store.read("wide", now).await.unwrap();
        assert_eq!(count.map(|count| count.value), Some(2), "{store:?}");
        // A fixed window has room until it is over its limit: the one too many is taken.
        let full = Quota::new(Algorithm::FixedWindow, 1, Duration::from_secs(3600));
        let mut passed = 0;
        for _ in 0..5 {
            let charges = [Charge { key: "full", quota: &full, cost: 1 }];
            passed += u32::from(store.take_all(&charges, now).await.unwrap()[0].passed);
        }
        assert_eq!(passed, 2, "{store:?}");
    }
}

#[tokio::test]
async fn counts_are_written_read_and_removed() {
    let server = RedisServer::start();
    let store = store(&server);
    store.write("a", Count { value: 3, lasts: Some(Duration::from_secs(60)) }, ANY).await.unwrap();
    store.write("b", Count { value: 4, lasts: None }, ANY).await.unwrap();
    let a = store.read("a", ANY).await.unwrap().unwrap();
    assert!(a.value == 3 && a.lasts.is_some_and(|left| left > Duration::from_secs(58)));
    assert_eq!(store.read("b", ANY).await.unwrap(), Some(Count { value: 4, lasts: None }));
    assert_eq!(store.remove(&["a", "b", "c"], ANY).await.unwrap(), 2);
    assert_eq!(store.read("a", ANY).await.unwrap(), None);
}

/// Gone, or hanging: each call ends in time, and it is back without a restart.
#[tokio::test]
async fn a_redis_that_is_away_costs_fifty_milliseconds_and_comes_back() {
    let mut server = RedisServer::start();
    let store = Arc::new(RedisStore::new(Redis::new(&Config::at(server.url())).unwrap(), ""));
    let quota = Quota::new(Algorithm::FixedWindow, 1_000_000, Duration::from_secs(60));
    let ask = async || {
        let began = Instant::now();
        let charges = [Charge { key: "key", quota: &quota, cost: 1 }];
        let answer = store.take(&charges, ANY).await;
        (answer.is_ok(), began.elapsed())
    };
    let is_back = async || {
        let began = Instant::now();
        while !ask().await.0 {
            assert!(began.elapsed() < Duration::from_secs(10), "it does not come back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    };
    is_back().await;
    for fault in ["hangs", "is gone"] {
        if fault == "hangs" {
            server.signal("STOP");
        } else {
            server.stop();
        }
        let mut waits = Vec::new();
        for _ in 0..20 {
            let (answered, wait) = ask().await;
            assert!(!answered, "{fault}");
            waits.push(wait);
        }
        // The deadline, and what a busy machine adds; only the first has to find out.
        assert!(waits[0] < Duration::from_millis(120), "{fault}: {waits:?}");
        assert!(waits[1..].iter().all(|wait| *wait < Duration::from_millis(20)), "{fault}: {waits:?}");
        if fault == "hangs" {
            server.signal("CONT");
        } else {
            server.start_again();
        }
        let back = is_back().await;
        assert!(back < Duration::from_secs(3), "{fault}: back after {back:?}");
    }
}

#[tokio::test]
async fn login_guards_on_one_redis_count_together() {
    let server = RedisServer::start();
    let guard = || {
        let mut config = login::Config::default();
        config.secret =
            Some(portcullis::secret::Secrets::new(["a secret that is long enough for a test"]).unwrap());
        config.burst.tries = 0;
        let memory = Arc::new(MemoryStore::new(1000));
        let store = SharedStore::new(Arc::new(store(&server)), WhenAway::Closed, memory);
        LoginGuard::with_store(&config, store).unwrap()
    };
    let guards = [guard(), guard()];
    let address = "192.0.2.1".parse().unwrap();
    for number in 0..10 {
        let guard = &guards[number % 2];
        let attempt = guard.check(address, Some("alice"), None).await.unwrap();
        guard.failed(attempt).await.unwrap();
    }
    let attempt = guards[0].check(address, Some("alice"), None).await.unwrap();
    assert!(guards[0].failed(attempt).await.is_err());
    assert!(guards[1].check(address, Some("alice"), None).await.is_err());
    let bob = guards[1].check(address, Some("bob"), None).await.unwrap();
    let device = guards[1].succeeded(bob).await.unwrap();
    assert!(guards[0].check(address, Some("bob"), Some(&device)).await.is_ok());
    let keys: Vec<String> = {
        let redis = Redis::new(&Config::at(server.url())).unwrap();
        let ask =
            |mut connection| async move { redis::cmd("KEYS").arg("*").query_async(&mut connection).await };
        redis.ask(ask).await.unwrap()
    };
    assert!(
        !keys.is_empty() && keys.iter().all(|key| !key.contains("alice") && !key.contains("bob")),
        "{keys:?}"
    );
}
