//! Nobody asks more often than agreed.
//!
//! Scripts copy a site, try stolen passwords and coupon codes, and use up what is expensive, as fast as the server answers; a
//! client without malice does the same with a bug in its retry loop.
//!
//! A request passes if every policy that means it has room:
//! 1. `general`: 600 a minute for each client address, by default on every path. Ten a second for as long as one likes, or six
//!    pages of a hundred files at once: more than people do, even some behind one address; far less than a script needs.
//! 2. `login`: 20 a minute for each address, for `POST` on paths that look like a login ([`LOGIN_PATHS`]). It counts every try,
//!    whatever the answer: an application that answers 200 to a wrong password cannot be told apart (the [`login`](super::login)
//!    guard is finer where it can).
//! 3. [`Config::policies`]: others, by address, field, cookie, or all together; on some paths, methods or networks.
//!
//! A refusal is 429 (RFC 6585, section 4) with `Retry-After`; 503 while the store is away and [`WhenAway::Closed`] is chosen.
//! Every answer says how much is left in the `RateLimit` fields; of several policies those that were asked.
//!
//! Policies are asked in their order, and the first that refuses is the last: those before have counted the request.
//!
//! **What this does not stop**: many addresses at once. It counts requests, not what they cost: name a `cost` where one is dear.
//! Where nobody knows the address (neither [`Client`](crate::client::Client) nor [`Connection`](crate::Connection) in the
//! extensions), a limit by address does not count; `serve` and the checklist put them there.
//!
//! **What breaks it**: a trust list that believes `X-Forwarded-For` from anybody. A proxy in front that is not in
//! `client.trust_proxy`: everybody then has its address. A limit by field or cookie alone does not build, since a client sends a new
//! one each time.
//!
//! With [`Algorithm::FixedWindow`] it counts as express-rate-limit 8 does. It differs in that the body of a refusal is the `error`
//! guard's, an unknown draft is an error at start, and a store that fails is 503 and not 500.
//!
//! ```
//! use axum::{Router, body::Body, http::{Request, StatusCode}, routing::get};
//! use portcullis::{Connection, limit::rate::{Config, RateLayer}};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::default();
//! config.general.limit = 2;
//! let app = Router::new().route("/", get(|| async { "hello" })).layer(RateLayer::new(config)?);
//!
//! for status in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
//!     let from = Connection { peer: "203.0.113.7:4000".parse()?, ..Connection::UNKNOWN };
//!     let answer = app.clone().oneshot(Request::get("/").extension(from).body(Body::empty())?).await?;
//!     assert_eq!(answer.status(), status);
//!     assert!(answer.headers()["ratelimit"].to_str()?.starts_with("\"2-in-1min\"; r="));
//! }
//! # Ok(())
//! # }
//! ```

mod policy;
mod service;

use std::{sync::Arc, time::Duration};

use http::{StatusCode, request::Parts};
use portcullis_rules::{Rule as CatalogueRule, auth};
use serde::Deserialize;

use self::policy::CompiledPolicy;
pub use self::{
    policy::Policy,
    service::{RateFuture, RateService, Standings},
};
#[allow(unused_imports, reason = "for the page above")]
use super::{Algorithm, store::WhenAway};
use super::{
    Clock,
    fields::Draft,
    store::{self, SharedStore},
};
use crate::{ConfigError, Mode, duration};

/// The rules that this makes hold.
pub const ENFORCES: &[&CatalogueRule] = &[&auth::RATE_LIMIT_GLOBAL, &auth::RATE_LIMIT_LOGIN];

/// Rules this guard softens: the application's own limiter may still go by what a client writes, or count for each process.
pub const MITIGATES: &[&CatalogueRule] = &[&auth::RATE_LIMIT_KEY_SPOOFABLE, &auth::RATE_LIMIT_MEMORY_STORE];

/// How often, and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Refuse, or only count and log.
    pub mode: Mode,
    /// For everything.
    pub general: Policy,
    /// For paths that look like a login.
    pub login: LoginPolicy,
    /// Further ones, asked after those two.
    pub policies: Vec<Policy>,
    /// Which `RateLimit` fields answers carry.
    pub fields: Draft,
    /// Whether they carry `X-RateLimit-*` as well, as older clients read.
    pub legacy_fields: bool,
    /// How many bits of an IPv6 address are one client, 32 to 128. Default 56, what providers give a household.
    pub ipv6_prefix: u8,
    /// The status of a refusal, 400 to 599. Default 429.
    pub status: u16,
    /// What the counters' names begin with: layers of one store and one scope count together where their policies are the same.
    #[serde(skip)]
    pub scope: String,
    /// Where the counters live.
    pub store: store::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            general: Policy::default(),
            login: LoginPolicy::default(),
            policies: Vec::new(),
            fields: Draft::default(),
            legacy_fields: false,
            ipv6_prefix: 56,
            status: StatusCode::TOO_MANY_REQUESTS.as_u16(),
            scope: String::new(),
            store: store::Config::default(),
        }
    }
}

impl Config {
    /// What is off by name, with the reason: what, why.
    pub fn off(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = [("general", &self.general.off), ("login", &self.login.off)];
        named.into_iter().filter_map(|(name, off)| Some((name, off.as_deref()?)))
    }
}

/// The policy of paths that look like a login.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LoginPolicy {
    /// Why there is none.
    pub off: Option<String>,
    /// How many tries in a window. Default 20: an office that signs in at nine behind one address.
    pub limit: u32,
    /// Default: a minute.
    #[serde(deserialize_with = "duration::deserialize")]
    pub window: Duration,
    /// The paths, each with everything below it. Default: [`LOGIN_PATHS`].
    pub paths: Vec<String>,
}

impl Default for LoginPolicy {
    fn default() -> Self {
        Self {
            off: None,
            limit: 20,
            window: Duration::from_secs(60),
            paths: LOGIN_PATHS.map(String::from).to_vec(),
        }
    }
}

pub use super::login::LOGIN_PATHS;

/// The guard as a `tower::Layer`. Cheap to clone: counters are shared.
#[derive(Debug, Clone)]
pub struct RateLayer {
    limiter: Option<Arc<Limiter>>,
}

impl RateLayer {
    /// Checks the configuration and opens its store.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let store = SharedStore::open(&config.store).map_err(|error| error.within("store"))?;
        Self::with_store(config, store)
    }

    /// The same, with a store that is open; [`Config::store`] is not looked at.
    #[allow(clippy::needless_pass_by_value, reason = "every guard takes its configuration the same way")]
    pub fn with_store(config: Config, store: SharedStore) -> Result<Self, ConfigError> {
        let status = StatusCode::from_u16(config.status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
            .ok_or_else(|| ConfigError::new("status", config.status, "from 400 to 599"))?;
        if !(32..=128).contains(&config.ipv6_prefix) {
            return Err(ConfigError::new("ipv6_prefix", config.ipv6_prefix, "from 32 to 128"));
        }
        Ok(Self {
            limiter: Some(Arc::new(Limiter {
                mode: config.mode,
                policies: policy::compile(&config)?,
                draft: config.fields,
                legacy: config.legacy_fields,
                ipv6_prefix: config.ipv6_prefix,
                status,
                store,
                clock: Clock::system(),
                closures: Closures::default(),
            })),
        })
    }

    /// A layer that limits nobody: the guard's place in a stack where it is switched off.
    pub fn off() -> Self {
        Self { limiter: None }
    }

    /// The same, by another clock: for tests.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.changed(|limiter| limiter.clock = clock)
    }

    /// The same, and all policies count by what `key` says: a session's user, a tenant. `None` is not counted.
    ///
    /// What a client can write as it likes is no key; see the page of this module.
    #[must_use]
    pub fn key(self, key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.closures.key = Some(Arc::new(key)))
    }

    /// The same, but requests of which `skip` says yes are not counted.
    #[must_use]
    pub fn skip(self, skip: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.closures.skip = Some(Arc::new(skip)))
    }

    /// The same, but with the limit that `limit` says for this request, where it says one: a paying customer's.
    #[must_use]
    pub fn limit(self, limit: impl Fn(&Parts) -> Option<u32> + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.closures.limit = Some(Arc::new(limit)))
    }

    /// The same, with another opinion on what is a success, for `skip_failed` and `skip_successful`; else a status below 400.
    #[must_use]
    pub fn successful(self, successful: impl Fn(StatusCode) -> bool + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.closures.successful = Some(Arc::new(successful)))
    }

    fn changed(mut self, change: impl FnOnce(&mut Limiter)) -> Self {
        if let Some(limiter) = &mut self.limiter {
            let mut limiter_now = Limiter::clone(limiter);
            change(&mut limiter_now);
            *limiter = Arc::new(limiter_now);
        }
        self
    }
}

/// A checked [`Config`] and its store.
#[derive(Debug, Clone)]
struct Limiter {
    mode: Mode,
    policies: Vec<CompiledPolicy>,
    draft: Draft,
    legacy: bool,
    ipv6_prefix: u8,
    status: StatusCode,
    store: SharedStore,
    clock: Clock,
    closures: Closures,
}

/// What a program says for itself.
#[derive(Clone, Default)]
struct Closures {
    key: Option<Closure<Parts, Option<String>>>,
    skip: Option<Closure<Parts, bool>>,
    limit: Option<Closure<Parts, Option<u32>>>,
    successful: Option<Arc<dyn Fn(StatusCode) -> bool + Send + Sync>>,
}

type Closure<A, R> = Arc<dyn Fn(&A) -> R + Send + Sync>;

impl std::fmt::Debug for Closures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Closures").finish_non_exhaustive()
    }
}
