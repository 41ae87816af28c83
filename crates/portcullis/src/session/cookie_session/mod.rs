//! Sessions in the cookie itself: nothing is kept on the server.
//!
//! By default what is in it is sealed ([`EncryptionKeys`]): the client can neither read nor change it, and the time inside
//! ends it however long a client keeps it. [`Config::cookie_session`] reads and writes what npm `cookie-session` 2.1 does:
//! base64 that everybody can read, and a signature in a second cookie.
//!
//! 1. A cookie counts if it opens (or its signature is right) and neither lifetime is over. Any other is as if absent.
//! 2. A handler reads and changes the [`CookieSession`] in the request's extensions.
//! 3. The cookie is sent if something was changed, or it is time to move its end.
//! 4. What no browser would keep, 4,093 bytes with its attributes, is refused where the handler puts it in.
//!
//! **What this does not stop.** A cookie cannot be taken back: whoever has a copy of one has the session until its end, after
//! a logout as well. Of two parallel requests the last answer's cookie counts. Where either matters, keep the session on the
//! server ([`SessionLayer`](super::SessionLayer)). In the compatible format the client reads everything, and a copy lives as
//! long as the secret.
//!
//! **What breaks it.** As with every session: secrets that differ between machines, and a proxy that is not trusted.
//!
//! ```
//! use axum::{Extension, Router, body::Body, http::{Request, header}, routing::get};
//! use portcullis::{
//!     secret::Secrets,
//!     session::cookie_session::{Config, CookieSession, CookieSessionError, CookieSessionLayer},
//! };
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async fn visits(Extension(session): Extension<CookieSession>) -> Result<String, CookieSessionError> {
//!     let visits = session.get::<u32>("visits")?.unwrap_or_default() + 1;
//!     session.set("visits", visits)?;
//!     Ok(visits.to_string())
//! }
//!
//! let secrets = Secrets::new(["WTlOXTZsKhJ5cjI4fYFqGZ7n0mBLpDvR"])?;
//! let mut config = Config::default();
//! config.dangerous_allow_insecure = true; // there is no TLS in this example
//! let app = Router::new().route("/", get(visits)).layer(CookieSessionLayer::new(config, &secrets)?);
//!
//! let first = app.clone().oneshot(Request::get("/").body(Body::empty())?).await?;
//! let cookie = first.headers()[header::SET_COOKIE].to_str()?.split(';').next().unwrap_or_default().to_owned();
//! for (cookie, visits) in [(cookie.as_str(), "2"), (&cookie[..cookie.len() - 1], "1")] {
//!     let request = Request::get("/").header(header::COOKIE, cookie).body(Body::empty())?;
//!     let answer = app.clone().oneshot(request).await?;
//!     assert_eq!(axum::body::to_bytes(answer.into_body(), 100).await?, visits);
//! }
//! # Ok(())
//! # }
//! ```

mod attributes;
mod handle;
mod service;
mod wire;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use portcullis_rules::{Rule, cookie};

use self::wire::Wire;
pub use self::{
    handle::{CookieSession, CookieSessionError},
    service::{CookieSessionFuture, CookieSessionService},
};
use crate::{
    ConfigError,
    cookie::{EncryptionKeys, Keygrip, NewCookie, Priority, SameSite},
    secret::Secrets,
    session::{Said, Secure},
};

/// Rules this guard makes hold for its own cookie, in its default format.
pub const ENFORCES: &[&Rule] = &[
    &cookie::CLIENT_SIDE_DATA,
    &cookie::SECURE_MISSING,
    &cookie::HTTPONLY_MISSING,
    &cookie::SAMESITE_MISSING,
    &cookie::PREFIX_MISSING,
    &cookie::SESSION_DEFAULT_NAME,
    &cookie::TOO_LARGE,
];

/// The cookie and how it is written. The default is production.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The cookie's name. Default `__Host-session`.
    pub name: String,
    /// How the session is written. Default [`Format::Encrypted`].
    pub format: Format,
    /// `Path`. Default `/`.
    pub path: String,
    /// `Domain`. Default none.
    pub domain: Option<String>,
    /// `Secure`. Default [`Secure::Always`]; [`Secure::Unset`] is what [`Secure::Auto`] is.
    pub secure: Secure,
    /// `HttpOnly`. Default yes.
    pub http_only: bool,
    /// `SameSite`. Default `Lax`.
    pub same_site: Option<SameSite>,
    /// `Priority`. Default none.
    pub priority: Option<Priority>,
    /// `Partitioned` (CHIPS). Default no.
    pub partitioned: bool,
    /// How long a session lasts: encrypted, from its last use, and whatever the client keeps; in the compatible format,
    /// from its last change, and as long as the client likes. Default one hour. `None`: until the browser is closed.
    pub max_age: Option<Duration>,
    /// A fixed end, in place of `max_age`. Default none.
    pub expires: Option<SystemTime>,
    /// The end of every encrypted session, however busy it is. Default 12 hours.
    pub absolute_lifetime: Option<Duration>,
    /// How far the end of an encrypted session lags behind use at most. Default one minute.
    pub touch_after: Duration,
    /// The largest `Set-Cookie` field, in bytes, attributes included. Default 4093, what every browser keeps.
    pub max_bytes: usize,
    /// On connections without TLS, send the cookie without `Secure` and without the prefix of its name: for development.
    pub dangerous_allow_insecure: bool,
}

/// How a session is written into its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Sealed with [`EncryptionKeys`].
    #[default]
    Encrypted,
    /// base64 of JSON, and keygrip's signature in `name.sig`: what npm `cookie-session` reads and writes. **Everybody can
    /// read it**, and a copy never ends.
    DangerousCookieSession,
    /// The same without a signature: everybody can change it (`signed: false`).
    DangerousUnsigned,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "__Host-session".into(),
            format: Format::Encrypted,
            path: "/".into(),
            domain: None,
            secure: Secure::Always,
            http_only: true,
            same_site: Some(SameSite::Lax),
            priority: None,
            partitioned: false,
            max_age: Some(Duration::from_secs(60 * 60)),
            expires: None,
            absolute_lifetime: Some(Duration::from_secs(12 * 60 * 60)),
            touch_after: Duration::from_secs(60),
            max_bytes: 4093,
            dangerous_allow_insecure: false,
        }
    }
}

impl Config {
    /// The defaults of npm `cookie-session`, to share its sessions or to move away from it.
    pub fn cookie_session() -> Self {
        Self {
            name: "session".into(),
            format: Format::DangerousCookieSession,
            secure: Secure::Auto,
            same_site: None,
            max_age: None,
            absolute_lifetime: None,
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |path: &str, value: &dyn fmt::Debug, right: &str| {
            Err(ConfigError::new(path, format!("{value:?}"), right))
        };
        let sample = |change: &dyn Fn(&mut NewCookie)| {
            let mut cookie = NewCookie::default();
            change(&mut cookie);
            cookie.serialize("a", "").is_err()
        };
        if NewCookie::default().serialize(&self.name, "").is_err() {
            return wrong("name", &self.name, "a cookie name: letters, digits and !#$%&'*+-.^_`|~");
        }
        if !self.path.starts_with('/') || sample(&|cookie| cookie.path = Some(self.path.clone())) {
            return wrong("path", &self.path, "an absolute path, such as `/`");
        }
        if sample(&|cookie| cookie.domain.clone_from(&self.domain)) {
            return wrong("domain", &self.domain, "a host name");
        }
        if self.max_age == Some(Duration::ZERO) {
            return wrong("max_age", &self.max_age, "longer than nothing");
        }
        if self.absolute_lifetime == Some(Duration::ZERO) {
            return wrong("absolute_lifetime", &self.absolute_lifetime, "longer than nothing");
        }
        if self.format == Format::Encrypted
            && self.max_age.is_some_and(|lifetime| self.touch_after >= lifetime)
        {
            return wrong("touch_after", &self.touch_after, "shorter than `max_age`");
        }
        if self.name.starts_with("__Host-") && (self.path != "/" || self.domain.is_some()) {
            return wrong("name", &self.name, "one without `__Host-`, or the path `/` and no domain");
        }
        if self.name.starts_with("__") && self.secure != Secure::Always {
            return wrong("secure", &self.secure, "`Always` with a name that begins with `__`");
        }
        if self.max_bytes < 256 {
            return wrong("max_bytes", &self.max_bytes, "at least 256");
        }
        Ok(())
    }
}

/// Cookie sessions as a `tower::Layer`. Handlers find the [`CookieSession`] in the request's extensions.
#[derive(Debug, Clone)]
pub struct CookieSessionLayer {
    policy: Arc<Policy>,
}

impl CookieSessionLayer {
    /// Checks the configuration. Of the secrets the first seals or signs, and all open or verify.
    pub fn new(config: Config, secrets: &Secrets) -> Result<Self, ConfigError> {
        config.check()?;
        let wire = match config.format {
            Format::Encrypted => Wire::Encrypted(EncryptionKeys::new(secrets, "cookie session")),
            Format::DangerousCookieSession => Wire::Signed(Keygrip::new(secrets.clone())),
            Format::DangerousUnsigned => Wire::Plain,
        };
        let policy = Policy { config, wire, clock: Arc::new(SystemTime::now), said: Arc::default() };
        Ok(Self { policy: Arc::new(policy) })
    }

    /// With another clock: for tests, which let time pass without waiting.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.policy).clock = Arc::new(clock);
        self
    }
}

#[derive(Clone)]
struct Policy {
    config: Config,
    wire: Wire,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    said: Arc<Said>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("config", &self.config).finish_non_exhaustive()
    }
}
