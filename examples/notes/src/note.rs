//! Notes: what their owner reads, adds and deletes, and nobody else.

use axum::{
    Form,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use rusqlite::params;
use serde::Deserialize;

use crate::{
    account::SignedIn,
    app::App,
    app_error::AppError,
    page::{self, NotesPage},
    user::User,
};

/// What somebody wrote down.
pub(crate) struct Note {
    pub(crate) id: i64,
    pub(crate) text: String,
    /// RFC 3339, in UTC.
    pub(crate) written_at: String,
}

impl Note {
    /// The day and the minute, for people.
    pub(crate) fn written_on(&self) -> String {
        self.written_at.replace('T', " ").chars().take("2026-01-31 12:00".len()).collect::<String>() + " UTC"
    }
}

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct NewNote {
    text: String,
}

pub(crate) async fn list(State(app): State<App>, SignedIn(user): SignedIn) -> Result<Response, AppError> {
    show(&app, &user, StatusCode::OK, "", None).await
}

pub(crate) async fn add(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    Form(form): Form<NewNote>,
) -> Result<Response, AppError> {
    // Forms send line breaks as CR LF (HTML, section 4.10.21.8), and `maxlength` counts one character for each.
    let text = form.text.replace("\r\n", "\n");
    let problem = match text.trim().chars().count() {
        0 => Some("Write something first."),
        1..=MAX_CHARACTERS => insert(&app, user.id, text.trim().to_owned()).await?,
        _ => Some("A note has at most 2,000 characters."),
    };
    match problem {
        None => Ok(Redirect::to("/").into_response()),
        Some(_) => show(&app, &user, StatusCode::UNPROCESSABLE_ENTITY, &text, problem).await,
    }
}

/// A note of somebody else is as if it did not exist: the answer says nothing about which ids there are.
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Response, AppError> {
    let Ok(Path(id)) = id else { return page::not_found().await };
    let deleted = app.database.run(move |connection| {
        connection.execute("DELETE FROM note WHERE id = ?1 AND owner = ?2", params![id, user.id])
    });
    match deleted.await? {
        0 => page::not_found().await,
        _ => Ok(Redirect::to("/").into_response()),
    }
}

async fn show(
    app: &App,
    user: &User,
    status: StatusCode,
    text: &str,
    problem: Option<&'static str>,
) -> Result<Response, AppError> {
    let notes = of(app, user.id).await?;
    let page = NotesPage { user: &user.name, notes: &notes, text, problem, max_characters: MAX_CHARACTERS };
    page::show(status, &page)
}

/// The notes of a user, the newest first.
async fn of(app: &App, owner: i64) -> Result<Vec<Note>, AppError> {
    let notes = app.database.run(move |connection| {
        let sql = "SELECT id, text, written_at FROM note WHERE owner = ?1 ORDER BY id DESC";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([owner], |row| {
            Ok(Note { id: row.get(0)?, text: row.get(1)?, written_at: row.get(2)? })
        })?;
        rows.collect()
    });
    notes.await
}

/// Keeps a note, or says why not. The count and the insert are one statement, so that two at once do not exceed the bound.
async fn insert(app: &App, owner: i64, text: String) -> Result<Option<&'static str>, AppError> {
    let inserted = app.database.run(move |connection| {
        let sql = "INSERT INTO note (owner, text) SELECT ?1, ?2 \
                   WHERE (SELECT count(*) FROM note WHERE owner = ?1) < ?3";
        connection.execute(sql, params![owner, text, MAX_NOTES])
    });
    Ok((inserted.await? == 0).then_some("You have 200 notes, which is the most. Delete one first."))
}

const MAX_CHARACTERS: usize = 2000;
const MAX_NOTES: i64 = 200;
