//! Sign up, log in, log out: where sessions begin and end.

use axum::{
    Form,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use portcullis::session::{Session, SessionError};

use crate::{
    app::App,
    app_error::AppError,
    page::{self, LogInPage, SignUpPage},
    user::{self, Credentials, Problems, User},
};

/// Who is logged in. A handler that takes this is never run for anybody else.
pub(crate) struct SignedIn(pub(crate) User);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    /// Visitors are sent to the login.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let id: Option<i64> = session.get(USER).await.map_err(IntoResponse::into_response)?;
        let user = match id {
            Some(id) => user::find(app, id).await.map_err(IntoResponse::into_response)?,
            None => None,
        };
        user.map(Self).ok_or_else(|| Redirect::to("/login").into_response())
    }
}

pub(crate) async fn sign_up_form() -> Result<Response, AppError> {
    page::show(StatusCode::OK, &SignUpPage { name: "", problems: &Problems::default() })
}

pub(crate) async fn sign_up(
    State(app): State<App>,
    session: Session,
    Form(form): Form<Credentials>,
) -> Result<Response, AppError> {
    match user::sign_up(&app, &form).await? {
        Ok(user) => {
            begin(&session, &user).await?;
            Ok(Redirect::to("/").into_response())
        }
        Err(problems) => {
            let page = SignUpPage { name: &form.username, problems: &problems };
            page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

pub(crate) async fn log_in_form() -> Result<Response, AppError> {
    page::show(StatusCode::OK, &LogInPage { name: "", failed: false })
}

pub(crate) async fn log_in(
    State(app): State<App>,
    session: Session,
    Form(form): Form<Credentials>,
) -> Result<Response, AppError> {
    match user::authenticate(&app, &form).await? {
        Some(user) => {
            begin(&session, &user).await?;
            Ok(Redirect::to("/").into_response())
        }
        // One answer for a wrong name and for a wrong password.
        None => {
            page::show(StatusCode::UNPROCESSABLE_ENTITY, &LogInPage { name: &form.username, failed: true })
        }
    }
}

pub(crate) async fn log_out(session: Session) -> Result<Redirect, AppError> {
    session.destroy().await?;
    Ok(Redirect::to("/login"))
}

/// Ends the user's sessions in every browser.
pub(crate) async fn log_out_everywhere(session: Session) -> Result<Redirect, AppError> {
    session.destroy_everywhere().await?;
    Ok(Redirect::to("/login"))
}

/// An id that somebody saw or planted before the login must not become the id of the user's session.
async fn begin(session: &Session, user: &User) -> Result<(), SessionError> {
    session.renew().await?;
    session.set(USER, user.id).await
}

/// The key of the session's data under which the user's id is: the default of `session::Config::owner_key`, by which
/// `destroy_everywhere` finds the others.
const USER: &str = "user";
