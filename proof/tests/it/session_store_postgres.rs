//! Sessions in a real PostgreSQL, beside what connect-pg-simple does there.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use portcullis::session::store::{
    Expected, Expiry, Owner, PostgresConfig, PostgresStore, Store, StoreError, Write, Written, conformance,
};
use proof::{lag::with_lag, postgres::Postgres};

fn config() -> PostgresConfig {
    let mut config = PostgresConfig::default();
    config.create_table_if_missing = true;
    config
}

fn store_on(server: &Postgres, config: PostgresConfig) -> PostgresStore {
    PostgresStore::new(&server.url(), config).unwrap()
}

fn write<'a>(id: &'a str, record: &'a str, seconds: u64) -> Write<'a> {
    let now = SystemTime::now();
    let expiry = Expiry { now, at: Some(now + Duration::from_secs(seconds)) };
    Write { id, record, expected: Expected::Anything, owner: None, expiry }
}

#[tokio::test]
async fn postgres_keeps_what_every_store_promises() {
    let server = Postgres::start(&[]);
    let store = store_on(&server, config());
    conformance::check(&store).await.unwrap();
    assert_eq!(server.ask("SELECT count(*) FROM session"), ["0"], "the suite leaves no session behind");
}

#[tokio::test]
async fn the_table_is_the_one_that_connect_pg_simple_makes() {
    let server = Postgres::start(&[]);
    let mut elsewhere = config();
    server.ask("CREATE SCHEMA \"the app\"");
    elsewhere.schema_name = Some("the app".to_owned());
    elsewhere.table_name = "user\"sessions".to_owned();
    for (config, schema, table) in [(config(), "public", "session"), (elsewhere, "the app", "user\"sessions")]
    {
        let store = store_on(&server, config);
        store.write(write("a", r#"{"b": 1, "a":2}"#, 60)).await.unwrap();
        assert_eq!(
            server.ask(&format!(
                "SELECT column_name, data_type, is_nullable, datetime_precision FROM information_schema.columns \
                 WHERE table_schema = '{schema}' AND table_name = '{table}' ORDER BY ordinal_position"
            )),
            [
                "sid|character varying|NO|",
                "sess|json|NO|",
                "expire|timestamp without time zone|NO|6"
            ]
        );
        assert_eq!(
            server.ask(&format!(
                "SELECT indexname FROM pg_indexes WHERE schemaname = '{schema}' AND tablename = '{table}' \
                 ORDER BY indexname"
            )),
            ["IDX_session_expire", "session_pkey"]
        );
        let quoted = format!("\"{schema}\".\"{}\"", table.replace('"', "\"\""));
        assert_eq!(
            server.ask(&format!("SELECT sess::text FROM {quoted}")),
            [r#"{"b": 1, "a":2}"#],
            "the text is kept, with its spaces and its order"
        );
    }
    let without = store_on(&server, {
        let mut config = PostgresConfig::default();
        config.table_name = "none".to_owned();
        config
    });
    let error = without.load("a", SystemTime::now()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Broken(_)) && error.to_string().contains("42P01"), "{error}");
}

/// The column has no time zone: what Node's connections write and read is in the server's.
#[tokio::test]
async fn times_are_those_of_connections_that_say_nothing_of_their_time_zone() {
    let server = Postgres::start(&["timezone=Asia/Kolkata"]);
    let store = store_on(&server, config());
    store.write(write("ours", "{}", 60)).await.unwrap();
    let left = server.ask(
        "SELECT round(extract(epoch FROM expire - localtimestamp)) BETWEEN 58 AND 61, \
         expire >= to_timestamp(extract(epoch FROM now())) FROM session",
    );
    assert_eq!(left, ["t|t"]);
    for (sid, seconds) in [("alive", 60), ("over", -60)] {
        server.ask(&format!(
            "INSERT INTO session SELECT '{sid}', '{{}}', to_timestamp(extract(epoch FROM now()) + {seconds})"
        ));
    }
    let now = SystemTime::now();
    assert!(store.load("alive", now).await.unwrap().is_some());
    assert_eq!(store.load("over", now).await.unwrap(), None);

    let mut utc = config();
    utc.time_zone = Some("UTC".to_owned());
    let store = store_on(&server, utc);
    store.write(write("utc", "{}", 60)).await.unwrap();
    let off = server
        .ask("SELECT round(extract(epoch FROM localtimestamp - expire) / 60) FROM session WHERE sid = 'utc'");
    assert_eq!(off, ["329"], "five and a half hours away, less the minute: which is why one has to say so");
}

#[tokio::test]
async fn what_has_expired_is_deleted_now_and_then() {
    let server = Postgres::start(&[]);
    let mut config = config();
    config.prune_interval = Duration::from_secs(1);
    let store = store_on(&server, config);
    store.write(write("stays", "{}", 60)).await.unwrap();
    server.ask(
        "INSERT INTO session SELECT 'old-' || n, '{}', to_timestamp(1000000) FROM generate_series(1, 2500) n",
    );
    let began = Instant::now();
    while server.ask("SELECT sid FROM session") != ["stays"] {
        assert!(began.elapsed() < Duration::from_secs(10), "nobody has deleted what has expired");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// PostgreSQL keeps JSON with escapes that it cannot look into: one such session must not keep all others alive.
#[tokio::test]
async fn an_owner_is_found_whatever_is_in_the_sessions_of_others() {
    let server = Postgres::start(&[]);
    let store = store_on(&server, config());
    let records = [
        ("plain", r#"{"user":"alice"}"#),
        ("escaped", r#"{"user":"\u0061lice"}"#),
        ("null-and-alice", r#"{"text":"\u0000","user":"alice"}"#),
        ("surrogate-and-alice", r#"{"text":"\ud800","user":"alice"}"#),
        ("null-and-bob", r#"{"text":"\u0000 alice","user":"bob"}"#),
        ("nested", r#"{"user":{"user":"alice"}}"#),
        ("other-key", r#"{"name":"alice"}"#),
        ("list", r#"["user","alice"]"#),
    ];
    for (id, record) in records {
        store.write(write(id, record, 60)).await.unwrap();
    }
    // With the indexes that the documentation names, such sessions are still written.
    server.ask(
        r"CREATE INDEX ON session ((CASE WHEN position('\u' in sess::text) > 0 THEN NULL ELSE sess ->> 'user' END))",
    );
    server.ask(r"CREATE INDEX ON session (sid) WHERE position('\u' in sess::text) > 0");
    store.write(write("null-again", r#"{"text":"\u0000"}"#, 60)).await.unwrap();
    assert_eq!(store.destroy_owned(Owner { key: "user", value: "alice" }).await.unwrap(), 4);
    assert_eq!(
        server.ask("SELECT sid FROM session ORDER BY sid"),
        ["list", "nested", "null-again", "null-and-bob", "other-key"]
    );
    let plan = server.ask(
        r"SET enable_seqscan = off; EXPLAIN DELETE FROM session WHERE CASE WHEN position(E'\\u' in sess::text) > 0 THEN NULL ELSE sess ->> E'user' END = 'alice'",
    );
    assert!(plan.iter().any(|line| line.contains("session_case_idx")), "{plan:?}");
}

#[tokio::test]
async fn two_programs_that_start_at_once_both_find_their_table() {
    let server = Postgres::start(&[]);
    let stores: Vec<_> = (0..8).map(|_| store_on(&server, config())).collect();
    let loads: Vec<_> = stores
        .into_iter()
        .map(|store| tokio::spawn(async move { store.load("a", SystemTime::now()).await }))
        .collect();
    for load in loads {
        assert_eq!(load.await.unwrap().unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_crashes_loses_nothing_it_has_answered_and_is_taken_back() {
    let mut server = Postgres::start(&[]);
    let store = store_on(&server, config());
    for number in 0..200 {
        assert_eq!(store.write(write(&format!("{number}"), "{}", 600)).await.unwrap(), Written::Done);
    }
    server.crash();
    let (worst, lag) = with_lag(async {
        let mut worst = Duration::ZERO;
        for _ in 0..20 {
            let began = Instant::now();
            let error = store.load("1", SystemTime::now()).await.unwrap_err();
            assert!(matches!(error, StoreError::Away(_)), "{error}");
            worst = worst.max(began.elapsed());
        }
        worst
    })
    .await;
    assert!(worst < Duration::from_millis(1050) + lag, "{worst:?}, lag {lag:?}");
    server.restart();
    for number in 0..200 {
        assert!(
            store.load(&number.to_string(), SystemTime::now()).await.unwrap().is_some(),
            "{number} is lost"
        );
    }
    println!("slowest answer while it was away: {worst:?}");
}

#[tokio::test]
async fn a_postgres_that_holds_a_session_locked_is_given_up_in_time() {
    let server = Arc::new(Postgres::start(&[]));
    let mut config = config();
    config.deadline = Duration::from_millis(300);
    config.max_connections = 1;
    let store = store_on(&server, config);
    store.write(write("a", "{}", 60)).await.unwrap();
    let other = Arc::clone(&server);
    let holder = tokio::task::spawn_blocking(move || {
        other.ask("BEGIN; LOCK TABLE session; SELECT pg_sleep(1.5); COMMIT");
    });
    while server.ask("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted").is_empty() {
        assert!(!holder.is_finished(), "the lock was never seen");
    }
    let began = Instant::now();
    let (answer, lag) = with_lag(store.load("a", SystemTime::now())).await;
    let waited = began.elapsed();
    assert!(matches!(answer, Err(StoreError::Away(_))), "{answer:?}");
    assert!(waited < Duration::from_millis(350) + lag, "{waited:?}, lag {lag:?}");
    holder.await.unwrap();
    assert!(store.load("a", SystemTime::now()).await.unwrap().is_some(), "with a connection made anew");
}

#[tokio::test]
async fn a_certificate_is_verified_unless_the_url_says_otherwise() {
    let (server, certificate) = Postgres::start_with_tls();
    let directory = tempfile::tempdir().unwrap();
    let ca_file = directory.path().join("ca.pem");
    std::fs::write(&ca_file, certificate).unwrap();
    let load = async |url: String, ca_file: Option<&std::path::Path>| {
        let mut config = config();
        config.ca_file = ca_file.map(std::path::Path::to_owned);
        PostgresStore::new(&url, config).unwrap().load("a", SystemTime::now()).await
    };
    assert_eq!(load(server.url_at("localhost"), Some(&ca_file)).await.unwrap(), None);
    let required = format!("{}?sslmode=require", server.url_at("localhost"));
    let error = load(required, None).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    let another_name = load(server.url_at("127.0.0.1"), Some(&ca_file)).await;
    assert!(another_name.is_err(), "the certificate is for localhost");
}
