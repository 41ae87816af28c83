//! Pages. askama escapes what is put into them; nothing is marked as safe.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::{app_error::AppError, note::Note, user::Problems};

#[derive(Template)]
#[template(path = "sign_up.html")]
pub(crate) struct SignUpPage<'a> {
    /// What was typed, to be typed no second time. Passwords are not kept.
    pub(crate) name: &'a str,
    pub(crate) problems: &'a Problems,
}

#[derive(Template)]
#[template(path = "log_in.html")]
pub(crate) struct LogInPage<'a> {
    pub(crate) name: &'a str,
    pub(crate) failed: bool,
}

#[derive(Template)]
#[template(path = "notes.html")]
pub(crate) struct NotesPage<'a> {
    pub(crate) user: &'a str,
    pub(crate) notes: &'a [Note],
    pub(crate) text: &'a str,
    pub(crate) problem: Option<&'static str>,
    pub(crate) max_characters: usize,
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFoundPage;

/// An answer with a page. No cache keeps it, not even the browser's: after logging out, Back shows nothing.
pub(crate) fn show(status: StatusCode, page: &impl Template) -> Result<Response, AppError> {
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Html(page.render()?)).into_response())
}

pub(crate) async fn not_found() -> Result<Response, AppError> {
    show(StatusCode::NOT_FOUND, &NotFoundPage)
}

pub(crate) async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("../static/style.css"))
}

pub(crate) async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("../static/icon.svg"))
}

/// A file that is part of the program.
fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "public, max-age=3600")], text)
}
