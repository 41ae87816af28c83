//! Nobody shares with everybody and with credentials.
//!
//! `Access-Control-Allow-Origin: *` together with `Access-Control-Allow-Credentials: true` says: any site may read what a
//! signed-in visitor sees. Browsers refuse the pair (Fetch, section 3.2.5), so it is always a mistake, and the next step of
//! whoever made it is to reflect the `Origin`, which browsers do not refuse. `null` is what a sandboxed frame of any site sends.
//!
//! An answer passes unchanged unless it allows credentials to `*` or to `null`; then it shares with nobody: its
//! `Access-Control-*` fields are taken out, and the mistake is counted and logged.
//!
//! **What this does not stop**: an application that reflects any `Origin`. Which origins are its own only its owner knows.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use portcullis::cors::{Config, CorsLayer};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! const ORIGIN: &str = "access-control-allow-origin";
//! let app = Router::new()
//!     .route("/public", get(|| async { [(ORIGIN, "*")] }))
//!     .route("/careless", get(|| async { [(ORIGIN, "*"), ("access-control-allow-credentials", "true")] }))
//!     .layer(CorsLayer::new(Config::default()).unwrap());
//! let ask = |path| app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
//! assert!(ask("/public").await.unwrap().headers().contains_key(ORIGIN));
//! assert!(!ask("/careless").await.unwrap().headers().contains_key(ORIGIN));
//! # }
//! ```

use http::{HeaderName, Request, Response, header};
use portcullis_rules::{Rule, cors};
use serde::Deserialize;

use crate::{ConfigError, Guard, GuardLayer, Mode, Refusal, guard::sealed::Sealed, tally};

/// The rules that this makes hold.
pub const ENFORCES: &[&Rule] = &[&cors::WILDCARD_CREDENTIALS];

/// Nothing to choose but whether to act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Act, or only count and log.
    pub mode: Mode,
}

/// The guard as a `tower::Layer`.
pub type CorsLayer = GuardLayer<CorsGuard>;

impl CorsLayer {
    /// Never fails today; as every guard's.
    #[allow(clippy::needless_pass_by_value, reason = "every guard takes its configuration the same way")]
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::from_guard(CorsGuard { mode: config.mode }))
    }
}

/// Takes out what shares too much. Made by [`CorsLayer::new`].
#[derive(Debug)]
pub struct CorsGuard {
    mode: Mode,
}

impl Sealed for CorsGuard {}

impl Guard for CorsGuard {
    type Seen = ();

    fn mode(&self) -> Mode {
        self.mode
    }

    fn request<B>(&self, _: &mut Request<B>) -> Result<(), Refusal> {
        Ok(())
    }

    fn response<B>(&self, (): (), response: &mut Response<B>) {
        let headers = response.headers_mut();
        let Some(credentials) = headers.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) else { return };
        let shares_with_all = headers
            .get_all(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .iter()
            .any(|origin| matches!(origin.as_bytes().trim_ascii(), b"*" | b"null"));
        if credentials != "true" || !shares_with_all {
            return;
        }
        let outcome = match self.mode {
            Mode::Enforce => tally::Outcome::Refused,
            Mode::Report => tally::Outcome::Reported,
        };
        tally::count(&cors::WILDCARD_CREDENTIALS, outcome);
        let rule = cors::WILDCARD_CREDENTIALS.id.as_str();
        tracing::warn!(target: "portcullis::report", rule, "an answer shares with any origin and with credentials");
        if self.mode == Mode::Enforce {
            let sharing: Vec<HeaderName> =
                headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
            for name in sharing {
                headers.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields_left(mode: Mode, origin: &'static str, credentials: &'static str) -> usize {
        let mut response = Response::builder()
            .header("access-control-allow-origin", origin)
            .header("access-control-allow-credentials", credentials)
            .header("access-control-allow-methods", "GET")
            .body(())
            .unwrap();
        CorsGuard { mode }.response((), &mut response);
        response.headers().len()
    }

    #[test]
    fn sharing_with_all_and_with_credentials_becomes_sharing_with_none() {
        assert_eq!(fields_left(Mode::Enforce, "*", "true"), 0);
        assert_eq!(fields_left(Mode::Enforce, "null", "true"), 0);
    }

    #[test]
    fn other_sharing_is_the_applications_own() {
        assert_eq!(fields_left(Mode::Enforce, "https://app.example", "true"), 3);
        assert_eq!(fields_left(Mode::Enforce, "*", "false"), 3);
        assert_eq!(fields_left(Mode::Report, "*", "true"), 3);
    }
}
