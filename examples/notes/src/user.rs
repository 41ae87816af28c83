//! Users: who may sign up, and who is who.

use rusqlite::{ErrorCode, OptionalExtension, params};
use serde::Deserialize;

use crate::{app::App, app_error::AppError};

/// Somebody who signed up.
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// What the forms of sign-up and login send. It has no `Debug`, so that no log line shows a password.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// What is wrong with a form, field by field, in words for the user.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    pub(crate) name: Option<&'static str>,
    pub(crate) password: Option<&'static str>,
}

/// Makes a new user, or says what is wrong with the form.
pub(crate) async fn sign_up(app: &App, form: &Credentials) -> Result<Result<User, Problems>, AppError> {
    let name = normal(&form.username);
    let problems = Problems { name: problem_of_name(&name), password: problem_of_password(&form.password) };
    if problems != Problems::default() {
        return Ok(Err(problems));
    }
    let hash = app.passwords.hash(form.password.clone()).await?;
    let inserted = app.database.run(move |connection| {
        let sql = "INSERT INTO user (name, password_hash) VALUES (?1, ?2)";
        match connection.execute(sql, params![name, hash]) {
            Ok(_) => Ok(Some(User { id: connection.last_insert_rowid(), name })),
            // The table says so, and not a look beforehand: of two who come at once, one gets the name.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let taken = Problems { name: Some("This name is taken. Choose another one."), password: None };
    Ok(inserted.await?.ok_or(taken))
}

/// The user whose name and password these are.
pub(crate) async fn authenticate(app: &App, form: &Credentials) -> Result<Option<User>, AppError> {
    let name = normal(&form.username);
    let found = app.database.run(move |connection| {
        let sql = "SELECT id, name, password_hash FROM user WHERE name = ?1";
        let row = connection.query_row(sql, [name], |row| {
            Ok((User { id: row.get(0)?, name: row.get(1)? }, row.get::<_, String>(2)?))
        });
        row.optional()
    });
    let (user, hash) = found.await?.unzip();
    let fits = app.passwords.verify(form.password.clone(), hash).await?;
    Ok(user.filter(|_| fits))
}

/// The user with this id.
pub(crate) async fn find(app: &App, id: i64) -> Result<Option<User>, AppError> {
    let found = app.database.run(move |connection| {
        let sql = "SELECT id, name FROM user WHERE id = ?1";
        connection.query_row(sql, [id], |row| Ok(User { id: row.get(0)?, name: row.get(1)? })).optional()
    });
    found.await
}

/// `Alice` and ` alice` are one user.
fn normal(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

fn problem_of_name(name: &str) -> Option<&'static str> {
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
    let fits = (3..=32).contains(&name.len()) && is_plain;
    (!fits).then_some("Use 3 to 32 letters, digits, hyphens or underscores.")
}

/// NIST SP 800-63B-4, section 3.1.1.2: a password that stands alone has at least 15 characters, may have at least 64, and
/// no rules about kinds of characters. The upper bound only keeps the form small.
fn problem_of_password(password: &str) -> Option<&'static str> {
    match password.chars().count() {
        0..15 => Some("Use at least 15 characters. Four or five words that do not belong together are good."),
        15..=128 => None,
        _ => Some("Use at most 128 characters."),
    }
}
