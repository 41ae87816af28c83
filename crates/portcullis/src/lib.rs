//! The Express production security checklist as tower layers.
//!
//! Every guard is a `tower::Layer` of its own, usable alone on axum or any tower service of HTTP, with production defaults;
//! [`Checklist`] is all of them in the right order. [`serve`](fn@serve) is an accept loop that keeps its deadlines.
//!
//! ```
//! use axum::{Router, body::Body, http::{Request, StatusCode}, routing::{get, post}};
//! use portcullis::Checklist;
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let app = Router::new()
//!     .route("/", get(|| async { ([("set-cookie", "connect.sid=1; Path=/")], "hello") }))
//!     .route("/api", post(|body: String| async { body }))
//!     .layer(Checklist::production());
//!
//! let page = app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
//! assert!(page.headers().contains_key("content-security-policy"));
//! assert!(page.headers()["set-cookie"].to_str().unwrap().starts_with("__Host-"));
//!
//! let large = Request::post("/api").header("content-type", "application/json").body(Body::from(vec![b' '; 20_000]));
//! assert_eq!(app.oneshot(large.unwrap()).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
//! # }
//! ```
//!
//! # How a guard is made
//!
//! Its `Config` is plain data whose `Default` is production; `XLayer::new(config)` checks it once and gives a layer or a
//! [`ConfigError`] with the field's path. A guard that says no puts a [`Refusal`] into the answer's extensions, which is right as
//! it is when the guard stands alone and is given a body by the `error` guard when it does not. In [`Mode::Report`] a guard only
//! counts ([`tally`]) and logs. Its `ENFORCES` are the rules of the catalogue that it makes hold, its `MITIGATES` those that it
//! only softens; `portcullis-audit` proves them from outside.
//!
//! Each module's page says what passes, what a refusal is, and **what it does not stop**. [`manual`] goes the other way: from the
//! attack to what stands against it.
//!
//! # Features
//!
//! `serve` (default): the accept loop and TLS. `static-files` (default): files from a directory. `axum`: the extractors of
//! [`session`]. `sqlite`, `redis`, `postgres`: the stores that need them. With none there is no C compiler and no socket in
//! the build.

pub mod access;
pub mod access_log;
pub mod body;
pub mod checklist;
pub mod client;
pub mod cookie;
pub mod cors;
pub mod csrf;
pub mod duration;
pub mod error;
pub mod header;
pub mod intake;
pub mod limit;
pub mod manual;
pub mod secret;
#[cfg(feature = "serve")]
pub mod serve;
pub mod session;
#[cfg(feature = "static-files")]
pub mod static_files;
pub mod store;
pub mod tally;
pub mod timeout;

mod config_error;
mod connection;
mod content_coding;
mod guard;
mod mode;
mod refusal;
mod request_id;
mod request_rule;

#[cfg(feature = "serve")]
pub use self::serve::serve;
pub use self::{
    checklist::Checklist,
    config_error::ConfigError,
    connection::Connection,
    guard::{Guard, GuardLayer, Guarded, GuardedFuture},
    mode::Mode,
    refusal::Refusal,
    request_id::RequestId,
};

/// Any error, on its way through a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
