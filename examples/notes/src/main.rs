//! Notes: sign up, log in, write notes down, log out. The example of the `portcullis` crate; `README.md` walks through it.

mod account;
mod app;
mod app_error;
mod database;
mod note;
mod page;
mod password;
mod settings;
mod user;

use std::{io::IsTerminal, process::ExitCode, sync::Arc};

use portcullis::{
    BoxError,
    session::store::{SqliteConfig, SqliteStore},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use self::{
    app::App,
    database::Database,
    password::Passwords,
    settings::{Settings, Transport},
};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(std::io::stdout().is_terminal()).with_target(false).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), BoxError> {
    let settings = Settings::read()?;
    settings::make_private_directory(&settings.data)?;
    let app = App {
        database: Database::open(&settings.data.join("notes.db"))?,
        passwords: Passwords::new().await?,
    };
    let sessions = Arc::new(SqliteStore::open(SqliteConfig::at(settings.data.join("sessions.db")))?);
    let router = app::router(app, &settings.transport, &settings.session_secrets, sessions)?;

    let listener = TcpListener::bind(settings.listen).await?;
    let address = listener.local_addr()?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // `axum::serve` has no deadlines: a client that sends nothing would hold its connection for ever.
    let server = portcullis::serve(listener, router).until(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    let server = match settings.transport {
        Transport::Tls(tls) => {
            tracing::info!("serving at https://{address}");
            server.tls(tls)
        }
        Transport::Proxy(proxies) => {
            tracing::info!("serving at http://{address}, for clients that come through {proxies}");
            server
        }
        Transport::Development => {
            tracing::warn!("development: no TLS, and cookies that anybody on the way can read");
            tracing::info!("serving at http://{address}");
            server
        }
    };
    server.run().await;
    Ok(())
}
