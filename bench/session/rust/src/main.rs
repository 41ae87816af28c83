//! `session-servers LAYER STORE PORT [WHERE]`: one application on one session layer and one store.
//!
//! `GET /change` counts in the session, `GET /read` reads what it counted. One thread.

mod portcullis_server;
mod tower_sessions_server;

use axum::Router;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [layer, store, port, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: session-servers portcullis|tower-sessions memory|sqlite|redis PORT [WHERE]");
        std::process::exit(2);
    };
    let place = rest.first().map_or("", String::as_str);
    let application: Router = match layer.as_str() {
        "portcullis" => portcullis_server::application(store, place),
        "tower-sessions" => tower_sessions_server::application(store, place).await,
        other => panic!("no such layer: {other}"),
    };
    let port: u16 = port.parse().expect("a port");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    axum::serve(listener, application).await.expect("to serve");
}

/// Signs the cookies of every layer.
const SECRET: &str = "a secret for benches alone, sixty-four bytes long, which is what one of them asks for";
