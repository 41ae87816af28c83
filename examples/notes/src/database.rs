//! The database: one SQLite file, one connection, opened and migrated at start.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use tokio::{sync::Mutex, task::spawn_blocking, time::timeout};

use crate::app_error::AppError;

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens the file, makes it if there is none, and brings its tables up to date.
    pub(crate) fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(1))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What was acknowledged outlives a power cut.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate(&mut connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` on a thread that may block. Waits for its turn for at most [`PATIENCE`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, AppError> {
        let connection =
            timeout(PATIENCE, Arc::clone(&self.0).lock_owned()).await.map_err(|_| AppError::Busy)?;
        Ok(spawn_blocking(move || work(&connection)).await??)
    }
}

/// Every step runs once, in one transaction; `user_version` counts them. Add to the end, change nothing above it.
fn migrate(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let done: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (step, sql) in (1..).zip(MIGRATIONS).filter(|(step, _)| *step > done) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}

const MIGRATIONS: &[&str] = &["
    CREATE TABLE user (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE note (
        id INTEGER PRIMARY KEY,
        owner INTEGER NOT NULL REFERENCES user (id),
        text TEXT NOT NULL,
        written_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    ) STRICT;
    CREATE INDEX note_of_owner ON note (owner);
"];

const PATIENCE: Duration = Duration::from_secs(2);
