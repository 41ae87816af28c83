//! A thread that reads.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, Statement};
use tokio::sync::{mpsc, oneshot};

use super::file;
use crate::session::store::StoreError;

/// A session that somebody waits for.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) id: String,
    pub(super) now: i64,
    pub(super) answer: oneshot::Sender<Result<Option<String>, StoreError>>,
}

/// Reads until nobody can ask any more.
pub(super) fn run(connection: &Connection, waiting: &Mutex<mpsc::Receiver<Reading>>, path: &Path) {
    let mut statement = match connection.prepare("SELECT record FROM session WHERE id = ?1 AND expires > ?2")
    {
        Ok(statement) => statement,
        Err(error) => {
            tracing::error!(target: "portcullis::session", %error, path = %path.display(), "sessions cannot be read");
            return;
        }
    };
    loop {
        // One of the readers waits at the queue, the others for its place.
        let reading = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(Reading { id, now, answer }) = reading else { return };
        if answer.is_closed() {
            continue;
        }
        let record = read(&mut statement, &id, now).map_err(|error| file::store_error(path, &error));
        // Whoever does not wait any more does not need it.
        let _ = answer.send(record);
    }
}

fn read(statement: &mut Statement<'_>, id: &str, now: i64) -> rusqlite::Result<Option<String>> {
    statement.query_row((id, now), |row| row.get(0)).optional()
}
