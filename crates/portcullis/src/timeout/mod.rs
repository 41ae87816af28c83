//! No request waits for ever, and no client makes it wait.
//!
//! A client that sends its body a byte at a time holds a handler, and often a database connection, for as long as it likes;
//! an upstream that hangs holds the client.
//!
//! A request passes if:
//! 1. its body keeps coming: waiting for the client may take [`Config::body_grace`] in all, and each
//!    [`Config::min_body_bytes_per_second`] received buys another second;
//! 2. the answer's head is there within [`Config::response`] after the body's end;
//! 3. the answer's body never pauses longer than [`Config::idle`];
//! 4. all of it takes at most [`Config::total`].
//!
//! A refusal is 408 (the client was slow; the connection is closed) or 504 (the inner service was). Once the answer has
//! begun, it is cut off visibly.
//!
//! Waiting is counted only while this side is ready to read, so an upstream that takes its time with an upload is not held
//! against the client. Deadlines of a request's head and of the client's reading are [`serve`](mod@crate::serve)'s.
//!
//! **What this does not stop**: a slow handler that answers in time, a million times.
//!
//! ```
//! use std::time::Duration;
//! use axum::{Router, body::Body, http::{Request, StatusCode}, routing::get};
//! use portcullis::timeout::{Config, TimeoutLayer};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut config = Config::default();
//! config.response = Duration::from_millis(50);
//! let app = Router::new()
//!     .route("/", get(|| async { "hello" }))
//!     .route("/hangs", get(|| std::future::pending::<()>()))
//!     .layer(TimeoutLayer::new(config).unwrap());
//! let ask = |path| app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
//! assert_eq!(ask("/").await.unwrap().status(), StatusCode::OK);
//! assert_eq!(ask("/hangs").await.unwrap().status(), StatusCode::GATEWAY_TIMEOUT);
//! # }
//! ```

use std::{sync::Arc, time::Duration};

use portcullis_rules::{Rule, limit};
use serde::Deserialize;

mod request_body;
mod response_body;
mod service;

pub use self::{
    request_body::{BodyTooSlow, PacedBody},
    response_body::{AnswerTooSlow, DeadlineBody},
    service::{Timeout, TimeoutFuture},
};

use crate::{ConfigError, Mode};

/// The rules that this makes hold.
pub const ENFORCES: &[&Rule] = &[&limit::TIMEOUTS_MISSING, &limit::SLOW_CLIENT];

/// How long a request may take in each of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// How long the client may let us wait for its body in all, before what it has sent counts. Default 10 s.
    #[serde(with = "crate::duration")]
    pub body_grace: Duration,
    /// How much a client must send for one more second. Default 500 bytes, as Apache's `mod_reqtimeout`.
    pub min_body_bytes_per_second: u32,
    /// From the end of the request to the head of the answer. Default 30 s.
    #[serde(with = "crate::duration")]
    pub response: Duration,
    /// Between two parts of the answer's body. Default 5 m, so that event streams with a heartbeat live.
    #[serde(with = "crate::duration")]
    pub idle: Duration,
    /// For all of it. Default 1 h.
    #[serde(with = "crate::duration")]
    pub total: Duration,
    /// Refuse, or only count and log.
    pub mode: Mode,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            body_grace: Duration::from_secs(10),
            min_body_bytes_per_second: 500,
            response: Duration::from_secs(30),
            idle: Duration::from_secs(5 * 60),
            total: Duration::from_secs(60 * 60),
            mode: Mode::Enforce,
        }
    }
}

impl Config {
    fn check(&self) -> Result<(), ConfigError> {
        let durations = [
            ("body_grace", self.body_grace),
            ("response", self.response),
            ("idle", self.idle),
            ("total", self.total),
        ];
        for (name, duration) in durations {
            if duration.is_zero() || duration > Duration::from_secs(24 * 60 * 60) {
                return Err(ConfigError::new(
                    name,
                    format!("{duration:?}"),
                    "more than nothing and at most 1d",
                ));
            }
        }
        if self.min_body_bytes_per_second == 0 {
            return Err(ConfigError::new("min_body_bytes_per_second", 0, "at least 1"));
        }
        Ok(())
    }
}

/// The guard as a `tower::Layer`.
#[derive(Debug, Clone)]
pub struct TimeoutLayer {
    config: Option<Arc<Config>>,
}

impl TimeoutLayer {
    /// Checks the bounds.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self { config: Some(Arc::new(config)) })
    }

    /// A layer without deadlines: the guard's place in a stack where it is switched off.
    pub fn off() -> Self {
        Self { config: None }
    }
}

impl<S> tower_layer::Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Timeout::new(inner, self.config.clone())
    }
}

#[cfg(test)]
mod tests;
