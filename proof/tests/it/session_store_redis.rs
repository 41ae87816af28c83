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
        self, Expected, Expiry, Owner, RedisConfig, RedisStore, Store, StoreError, Write, conformance,
    },
    store::redis::{Config, Redis},
};
use proof::lag::with_lag;
use tokio::time::sleep;

/// The deadline that a store has by default, and what a timer of the runtime and a call on a busy machine take beside it.
const IN_TIME: Duration = Duration::from_millis(50 + 30);

/// With the default deadline.
fn hasty_store_on(server: &proof::redis::Redis) -> RedisStore {
    RedisStore::new(Redis::new(&Config::at(server.url())).unwrap(), RedisConfig::default()).unwrap()
}

/// With a deadline that no machine fails to keep, for what is not about time.
fn store_on(server: &proof::redis::Redis, config: RedisConfig) -> RedisStore {
    let mut connection = Config::at(server.url());
    connection.deadline = Duration::from_secs(5);
    RedisStore::new(Redis::new(&connection).unwrap(), config).unwrap()
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
        assert_eq!(store.write(over).await.unwrap(), store::Written::Done);
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
    let store = store_on(&server, RedisConfig::default());
    let alice = Owner { key: "user", value: "alice" };
    let owned = async |store: &RedisStore, id: &str| {
        let write = Write { owner: Some(alice), expected: Expected::Absent, ..write(id, "{}", 60.0) };
        assert_eq!(store.write(write).await.unwrap(), store::Written::Done);
    };
    // Forty that end at once: whoever comes later strikes them off.
    for n in 0..40 {
        let id = format!("gone-{n}");
        owned(&store, &id).await;
        store.destroy(&id).await.unwrap();
    }
    let lists = server.ask(&["KEYS", "sess-owner:*"]);
    assert_eq!(lists.len(), 1);
    let list = lists[0].as_str();
    let members: usize = server.ask(&["ZCARD", list])[0].parse().unwrap();
    assert!(members <= 3, "{members} members of sessions that are gone");

    let mut config = RedisConfig::default();
    config.max_sessions_per_owner = 3;
    let store = store_on(&server, config);
    let set_score = |id: &str, at: u64| server.ask(&["ZADD", list, &at.to_string(), id]);
    for (n, id) in ["one", "two", "three", "four"].into_iter().enumerate() {
        owned(&store, id).await;
        set_score(id, n as u64);
    }
    assert_eq!(server.ask(&["KEYS", "sess:*"]).len(), 3, "the oldest has ended");
    assert_eq!(store.load("one", SystemTime::now()).await.unwrap(), None);
    let lifetime: u64 = server.ask(&["TTL", list])[0].parse().unwrap();
    assert!(lifetime > 29 * 24 * 60 * 60, "{lifetime}");
    assert_eq!(store.destroy_owned(alice).await.unwrap(), 3);
    assert_eq!(server.ask(&["DBSIZE"]), ["0"], "and the list has gone with them");
}

#[tokio::test]
async fn a_redis_without_room_or_without_the_right_to_write_says_which() {
    let server = proof::redis::Redis::start();
    let store = store_on(&server, RedisConfig::default());
    store.write(write("a", "{}", 60.0)).await.unwrap();
    let is_there = async || store.load("a", SystemTime::now()).await.unwrap().is_some();
    let by_script = Write { expected: Expected::Exactly("{}"), ..write("a", "{}", 60.0) };

    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    for write in [write("b", "{}", 60.0), by_script] {
        let error = store.write(write).await.unwrap_err();
        assert!(matches!(error, StoreError::Full(_)), "{error}");
    }
    assert!(is_there().await, "what is there can be read");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);

    server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    for write in [write("b", "{}", 60.0), by_script] {
        let error = store.write(write).await.unwrap_err();
        assert!(matches!(error, StoreError::Away(_)), "{error}");
    }
    assert!(is_there().await, "what is there can be read");
    server.ask(&["REPLICAOF", "NO", "ONE"]);
    store.write(by_script).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_given_up_in_time_and_taken_back() {
    let server = proof::redis::Redis::start();
    let store = hasty_store_on(&server);
    while store.write(write("a", "{}", 60.0)).await.is_err() {}
    server.freeze();
    let (waits, lag) = with_lag(async {
        let mut waits = Vec::new();
        for _ in 0..20 {
            let began = Instant::now();
            assert!(matches!(store.load("a", SystemTime::now()).await, Err(StoreError::Away(_))));
            waits.push(began.elapsed());
        }
        waits
    })
    .await;
    assert!(waits[0] < IN_TIME + lag, "{waits:?}, lag {lag:?}");
    let at_once = Duration::from_millis(10) + lag;
    assert!(waits[1..].iter().all(|wait| *wait < at_once), "at once from then on: {waits:?}, lag {lag:?}");

    // Long enough for attempts in the background to fail, too.
    sleep(Duration::from_millis(1500)).await;
    server.thaw();
    let back = until_it_answers(&store).await;
    println!("first call {:?}, taken back after {back:?}", waits[0]);
    assert!(back < Duration::from_secs(1), "{back:?}");
}

async fn until_it_answers(store: &RedisStore) -> Duration {
    let began = Instant::now();
    while store.load("a", SystemTime::now()).await.is_err() && began.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

/// Eight writers, each on a session of its own, while the server is killed and started again: once, or as often as
/// `PORTCULLIS_ROUNDS` says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_killed_under_load_loses_nothing_it_has_answered() {
    let rounds = proof::rounds().unwrap_or(1);
    let mut server = proof::redis::Redis::start();
    let store = Arc::new(hasty_store_on(&server));
    let ends = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..8)
        .map(|number| {
            tokio::spawn(keep_writing(Arc::clone(&store), format!("writer-{number}"), Arc::clone(&ends)))
        })
        .collect();
    let (back, lag) = with_lag(async {
        let mut longest = Duration::ZERO;
        for _ in 0..rounds {
            sleep(Duration::from_secs(1)).await;
            server.kill();
            sleep(Duration::from_millis(700)).await;
            server.restart();
            longest = longest.max(until_it_answers(&store).await);
        }
        sleep(Duration::from_secs(1)).await;
        longest
    })
    .await;
    ends.store(true, Ordering::Relaxed);

    let (mut answered, mut slowest) = (0, Duration::ZERO);
    let store = store_on(&server, RedisConfig::default());
    for writer in writers {
        let written = writer.await.unwrap();
        assert!(written.failures > 0, "the server was away");
        let record = store.load(&written.id, SystemTime::now()).await.unwrap().unwrap();
        let there: u32 = record[5..record.len() - 1].parse().unwrap();
        // What was sent and not answered may be there.
        let Written { id, kept, sent, .. } = &written;
        assert!((kept..=sent).contains(&&there), "{id}: {kept} was answered, {there} is there");
        (answered, slowest) = (answered + kept, slowest.max(written.slowest));
    }
    println!(
        "{rounds} rounds, {answered} writes, slowest call {slowest:?} (lag {lag:?}), back {back:?} after the restart"
    );
    assert!(answered > 100, "{answered} writes are no load");
    assert!(slowest < IN_TIME + lag, "{slowest:?}, lag {lag:?}");
    assert!(back < Duration::from_secs(1), "{back:?}");
}

/// What one writer did: the last number that was answered, the last that was sent.
struct Written {
    id: String,
    kept: u32,
    sent: u32,
    failures: u32,
    slowest: Duration,
}

async fn keep_writing(store: Arc<RedisStore>, id: String, ends: Arc<AtomicBool>) -> Written {
    let mut written = Written { id, kept: 0, sent: 0, failures: 0, slowest: Duration::ZERO };
    while !ends.load(Ordering::Relaxed) {
        written.sent += 1;
        let record = format!("{{\"n\":{}}}", written.sent);
        let began = Instant::now();
        let answer = store.write(write(&written.id, &record, 600.0)).await;
        let took = began.elapsed();
        match answer {
            Ok(_) => written.kept = written.sent,
            Err(StoreError::Away(_)) => {
                written.failures += 1;
                sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
        written.slowest = written.slowest.max(took);
    }
    written
}
