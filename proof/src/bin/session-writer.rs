//! A process that keeps sessions in SQLite, for the proofs to kill and to starve.
//!
//! `session-writer write FILE ROUND`: four writers, each with a session at a time: it writes a new one, destroys the one before,
//! and says so with a line `WRITER NUMBER`. Until it is killed.
//!
//! `session-writer fill FILE BALLAST`: on a disk where little room is left, writes until there is none, and checks what holds
//! then. BALLAST is a file whose room is given back in the end.

#![allow(
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it fails by panicking, and speaks to the proof that started it"
)]

use std::{
    io::Write as _,
    time::{Duration, Instant, SystemTime},
};

use portcullis::session::store::{
    Expected, Expiry, SqliteConfig, SqliteStore, Store, StoreError, Write, Written,
};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", file, round] => {
            let store = SqliteStore::open(SqliteConfig::at(*file)).unwrap();
            let writer = async |writer: u32| write(&store, &format!("{round}-{writer}"), writer).await;
            tokio::join!(writer(0), writer(1), writer(2), writer(3));
        }
        ["fill", file, ballast] => fill(file, ballast).await,
        _ => panic!("session-writer write FILE ROUND | session-writer fill FILE BALLAST"),
    }
}

async fn write(store: &SqliteStore, prefix: &str, writer: u32) {
    for number in 0_u32.. {
        assert_eq!(put(store, &format!("{prefix}-{number}"), "{}").await.unwrap(), Written::Done);
        if let Some(before) = number.checked_sub(1) {
            store.destroy(&format!("{prefix}-{before}")).await.unwrap();
        }
        let mut output = std::io::stdout().lock();
        writeln!(output, "{writer} {number}").and_then(|()| output.flush()).unwrap();
    }
}

async fn fill(file: &str, ballast: &str) {
    let store = SqliteStore::open(SqliteConfig::at(file)).unwrap();
    let old: Vec<String> = (0..20).map(|number| format!("old-{number}")).collect();
    for id in &old {
        put(&store, id, "{}").await.unwrap();
    }
    let large = format!("{{\"large\":\"{}\"}}", "x".repeat(50_000));
    let mut kept = Vec::new();
    let error = loop {
        assert!(kept.len() < 1000, "the disk is too large for this proof");
        let id = format!("large-{}", kept.len());
        match put(&store, &id, &large).await {
            Ok(_) => kept.push(id),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    println!("{} large sessions, then: {error}", kept.len());

    let began = Instant::now();
    assert!(put(&store, "one-more", &large).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(1), "it is said at once");
    check(&store, &old, &kept, &large).await;

    std::fs::remove_file(ballast).unwrap();
    put(&store, "one-more", &large).await.expect("there is room again");
    drop(store);
    let store = SqliteStore::open(SqliteConfig::at(file)).unwrap();
    check(&store, &old, &kept, &large).await;
    println!("old sessions intact");
}

async fn check(store: &SqliteStore, old: &[String], kept: &[String], large: &str) {
    for (ids, record) in [(old, "{}"), (kept, large)] {
        for id in ids {
            let found = store.load(id, SystemTime::now()).await.unwrap();
            assert!(found.as_deref() == Some(record), "{id} is not what was written");
        }
    }
}

async fn put(store: &SqliteStore, id: &str, record: &str) -> Result<Written, StoreError> {
    let now = SystemTime::now();
    let expiry = Expiry { now, at: now.checked_add(Duration::from_secs(600)) };
    store.write(Write { id, record, expected: Expected::Absent, owner: None, expiry }).await
}
