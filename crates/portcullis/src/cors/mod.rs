//! Which other sites' pages may read the answers.
//!
//! A browser keeps an answer from the script that asked for it, unless the answer says that the script's origin may read it
//! (Fetch, section 3.2). `Access-Control-Allow-Origin: *` together with credentials, an `Origin` that is reflected whatever it
//! is, a pattern without an end (`example\.com`), or `null`, which every sandboxed frame has, let any site read what a
//! signed-in visitor sees.
//!
//! 1. By default the application says who may read, and its answer passes unchanged, unless it allows credentials to `*` or to
//!    `null`: then nobody may read, and the mistake is counted and logged.
//! 2. With [`Config::origin`] the guard says it: the application's `Access-Control-*` fields are taken out, and ours, with the
//!    `Vary` that they need, take their place. Preflights are answered here.
//! 3. An origin that is not let in gets no field, so the browser withholds the answer. The request has been carried out all the
//!    same; with [`Config::refuse_denied`] it is not: 403.
//! 4. `*`, or whoever asks, together with credentials does not build.
//!
//! **What this does not stop**: a request that needs no answer to do harm, which is the `csrf` guard's matter; and an application
//! that reflects any `Origin`, as long as it is the application that says.
//!
//! **What breaks it.** A cache in front that does not heed `Vary`.
//!
//! Follows npm `cors` 2.8 but for what [`Behaviour::Improved`] lists; [`Config::npm_cors`] follows it in that, too.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use portcullis::cors::{Allowed, Config, CorsLayer, Origin};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::default();
//! config.origin = Origin::Only(vec![Allowed::Exact("https://app.example".into())]);
//! config.credentials = true;
//! let app = Router::new().route("/", get(|| async { "hello" })).layer(CorsLayer::new(config)?);
//!
//! for (origin, shared) in [("https://app.example", true), ("https://app.example.evil.test", false)] {
//!     let request = Request::get("/").header("origin", origin).body(Body::empty())?;
//!     let answer = app.clone().oneshot(request).await?;
//!     assert_eq!(answer.headers().contains_key("access-control-allow-origin"), shared);
//!     assert_eq!(answer.headers()["vary"], "Origin");
//! }
//! # Ok(())
//! # }
//! ```

mod config;
mod policy;
mod service;

use std::sync::Arc;

use http::Uri;
use portcullis_rules::{Rule, cors};

use self::policy::Policy;
pub use self::{
    config::{Allowed, Behaviour, Config, Origin},
    policy::Decision,
    service::{CorsFuture, CorsService},
};
use crate::{BoxError, ConfigError};

/// The rules that this makes hold.
pub const ENFORCES: &[&Rule] = &[&cors::WILDCARD_CREDENTIALS];

/// The rules that this makes hold where [`Config::origin`] names the origins.
pub const MITIGATES: &[&Rule] =
    &[&cors::REFLECT_ORIGIN, &cors::WILDCARD, &cors::VARY_MISSING, &cors::MAX_AGE_INEFFECTIVE];

/// The guard as a `tower::Layer`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CorsLayer {
    policy: Option<Arc<Policy>>,
}

impl CorsLayer {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { policy: Some(Arc::new(Policy::new(config)?)) })
    }

    /// A layer that does nothing: the guard's place in a stack where it is switched off.
    pub fn off() -> Self {
        Self { policy: None }
    }

    /// With a function that says of each `Origin`, `None` if there is none, and target whether it may read: npm's `origin` as
    /// a function. If it fails, the answer is 500.
    #[must_use]
    pub fn with_origin(
        mut self,
        decide: impl Fn(Option<&str>, &Uri) -> Result<Decision, BoxError> + Send + Sync + 'static,
    ) -> Self {
        if let Some(policy) = &mut self.policy {
            Arc::make_mut(policy).asking(Arc::new(decide));
        }
        self
    }
}
