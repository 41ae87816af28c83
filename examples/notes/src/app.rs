//! The app: its routes, and the guards around them.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use portcullis::{
    BoxError, Checklist,
    checklist::{self, Switch},
    client::TrustProxy,
    secret::Secrets,
    session::{self, SessionLayer, Store},
};

use crate::{account, database::Database, note, page, password::Passwords, settings::Transport};

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) passwords: Passwords,
}

/// The routes behind the guards. A layer is around all that stands above it.
pub(crate) fn router(
    app: App,
    transport: &Transport,
    secrets: &Secrets,
    sessions: Arc<dyn Store>,
) -> Result<Router, BoxError> {
    let router = Router::new()
        .route("/", get(note::list))
        .route("/notes", post(note::add))
        .route("/notes/{id}/delete", post(note::delete))
        .route("/signup", get(account::sign_up_form).post(account::sign_up))
        .route("/login", get(account::log_in_form).post(account::log_in))
        .route("/logout", post(account::log_out))
        .route("/logout-everywhere", post(account::log_out_everywhere))
        .route("/style.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .fallback(page::not_found)
        .with_state(app)
        // Innermost: it may ask the database, so whatever can be refused without that is refused before.
        .layer(SessionLayer::new(session_config(transport), secrets, sessions)?)
        // Everything else, in the order that `portcullis::checklist` gives its reasons for.
        .layer(checklist(transport, secrets)?);
    Ok(router)
}

/// The defaults are production: `__Host-sid`, `Secure`, `HttpOnly`, `SameSite=Lax`, one hour without use, twelve in all.
fn session_config(transport: &Transport) -> session::Config {
    let mut config = session::Config::default();
    config.dangerous_allow_insecure = transport.is_development();
    config
}

fn checklist(transport: &Transport, secrets: &Secrets) -> Result<Checklist, BoxError> {
    let mut config = checklist::Config::default();
    config.access_log = true;
    // `X-Forwarded-For` is believed from our own proxies, and from nobody else.
    if let Transport::Proxy(proxies) = transport {
        config.client.trust_proxy = TrustProxy::Text(proxies.clone());
    }
    if let Switch::On(login) = &mut config.login {
        login.secret = Some(secrets.clone()); // so that the devices it knows are known after a restart
    }
    if let Switch::On(body) = &mut config.body {
        body.media_types = vec!["application/x-www-form-urlencoded".into()]; // all that our forms send
        body.max_bytes = 32 * 1024; // 2,000 characters, of which each may take twelve bytes in a form
    }
    if let Switch::On(cookie) = &mut config.cookie {
        cookie.dangerous_allow_insecure = transport.is_development();
    }
    config.build().map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        lines.join("\n").into()
    })
}
