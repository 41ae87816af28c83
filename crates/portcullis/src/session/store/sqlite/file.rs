//! The file: opened, checked, and what its errors mean.

use std::{fs::OpenOptions, io, path::Path};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Config, Synchronous};
use crate::{ConfigError, session::store::StoreError};

/// Opens the file for the one who writes; makes it, and the table in it, where there is none.
pub(super) fn create(config: &Config) -> Result<Connection, ConfigError> {
    let wrong = |right: String| ConfigError::new("path", config.path.display(), right);
    keep_private(&config.path).map_err(|error| {
        wrong(format!("a file that this user may read and write, in a directory that is there: {error}"))
    })?;
    let connection = open_again(config)?;
    let meaning = |error| config_error(config, &error);
    let (application, version, tables) = contents(&connection).map_err(meaning)?;
    let is_new = match (application, version) {
        (0, 0) if tables == 0 => true,
        (APPLICATION, VERSION) => false,
        (APPLICATION, newer) => {
            let right = format!("of version {VERSION} or older: a newer release has made it version {newer}");
            return Err(wrong(right));
        }
        _ => return Err(wrong("for sessions alone: another program's tables are in it".to_owned())),
    };
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(meaning)?;
    if mode != "wal" {
        return Err(wrong(format!("on a local disk: a write-ahead log cannot be kept there (mode {mode})")));
    }
    // A file that is as it should be is not written to, so that a full disk does not keep a program from its start.
    if is_new {
        connection.execute_batch(TABLE).map_err(meaning)?;
    }
    let pages = config.max_bytes / page_bytes(&connection).map_err(meaning)?;
    connection.execute_batch(&format!("PRAGMA max_page_count = {pages};")).map_err(meaning)?;
    Ok(connection)
}

/// One more connection.
pub(super) fn open_again(config: &Config) -> Result<Connection, ConfigError> {
    let open = || {
        // Without SQLITE_OPEN_URI: a path is a path. Each connection stays on one thread.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&config.path, flags)?;
        connection.busy_timeout(config.deadline)?;
        let synchronous = match config.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        // A log that has grown once is cut back when it starts again.
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA journal_size_limit = {LOG_BYTES};"
        ))?;
        Ok(connection)
    };
    open().map_err(|error| config_error(config, &error))
}

/// What an error means for whoever starts the program.
fn config_error(config: &Config, error: &rusqlite::Error) -> ConfigError {
    let right = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            "an SQLite database, or not there yet: this is a file of another kind".to_owned()
        }
        Some(ErrorCode::DatabaseBusy) => "open in no program that keeps it locked".to_owned(),
        Some(ErrorCode::DiskFull) => "on a disk with some room left".to_owned(),
        _ => format!("a file that SQLite can open: {error}"),
    };
    ConfigError::new("path", config.path.display(), right)
}

/// What an error means for whoever asked, and what to do about it for whoever reads the log.
pub(super) fn store_error(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(
            format!("{path}: {error}: make room on its disk, or raise max_bytes if it has come to that")
                .into(),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Away(format!("{path}: {error}: another program keeps it locked").into())
        }
        Some(ErrorCode::SystemIoFailure) => StoreError::Away(
            format!("{path}: {error}: its disk fails, or has a limit that is reached").into(),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StoreError::Broken(format!("{path}: {error}: give it back to this program's user").into())
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Broken(
            format!("{path}: {error}: stop the program and move the file away, or restore a copy").into(),
        ),
        _ => StoreError::Broken(format!("{path}: {error}").into()),
    }
}

/// Makes the file if there is none, and takes it out of others' sight. SQLite gives its mode to the files beside it.
fn keep_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            file.set_permissions(permissions)?;
        }
    }
    drop(file);
    Ok(())
}

/// Whose file it is, of which version, and how many tables are in it.
fn contents(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let one = |sql| connection.query_row(sql, [], |row| row.get(0));
    Ok((
        one("PRAGMA application_id")?,
        one("PRAGMA user_version")?,
        one("SELECT count(*) FROM sqlite_schema")?,
    ))
}

fn page_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let bytes: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(u64::from(bytes.max(512)))
}

/// In the header of the file, so that nobody mistakes it for another's: "Port".
const APPLICATION: i64 = 0x506f_7274;
/// Of the table.
const VERSION: i64 = 1;
/// What the log is cut back to.
const LOG_BYTES: u64 = 16 << 20;

/// Two programs that start at once may both come here.
const TABLE: &str = "
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS session (
    id TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL,
    expires INTEGER NOT NULL, -- milliseconds since 1970
    owner TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS session_expires ON session (expires);
CREATE INDEX IF NOT EXISTS session_owner ON session (owner) WHERE owner IS NOT NULL;
PRAGMA application_id = 0x506f7274;
PRAGMA user_version = 1;
COMMIT;
";
