//! Who may reach what: by path, method and client address.
//!
//! An app's own checks sit behind its router; this stands before it, for what the internet should never reach: an admin
//! panel, metrics, a debug page.
//!
//! A request passes if:
//! 1. an `allow` rule matches it, or
//! 2. no `deny` rule matches it.
//!
//! That is the whole logic: allow makes exceptions from deny. A rule matches if everything it names matches: `path`,
//! `methods`, `clients`. Paths are matched on the canonical path, in its widest reading (see [`crate::intake::path`]), and
//! without regard to case, since Express routes so: `/ADMIN` reaches the handler of `/admin`.
//!
//! A refusal is 403, or 404 to hide that there is anything.
//!
//! **What this does not stop**: access that depends on who is signed in. **What breaks it**: a trust list that believes
//! `X-Forwarded-For` from anybody, where rules name `clients`.
//!
//! ```
//! use axum::{Router, body::Body, http::{Request, StatusCode}, routing::get};
//! use portcullis::access::{AccessLayer, Config, Rule};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut config = Config::default();
//! config.deny.push(Rule::path("/admin"));
//! let app = Router::new()
//!     .route("/{*path}", get(|| async { "hello" }))
//!     .layer(AccessLayer::new(config).unwrap());
//! let ask = |path| app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
//! assert_eq!(ask("/shop").await.unwrap().status(), StatusCode::OK);
//! assert_eq!(ask("/Admin/users").await.unwrap().status(), StatusCode::FORBIDDEN);
//! # }
//! ```

use http::{Request, Response, StatusCode};
use portcullis_rules::{Rule as CatalogueRule, authz};
use serde::Deserialize;

pub use crate::request_rule::Rule;
use crate::{
    ConfigError, Guard, GuardLayer, Mode, Refusal,
    guard::sealed::Sealed,
    intake::{MatchedPath, path::canonical},
    request_rule::{CompiledRule, client_address},
};

/// The rules that this makes hold.
pub const ENFORCES: &[&CatalogueRule] = &[&authz::INTERNAL_ENDPOINT_EXPOSED, &authz::PATH_CONFUSION];

/// What is denied, and the exceptions. Default: nothing is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// What is refused.
    pub deny: Vec<Rule>,
    /// What is let through all the same.
    pub allow: Vec<Rule>,
    /// Whether `/Admin` is another path than `/admin`. Default: no.
    pub case_sensitive: bool,
    /// Answer 404 and not 403.
    pub hide: bool,
    /// Refuse, or only count and log.
    pub mode: Mode,
}

/// The guard as a `tower::Layer`.
pub type AccessLayer = GuardLayer<AccessGuard>;

impl AccessLayer {
    /// Checks the lists.
    #[allow(clippy::needless_pass_by_value, reason = "every guard takes its configuration the same way")]
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let compile = |rules: &[Rule], list: &str| {
            let compile = |(index, rule)| {
                CompiledRule::new(rule, config.case_sensitive)
                    .map_err(|error: ConfigError| error.within(&format!("{list}[{index}]")))
            };
            rules.iter().enumerate().map(compile).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self::from_guard(AccessGuard {
            deny: compile(&config.deny, "deny")?,
            allow: compile(&config.allow, "allow")?,
            case_sensitive: config.case_sensitive,
            status: if config.hide { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN },
            mode: config.mode,
        }))
    }
}

/// Decides on path, method and address. Made by [`AccessLayer::new`].
#[derive(Debug)]
pub struct AccessGuard {
    deny: Vec<CompiledRule>,
    allow: Vec<CompiledRule>,
    case_sensitive: bool,
    status: StatusCode,
    mode: Mode,
}

impl Sealed for AccessGuard {}

impl Guard for AccessGuard {
    type Seen = ();

    fn mode(&self) -> Mode {
        self.mode
    }

    fn request<B>(&self, request: &mut Request<B>) -> Result<(), Refusal> {
        if self.deny.is_empty() {
            return Ok(());
        }
        // Behind intake the path is canonical already; used alone, it is made so here.
        let canonical = canonical(MatchedPath::of(request));
        let Ok(canonical) = &canonical else {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                &authz::PATH_CONFUSION,
                "path with more than one reading",
            ));
        };
        let path = canonical.matched();
        let client = client_address(request.extensions());
        let matches = |rule: &CompiledRule| {
            rule.matches(request.method(), client, self.case_sensitive, || Some(path)) == Some(true)
        };
        if self.deny.iter().any(matches) && !self.allow.iter().any(matches) {
            return Err(Refusal::new(
                self.status,
                &authz::INTERNAL_ENDPOINT_EXPOSED,
                "denied by an access rule",
            ));
        }
        Ok(())
    }

    fn response<B>(&self, (): (), _: &mut Response<B>) {}
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::Connection;

    fn guard(deny: &[Rule], allow: &[Rule]) -> AccessGuard {
        let config = Config { deny: deny.to_vec(), allow: allow.to_vec(), ..Config::default() };
        let compile =
            |rules: &[Rule]| rules.iter().map(|rule| CompiledRule::new(rule, false).unwrap()).collect();
        AccessGuard {
            deny: compile(deny),
            allow: compile(allow),
            case_sensitive: false,
            status: StatusCode::FORBIDDEN,
            mode: config.mode,
        }
    }

    fn passes(guard: &AccessGuard, method: &str, path: &str) -> bool {
        guard.request(&mut Request::builder().method(method).uri(path).body(()).unwrap()).is_ok()
    }

    #[test]
    fn a_path_covers_what_is_below_it_and_nothing_beside_it() {
        let guard = guard(&[Rule::path("/admin")], &[]);
        for denied in [
            "/admin",
            "/admin/",
            "/admin/x",
            "/ADMIN/x",
            "/x/../admin",
            "/%61dmin",
            "//admin",
            "/admin;a/x",
            "/%2Fadmin",
        ] {
            assert!(!passes(&guard, "GET", denied), "{denied}");
        }
        for open in ["/", "/administrator", "/x/admin"] {
            assert!(passes(&guard, "GET", open), "{open}");
        }
    }

    #[test]
    fn allow_makes_exceptions_from_deny() {
        let writes = Rule { methods: vec!["POST".to_owned()], ..Rule::default() };
        let guard = guard(&[writes], &[Rule::path("/api*")]);
        assert!(passes(&guard, "GET", "/x"));
        assert!(!passes(&guard, "POST", "/x"));
        assert!(passes(&guard, "POST", "/api-v2/x"));
    }

    #[test]
    fn clients_are_matched_by_network() {
        let guard = guard(&[Rule { clients: vec!["192.0.2.0/24".to_owned()], ..Rule::default() }], &[]);
        let mut request = Request::new(());
        assert!(guard.request(&mut request).is_ok(), "an unknown client matches no network");
        request
            .extensions_mut()
            .insert(Connection { peer: "192.0.2.7:1".parse().unwrap(), ..Connection::UNKNOWN });
        assert!(guard.request(&mut request).is_err());
    }

    #[test]
    fn a_rule_that_can_never_match_is_an_error() {
        for (rule, path) in [
            (Rule::default(), "deny[0]"),
            (Rule::path("admin"), "deny[0].path"),
            (Rule::path("/a/../b"), "deny[0].path"),
            (Rule::path("/%61"), "deny[0].path"),
            (Rule { methods: vec!["post".to_owned()], ..Rule::default() }, "deny[0].methods"),
            (Rule { clients: vec!["10.0.0.0/33".to_owned()], ..Rule::default() }, "deny[0].clients"),
        ] {
            let error = AccessLayer::new(Config { deny: vec![rule], ..Config::default() }).unwrap_err();
            assert_eq!(error.path(), path);
        }
    }
}
