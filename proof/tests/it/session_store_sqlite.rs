//! Sessions in a file, whose writer is killed and whose disk fills up.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use portcullis::session::store::{
    Expected, Expiry, SqliteConfig, SqliteStore, Store, StoreError, Write, Written, conformance,
};
use proof::lag::with_lag;
use tokio::task::JoinSet;

const WRITER: &str = env!("CARGO_BIN_EXE_session-writer");

fn write<'a>(id: &'a str, record: &'a str, now: u64, seconds: u64) -> Write<'a> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
    let expiry = Expiry { now, at: Some(now + Duration::from_secs(seconds)) };
    Write { id, record, expected: Expected::Anything, owner: None, expiry }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[tokio::test]
async fn sqlite_keeps_what_every_store_promises() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteConfig::at(directory.path().join("sessions.db"))).unwrap();
    conformance::check(&store).await.unwrap();
}

#[tokio::test]
async fn many_at_once_are_all_written_before_a_store_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let store = Arc::new(SqliteStore::open(SqliteConfig::at(&path)).unwrap());
    let tasks: Vec<_> = (0..2000)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.write(write(&format!("{number}"), "{}", 0, 60)).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), Written::Done);
    }
    drop(store);
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "the log is in the file: {files:?}");
    let store = SqliteStore::open(SqliteConfig::at(&path)).unwrap();
    for number in 0..2000 {
        assert!(store.load(&number.to_string(), at(1)).await.unwrap().is_some(), "{number}");
    }
}

#[tokio::test]
async fn what_has_expired_is_swept_from_the_file_by_those_who_write() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let store = SqliteStore::open(SqliteConfig::at(&path)).unwrap();
    for number in 0..50 {
        store.write(write(&format!("old-{number}"), "{}", 0, 10)).await.unwrap();
    }
    for number in 0..25 {
        store.write(write(&format!("new-{number}"), "{}", 10, 10)).await.unwrap();
    }
    drop(store);
    let rows: u32 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM session", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 25);
}

#[tokio::test]
async fn nobody_else_may_read_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = SqliteStore::open(SqliteConfig::at(&path)).unwrap();
    store.write(write("a", "{}", 0, 10)).await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("text"), "a text of somebody's, which is longer than a header. ".repeat(40)).unwrap();
    let other = rusqlite::Connection::open(path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE session (sid TEXT)").unwrap();
    let newer = rusqlite::Connection::open(path("newer.db")).unwrap();
    drop(SqliteStore::open(SqliteConfig::at(path("newer.db"))).unwrap());
    newer.execute_batch("PRAGMA user_version = 2").unwrap();
    let before = std::fs::read(path("text")).unwrap();

    for (name, says) in [
        ("text", "a file of another kind"),
        ("other.db", "another program's tables"),
        ("newer.db", "a newer release has made it version 2"),
        ("no-such-directory/sessions.db", "in a directory that is there"),
        (".", "in a directory that is there"),
    ] {
        let error = SqliteStore::open(SqliteConfig::at(path(name))).unwrap_err();
        assert_eq!(error.path(), "path");
        assert!(error.value().contains(name) && error.right().contains(says), "{error}");
    }
    assert_eq!(std::fs::read(path("text")).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_no_empty_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let store = SqliteStore::open(SqliteConfig::at(&path)).unwrap();
    let large = "x".repeat(3000);
    for number in 0..100 {
        store.write(write(&format!("{number}"), &large, 0, 60)).await.unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let header = 2 * 4096;
    bytes[header..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    // It is found as soon as the damage is touched, by whoever touches it first.
    match SqliteStore::open(SqliteConfig::at(&path)) {
        Err(error) => assert_eq!(error.path(), "path"),
        Ok(store) => {
            let error = store.load("50", at(1)).await.unwrap_err();
            assert!(matches!(&error, StoreError::Broken(_)), "{error}");
            assert!(error.to_string().contains("sessions.db"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_file_that_another_program_keeps_locked_is_waited_for_until_the_deadline() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let mut config = SqliteConfig::at(&path);
    config.deadline = Duration::from_millis(200);
    let store = SqliteStore::open(config).unwrap();
    store.write(write("a", "{}", 0, 60)).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let (answer, lag) = with_lag(store.write(write("b", "{}", 0, 60))).await;
    let waited = began.elapsed();
    assert!(matches!(answer, Err(StoreError::Away(_))), "{answer:?}");
    assert!(waited < Duration::from_millis(250) + lag, "{waited:?}, lag {lag:?}");
    assert!(store.load("a", at(1)).await.unwrap().is_some(), "readers wait for nobody");

    let began = Instant::now();
    let store = Arc::new(store);
    let mut many = JoinSet::new();
    for number in 0..50 {
        let store = Arc::clone(&store);
        many.spawn(async move { store.write(write(&number.to_string(), "{}", 0, 60)).await });
    }
    let (answers, lag) = with_lag(many.join_all()).await;
    assert!(answers.iter().all(Result::is_err));
    drop(store);
    let waited = began.elapsed();
    assert!(
        waited < Duration::from_millis(700) + lag,
        "nobody is waited for who has gone: {waited:?}, lag {lag:?}"
    );
}

/// Twenty rounds, or as many as `PORTCULLIS_ROUNDS` says: `proof/kill-stores` says a thousand.
#[tokio::test]
async fn a_writer_that_is_killed_loses_nothing_it_has_answered() {
    let rounds = proof::rounds().unwrap_or(20);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let mut answered = 0;
    for round in 0..rounds {
        // From before the first write to well into the work, another moment each time.
        let life = Duration::from_micros(2_000 + u64::from(round) * 7_919 % 60_000);
        let last = run_and_kill(&path, round, life);
        let store = SqliteStore::open(SqliteConfig::at(&path)).unwrap();
        let now = SystemTime::now();
        for (writer, number) in &last {
            let there = async |number: u64| {
                store.load(&format!("{round}-{writer}-{number}"), now).await.unwrap().is_some()
            };
            // The next may have been written, and this one destroyed, before anybody was told.
            assert!(
                there(*number).await || there(number + 1).await,
                "round {round}: {writer} {number} is lost"
            );
            if let Some(before) = number.checked_sub(1) {
                assert!(!there(before).await, "round {round}: {writer} {before} is back");
            }
            answered += number + 1;
        }
        drop(store);
        let verdict: String = rusqlite::Connection::open(&path)
            .unwrap()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(verdict, "ok", "round {round}");
    }
    println!("{rounds} rounds, {answered} answered writes, none lost, none back");
    assert!(answered > u64::from(rounds), "{answered} writes are no load");
}

/// The last number that each writer was told is done.
fn run_and_kill(path: &Path, round: u32, life: Duration) -> BTreeMap<u32, u64> {
    let mut process = Command::new(WRITER)
        .arg("write")
        .arg(path)
        .arg(round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let lines = std::thread::spawn(move || output.lines().map_while(Result::ok).collect::<Vec<_>>());
    std::thread::sleep(life);
    process.kill().unwrap();
    process.wait().unwrap();
    let numbers = lines.join().unwrap().into_iter().filter_map(|line| {
        let (writer, number) = line.split_once(' ')?;
        Some((writer.parse().ok()?, number.parse().ok()?))
    });
    numbers.collect()
}

#[test]
fn a_full_disk_is_said_clearly_and_harms_no_old_session() {
    let directory = tempfile::tempdir().unwrap();
    // A disk of four megabytes, a quarter of which is taken, in a namespace of its own that ends with the process.
    let script = "mount -t tmpfs -o size=4m tmpfs \"$1\" && dd if=/dev/zero of=\"$1/ballast\" bs=1M count=1 2>/dev/null \
                  && exec \"$2\" fill \"$1/sessions.db\" \"$1/ballast\"";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(directory.path())
        .arg(WRITER)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    println!("{said}");
    assert!(said.contains("sessions.db") && said.contains("make room on its disk"), "{said}");
    assert!(said.contains("old sessions intact"), "{said}");
}
