//! Sessions in a real Redis, which is killed, frozen and started again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use portcullis::{
    session::store::{
        Expected, Expiry, Owner, RedisConfig, RedisStore, Store, StoreError, Write, Written, conformance,
    },
    store::redis::{Config, Redis},
};
use tokio::time::sleep;

/// The deadline that a store has by default is 50 ms; this much more is the test's own, on a machine that does other things.
const IN_TIME: Duration = Duration::from_millis(50 + 50);

fn store_on(server: &proof::redis::Redis, config: RedisConfig) -> RedisStore {
    RedisStore::new(Redis::new(&Config::at(server.url())).unwrap(), config).unwrap()
}

fn write<'a>(id: &'a str, record: &'a str, seconds: f64) -> Write<'a> {
    let now = SystemTime::now();
    let expiry = Expiry { now, at: Some(now + Duration::from_secs_f64(seconds)) };
    Write { id, record, expected: Expected::Anything, owner: None, expiry }
}

#[tokio::test]
async fn redis_keeps_what_every_store_promises() {
    let server = proof::redis::Redis::start();
    conformance::check(&store_on(&server, RedisConfig::default())).await.unwrap();
    assert_eq!(server.ask(&["KEYS", "sess:*"]), [""], "the suite leaves no session behind");
}

#[tokio::test]
async fn redis_holds_what_connect_redis_would_write() {
    let server = proof::redis::Redis::start();
    let store = store_on(&server, RedisConfig::default());
    store.write(write("a", r#"{"n":1}"#, 1.5)).await.unwrap();
    assert_eq!(server.ask(&["GET", "sess:a"]), [r#"{"n":1}"#]);
    assert_eq!(server.ask(&["TTL", "sess:a"]), ["2"], "seconds are rounded up");

    let now = SystemTime::now();
    store.touch("a", Expiry { now, at: None }).await.unwrap();
    assert_eq!(server.ask(&["GET", "sess:a"]), [r#"{"n":1}"#], "a touch leaves the record alone");
    assert_eq!(server.ask(&["TTL", "sess:a"]), ["86400"]);

    for expected in [Expected::Anything, Expected::Exactly("{}")] {
        store.write(write("b", "{}", 60.0)).await.unwrap();
        let over = Write { expected, ..write("b", "{}", 0.0) };
        assert_eq!(store.write(over).await.unwrap(), Written::Done);
        assert_eq!(server.ask(&["EXISTS", "sess:b"]), ["0"], "a write without time left destroys");
    }
    server.ask(&["SET", "sess:empty", ""]);
    assert_eq!(store.load("empty", now).await.unwrap(), None);
    server.ask(&["LPUSH", "sess:list", "a"]);
    assert!(matches!(store.load("list", now).await, Err(StoreError::Broken(_))));
    assert!(store.load("a", now).await.unwrap().is_some(), "one bad key breaks nothing else");
}

#[tokio::test]
async fn an_owner_has_a_bounded_list_that_outlives_touched_sessions() {
    let server = proof::redis::Redis::start();
    let mut config = RedisConfig::default();
    config.max_sessions_per_owner = 3;
    let store = store_on(&server, config);
    let alice = Owner { key: "user", value: "alice" };
    let owned = async |id: &str| {
        let write = Write { owner: Some(alice), expected: Expected::Absent, ..write(id, "{}", 60.0) };
        assert_eq!(store.write(write).await.unwrap(), Written::Done);
    };
    // Forty that end at once: whoever comes later strikes them off.
    for n in 0..40 {
        let id = format!("gone-{n}");
        owned(&id).await;
        store.destroy(&id).await.unwrap();
    }
    let lists = server.ask(&["KEYS", "sess-owner:*"]);
    assert_eq!(lists.len(), 1);
    let list = lists[0].as_str();
    let members: usize = server.ask(&["ZCARD", list])[0].parse().unwrap();
    assert!(members <= 3, "{members} members of sessions that are gone");

    let set_score = |id: &str, at: u64| server.ask(&["ZADD", list, &at.to_string(), id]);
    for (n, id) in ["one", "two", "three", "four"].into_iter().enumerate() {
        owned(id).await;
        set_score(id, n as u64);
    }
    assert_eq!(server.ask(&["KEYS", "sess:*"]).len(), 3, "the oldest has ended");
    assert_eq!(store.load("one", SystemTime::now()).await.unwrap(), None);
    let lifetime: u64 = server.ask(&["TTL", list])[0].parse().unwrap();
    assert!(lifetime > 29 * 24 * 60 * 60, "{lifetime}");
    assert_eq!(store.destroy_owned(alice).await.unwrap(), 3);
    assert_eq!(server.ask(&["DBSIZE"]), ["0"], "and the list has gone with them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_given_up_in_time_and_taken_back() {
    let server = proof::redis::Redis::start();
    let store = store_on(&server, RedisConfig::default());
    store.write(write("a", "{}", 60.0)).await.unwrap();
    server.freeze();
    let mut waits = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        assert!(matches!(store.load("a", SystemTime::now()).await, Err(StoreError::Away(_))));
        waits.push(began.elapsed());
    }
    assert!(waits[0] < IN_TIME, "{waits:?}");
    assert!(
        waits[1..].iter().all(|wait| *wait < Duration::from_millis(10)),
        "at once from then on: {waits:?}"
    );

    // Long enough for attempts in the background to fail, too.
    sleep(Duration::from_millis(1500)).await;
    server.thaw();
    let began = Instant::now();
    while store.load("a", SystemTime::now()).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(1), "not back in time");
        sleep(Duration::from_millis(5)).await;
    }
    println!("first call {:?}, taken back after {:?}", waits[0], began.elapsed());
}

/// Eight writers, each on a session of its own, while the server is killed and started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_killed_under_load_loses_nothing_it_has_answered() {
    let mut server = proof::redis::Redis::start();
    let store = Arc::new(store_on(&server, RedisConfig::default()));
    let ends = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (store, ends) = (Arc::clone(&store), Arc::clone(&ends));
            tokio::spawn(async move {
                let (id, mut kept, mut sent) = (format!("writer-{writer}"), 0_u32, 0_u32);
                let (mut worst, mut failures, mut last_failure) = (Duration::ZERO, 0_u32, Instant::now());
                while !ends.load(Ordering::Relaxed) {
                    sent += 1;
                    let record = format!("{{\"n\":{sent}}}");
                    let began = Instant::now();
                    match store.write(write(&id, &record, 600.0)).await {
                        Ok(_) => kept = sent,
                        Err(StoreError::Away(_)) => {
                            (failures, last_failure) = (failures + 1, Instant::now());
                            sleep(Duration::from_millis(5)).await;
                        }
                        Err(error) => panic!("{error}"),
                    }
                    worst = worst.max(began.elapsed());
                }
                (id, kept, sent, worst, failures, last_failure)
            })
        })
        .collect();
    sleep(Duration::from_secs(1)).await;
    server.kill();
    sleep(Duration::from_millis(700)).await;
    server.restart();
    let restarted = Instant::now();
    sleep(Duration::from_secs(2)).await;
    ends.store(true, Ordering::Relaxed);

    let (mut answered, mut slowest, mut recovered) = (0, Duration::ZERO, Duration::ZERO);
    for writer in writers {
        let (id, kept, sent, worst, failures, last_failure) = writer.await.unwrap();
        assert!(failures > 0, "the server was away");
        let record = store.load(&id, SystemTime::now()).await.unwrap().unwrap();
        let there: u32 = record[5..record.len() - 1].parse().unwrap();
        // What was sent and not answered may be there.
        assert!((kept..=sent).contains(&there), "{id}: {kept} was answered, {there} is there");
        (answered, slowest) = (answered + kept, slowest.max(worst));
        recovered = recovered.max(last_failure.saturating_duration_since(restarted));
    }
    println!("{answered} writes, slowest call {slowest:?}, last failure {recovered:?} after the restart");
    assert!(answered > 100, "{answered} writes are no load");
    assert!(slowest < IN_TIME, "{slowest:?}");
    assert!(recovered < Duration::from_secs(1), "{recovered:?}");
}
