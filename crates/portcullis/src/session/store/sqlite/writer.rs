//! The thread that writes.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Statement};
use tokio::sync::{mpsc, oneshot};

use super::file;
use crate::session::store::StoreError;

/// A change that somebody waits for.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) change: Change,
    pub(super) answer: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// What to change. Times are milliseconds since 1970.
#[derive(Debug)]
pub(super) enum Change {
    Write { id: String, record: String, expected: Expectation, owner: Option<String>, now: i64, expires: i64 },
    Touch { id: String, now: i64, expires: i64 },
    Destroy { id: String },
    DestroyOwned { owner: String },
}

/// What must be there.
#[derive(Debug)]
pub(super) enum Expectation {
    Anything,
    Absent,
    Exactly(String),
}

/// What became of a change.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is written; so many sessions are different now.
    Changed(u64),
    /// Something else was there.
    Conflict(Option<String>),
}

/// Writes until nobody can ask any more and everything that was asked is done.
pub(super) fn run(connection: &Connection, mut waiting: mpsc::Receiver<Writing>, path: &Path) {
    let mut statements = match Statements::prepare(connection) {
        Ok(statements) => statements,
        Err(error) => {
            tracing::error!(target: "portcullis::session", %error, path = %path.display(), "sessions cannot be written");
            return;
        }
    };
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < LARGEST_GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        // Who has stopped waiting has been told that nothing is known of the write.
        group.retain(|writing| !writing.answer.is_closed());
        write_and_answer(connection, &mut statements, group, path);
    }
}

/// One transaction for all; where that fails, one for each, so that a change that cannot be made stands in nobody's way.
fn write_and_answer(
    connection: &Connection,
    statements: &mut Statements<'_>,
    group: Vec<Writing>,
    path: &Path,
) {
    match write(connection, statements, &group) {
        Ok(outcomes) => {
            for (writing, outcome) in group.into_iter().zip(outcomes) {
                // Whoever does not wait any more is not told.
                let _ = writing.answer.send(Ok(outcome));
            }
        }
        // Where another program has the file, each would only wait as long again.
        Err(error) if group.len() <= 1 || error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            for writing in group {
                let _ = writing.answer.send(Err(file::store_error(path, &error)));
            }
        }
        Err(_) => {
            for writing in group {
                write_and_answer(connection, statements, vec![writing], path);
            }
        }
    }
}

/// All of it, or nothing.
fn write(
    connection: &Connection,
    statements: &mut Statements<'_>,
    group: &[Writing],
) -> rusqlite::Result<Vec<Outcome>> {
    if group.is_empty() {
        return Ok(Vec::new());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcomes = statements.carry_out(group).and_then(|outcomes| {
        connection.execute_batch("COMMIT")?;
        Ok(outcomes)
    });
    // Some errors have ended the transaction already.
    if outcomes.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    outcomes
}

struct Statements<'c> {
    put: Statement<'c>,
    add: Statement<'c>,
    replace: Statement<'c>,
    read: Statement<'c>,
    touch: Statement<'c>,
    destroy: Statement<'c>,
    destroy_owned: Statement<'c>,
    sweep: Statement<'c>,
}

impl<'c> Statements<'c> {
    fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        let statement = |sql| connection.prepare(sql);
        Ok(Self {
            put: statement(
                "INSERT INTO session (id, record, expires, owner) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (id) DO UPDATE SET record = ?2, expires = ?3, owner = ?4",
            )?,
            add: statement(
                "INSERT INTO session (id, record, expires, owner) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (id) DO UPDATE SET record = ?2, expires = ?3, owner = ?4 WHERE expires <= ?5",
            )?,
            replace: statement(
                "UPDATE session SET record = ?2, expires = ?3, owner = ?4 \
                 WHERE id = ?1 AND expires > ?5 AND record = ?6",
            )?,
            read: statement("SELECT record FROM session WHERE id = ?1 AND expires > ?2")?,
            touch: statement("UPDATE session SET expires = ?2 WHERE id = ?1 AND expires > ?3")?,
            destroy: statement("DELETE FROM session WHERE id = ?1")?,
            destroy_owned: statement("DELETE FROM session WHERE owner = ?1")?,
            sweep: statement(
                "DELETE FROM session WHERE rowid IN (SELECT rowid FROM session WHERE expires <= ?1 LIMIT ?2)",
            )?,
        })
    }

    fn carry_out(&mut self, group: &[Writing]) -> rusqlite::Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(group.len());
        let (mut writes, mut newest) = (0_i64, 0);
        for Writing { change, .. } in group {
            if let Change::Write { now, .. } = change {
                (writes, newest) = (writes + 1, newest.max(*now));
            }
            outcomes.push(self.apply(change)?);
        }
        if writes > 0 {
            // Two for each that may add one: what has expired never piles up, and nobody waits for much of it.
            self.sweep.execute((newest, 2 * writes))?;
        }
        Ok(outcomes)
    }

    fn apply(&mut self, change: &Change) -> rusqlite::Result<Outcome> {
        let changed = match change {
            Change::Write { id, record, expected, owner, now, expires } => {
                let changed = match expected {
                    Expectation::Anything => self.put.execute((id, record, expires, owner))?,
                    Expectation::Absent => self.add.execute((id, record, expires, owner, now))?,
                    Expectation::Exactly(there) => {
                        self.replace.execute((id, record, expires, owner, now, there))?
                    }
                };
                if changed == 0 {
                    let there = self.read.query_row((id, now), |row| row.get(0)).optional()?;
                    return Ok(Outcome::Conflict(there));
                }
                changed
            }
            Change::Touch { id, now, expires } => self.touch.execute((id, expires, now))?,
            Change::Destroy { id } => self.destroy.execute([id])?,
            Change::DestroyOwned { owner } => self.destroy_owned.execute([owner])?,
        };
        Ok(Outcome::Changed(changed as u64))
    }
}

/// The most changes in one transaction: a wait for the disk is worth sharing, but nobody waits long for others.
const LARGEST_GROUP: usize = 256;
