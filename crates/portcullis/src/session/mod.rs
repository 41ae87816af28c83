//! Sessions on the server, in express-session's wire formats.
//!
//! The browser holds a signed random id, the store what belongs to it. The cookie (`s:` id, signature) and the stored
//! JSON are express-session's, byte for byte, so a Rust app and an Express app with one secret and one store share their
//! users: a team moves over one route at a time.
//!
//! 1. A request's cookie counts if its signature is right. The store is asked when a handler first uses the [`Session`].
//! 2. An id that the store does not know is never taken over: what is put in then begins a session with a fresh id, so
//!    nobody can plant one.
//! 3. What a handler changed is stored before the head of the response goes out; only then is it acknowledged.
//! 4. Nothing is stored, and no cookie is sent, for a visitor of whom nothing was put in.
//! 5. At login call [`Session::renew`] or [`Session::regenerate`], at logout [`Session::destroy`].
//!
//! **When the store is away**, requests that use no session are not touched. Those that do get an error in the handler
//! ([`SessionError`], 503 if it is passed on), within the store's deadline. A change that cannot be stored makes the
//! answer 503, with `Retry-After`; nothing is acknowledged that is not kept.
//!
//! **What this does not stop.** A stolen cookie is the user's for as long as the session lasts: `HttpOnly`, `Secure`, TLS
//! and a short [`Config::absolute_lifetime`] are what stands against it. A login that does not call `renew` keeps the
//! visitor's id. Changes that a handler makes while the body is already streaming are not stored unless it calls
//! [`Session::save`]; they are logged.
//!
//! **What breaks it.** A secret that differs between machines logs everybody out at every second request. A proxy in front
//! that ends TLS and is not trusted by the `client` guard makes every connection look insecure: the cookie is withheld,
//! and the log says so once.
//!
//! Follows npm `express-session` 1.19 but for what [`Behaviour::Improved`] lists; [`Config::express_session`] follows it
//! in that, too.
//!
//! ```
//! use std::sync::Arc;
//! use axum::{Extension, Router, body::Body, http::{Request, header}, routing::get};
//! use portcullis::{secret::Secrets, session::{Config, Session, SessionError, SessionLayer, store::MemoryStore}};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async fn login(Extension(session): Extension<Session>) -> Result<&'static str, SessionError> {
//!     session.renew().await?; // what the visitor had goes on under an id that nobody else knows
//!     session.set("user", "alice").await?;
//!     Ok("welcome")
//! }
//! async fn whoami(Extension(session): Extension<Session>) -> Result<String, SessionError> {
//!     Ok(session.get::<String>("user").await?.unwrap_or_default())
//! }
//!
//! let secrets = Secrets::new(["WTlOXTZsKhJ5cjI4fYFqGZ7n0mBLpDvR"])?; // in production `Secrets::from_env`
//! let mut config = Config::default();
//! config.dangerous_allow_insecure = true; // there is no TLS in this example
//! let app = Router::new()
//!     .route("/login", get(login))
//!     .route("/", get(whoami))
//!     .layer(SessionLayer::new(config, &secrets, Arc::new(MemoryStore::for_tests()))?);
//!
//! let answer = app.clone().oneshot(Request::get("/login").body(Body::empty())?).await?;
//! let cookie = answer.headers()[header::SET_COOKIE].to_str()?.split(';').next().unwrap_or_default().to_owned();
//! for (cookie, user) in [(cookie.as_str(), "alice"), ("sid=s%3Aguessed.x", ""), ("", "")] {
//!     let request = Request::get("/").header(header::COOKIE, cookie).body(Body::empty())?;
//!     let answer = app.clone().oneshot(request).await?;
//!     assert!(!answer.headers().contains_key(header::SET_COOKIE));
//!     assert_eq!(axum::body::to_bytes(answer.into_body(), 100).await?, user);
//! }
//! # Ok(())
//! # }
//! ```

mod commit;
mod config;
pub mod cookie_session;
mod csrf_secret;
mod data;
mod error;
mod handle;
mod id;
mod live;
mod record;
mod service;
pub mod store;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use http::request::Parts;
use portcullis_rules::{Rule, cookie};

pub use self::{
    config::{Behaviour, Config, CookieConfig, Proxy, SameSitePolicy, Secure, Unset},
    error::SessionError,
    handle::Session,
    record::Malformed,
    service::{SessionFuture, SessionService},
    store::Store,
};
use crate::{ConfigError, cookie::SignatureKeys, secret::Secrets};

/// Rules this guard makes hold for its own cookie and its own sessions.
pub const ENFORCES: &[&Rule] = &[
    &cookie::SECURE_MISSING,
    &cookie::HTTPONLY_MISSING,
    &cookie::SAMESITE_MISSING,
    &cookie::PREFIX_MISSING,
    &cookie::SESSION_DEFAULT_NAME,
    &cookie::SAVE_UNINITIALIZED,
    &cookie::LIFETIME_TOO_LONG,
    &cookie::EXPIRES_AT_BOOT,
];

/// Rules this guard softens: an id that was never issued is never taken over, but it is the application that must
/// renew it at login.
pub const MITIGATES: &[&Rule] = &[&cookie::SESSION_FIXATION];

/// Sessions as a `tower::Layer`. Handlers find the [`Session`] in the request's extensions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SessionLayer {
    policy: Arc<Policy>,
}

impl SessionLayer {
    /// Checks the configuration. Of the secrets the first signs and all verify.
    pub fn new(config: Config, secrets: &Secrets, store: Arc<dyn Store>) -> Result<Self, ConfigError> {
        config.check()?;
        let policy = Policy {
            config,
            keys: Arc::new(SignatureKeys::new(secrets)),
            store,
            clock: Arc::new(SystemTime::now),
            new_id: None,
            cookie_for: None,
            said: Arc::default(),
        };
        Ok(Self { policy: Arc::new(policy) })
    }

    /// With another clock: for tests, which let time pass without waiting.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.changed(|policy| policy.clock = Arc::new(clock))
    }

    /// With ids of one's own: express-session's `genid`. They must be unguessable; 1 to 512 bytes.
    #[must_use]
    pub fn with_id_generator(self, generate: impl Fn(&Parts) -> String + Send + Sync + 'static) -> Self {
        self.changed(|policy| policy.new_id = Some(Arc::new(generate)))
    }

    /// With attributes that depend on the request: express-session's `cookie` as a function. Attributes that no cookie
    /// can carry are logged, and the cookie is not sent.
    #[must_use]
    pub fn with_cookie_for(self, cookie: impl Fn(&Parts) -> CookieConfig + Send + Sync + 'static) -> Self {
        self.changed(|policy| policy.cookie_for = Some(Arc::new(cookie)))
    }

    /// Where the sessions are.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.policy.store
    }

    fn changed(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(Arc::make_mut(&mut self.policy));
        self
    }
}

/// The configuration with what it needs at run time.
#[derive(Clone)]
struct Policy {
    config: Config,
    keys: Arc<SignatureKeys>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    new_id: Option<Arc<NewId>>,
    cookie_for: Option<Arc<CookieFor>>,
    said: Arc<Said>,
}

type NewId = dyn Fn(&Parts) -> String + Send + Sync;
type CookieFor = dyn Fn(&Parts) -> CookieConfig + Send + Sync;

/// What goes to the log once in the life of the process, not once a request.
#[derive(Default)]
struct Said {
    insecure: AtomicBool,
    invalid: AtomicBool,
}

impl Said {
    /// A `Secure` cookie does not go out on a connection that is not.
    fn withheld(&self) {
        if Self::first(&self.insecure) {
            tracing::error!(
                target: "portcullis::session",
                "the session cookie is withheld: it is `Secure`, and the client's connection does not look secure. If a \
                 proxy in front ends TLS, name it in the `client` guard's `trust_proxy`"
            );
        }
    }

    /// Whether this is the first time.
    fn first(flag: &AtomicBool) -> bool {
        !flag.swap(true, Ordering::Relaxed)
    }
}

impl Policy {
    fn now(&self) -> SystemTime {
        (self.clock)()
    }

    fn improved(&self) -> bool {
        self.config.behaviour == Behaviour::Improved
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("config", &self.config)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
