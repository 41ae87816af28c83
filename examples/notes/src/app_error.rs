//! Why a request could not be answered, through no fault of who asked.

use std::fmt;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use portcullis::session::SessionError;
use tokio::task::JoinError;

/// The cause is for the log. The client gets the status, and from the `error` guard a page with the request's id.
#[derive(Debug)]
pub(crate) enum AppError {
    /// Too many others came first. Coming again helps.
    Busy,
    Session(SessionError),
    Database(rusqlite::Error),
    Password(argon2::password_hash::Error),
    Page(askama::Error),
    /// Work on a blocking thread panicked.
    Panicked(JoinError),
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Session(error) => error.into_response(),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response(),
            other => {
                tracing::error!("{other}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many requests at once"),
            Self::Session(error) => error.fmt(f),
            Self::Database(error) => write!(f, "the database: {error}"),
            Self::Password(error) => write!(f, "a password hash: {error}"),
            Self::Page(error) => write!(f, "a page: {error}"),
            Self::Panicked(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AppError {}

impl From<SessionError> for AppError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<rusqlite::Error> for AppError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<argon2::password_hash::Error> for AppError {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self::Password(error)
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::Page(error)
    }
}

impl From<JoinError> for AppError {
    fn from(error: JoinError) -> Self {
        Self::Panicked(error)
    }
}
