//! Cookies leave with the attributes that keep them, and sessions under names that nobody else can set.
//!
//! A session cookie without `Secure` is read off the first plain request, one without `HttpOnly` by the first injected
//! script, one without `SameSite` rides on other sites' requests; a default name tells which framework to attack; and a
//! sibling subdomain can plant a session of its own under any name without the `__Host-` prefix.
//!
//! What happens to each `Set-Cookie` of a response:
//!
//! 1. One that is no cookie (no name, control bytes) is dropped and logged.
//! 2. `Secure` is added; `HttpOnly` is added where the name says session ([`looks_like_session`]) or as
//!    [`Config::http_only`] says; `SameSite=Lax` is added where there is none or a wrong one. What the application says
//!    itself stays: `SameSite=None`, `Partitioned`, and attributes that nobody knows yet, in their order.
//! 3. A default session name ([`DEFAULT_SESSION_NAMES`], [`Config::rename`]) becomes a generic one: `__Host-sid-1` if the
//!    cookie has `Path=/` and no `Domain`, else `__Secure-sid-1`. keygrip's `.sig` is renamed with it. A deletion is a
//!    cookie like any other, so it deletes the renamed one.
//! 4. One that is to be sealed ([`Config::seal`]) is; one that lasts too long ([`Config::max_age`]) is shortened.
//! 5. One above [`Config::max_bytes`] is logged and counted; browsers drop it.
//!
//! What happens to the `Cookie` fields of a request:
//!
//! 1. Renamed cookies get their own names back, so the application never notices.
//! 2. A cookie that comes under the original name is dropped: since the rename only somebody else can have set it
//!    ([`Config::accept_original_names`] for the time of a migration).
//! 3. Of several spellings of one session `__Host-` goes before `__Secure-`. If the same spelling comes twice with
//!    different values, nobody can say which is the user's, and none goes on.
//! 4. A sealed cookie is opened; one that does not open, or is too old, is dropped.
//! 5. Several `Cookie` fields become one (RFC 9113, section 8.2.3).
//!
//! Nothing is refused. In report mode nothing is changed either, and what would have been is counted and logged. Values
//! never reach the log.
//!
//! **What this does not stop.** A session cookie under a name that does not look like one keeps whatever `HttpOnly` the
//! application gave it, and its name. Neither the session's lifetime nor its renewal at login is seen from here.
//!
//! A sibling host that speaks TLS can set a `__Secure-` cookie with a `Domain`, which counts as long as the user has no
//! `__Host-` one; [`Config::require_host_prefix`] stops that where the application never uses `Domain`.
//!
//! **What breaks it.** A script that reads a session cookie, or a load balancer in front that goes by its name. Turning
//! the guard on or off logs everybody out once, unless `accept_original_names` is set for a while.
//!
//! Follows RFC 6265bis. [`Cookies`], [`NewCookie`] and [`SignatureKeys`] read, write and sign byte for byte as npm
//! `cookie` 0.7, Express's `res.cookie` and `cookie-signature` 1.2 do.
//!
//! ```
//! use axum::{Router, body::Body, http::{Request, header}, routing::get};
//! use portcullis::cookie::{Config, CookieLayer};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/login", get(|| async { [(header::SET_COOKIE, "connect.sid=s%3A1; Path=/")] }))
//!     .route("/", get(|request: Request<Body>| async move {
//!         request.headers().get(header::COOKIE).map_or(String::new(), |field| field.to_str().unwrap().to_owned())
//!     }))
//!     .layer(CookieLayer::new(Config::default())?);
//!
//! let login = app.clone().oneshot(Request::get("/login").body(Body::empty())?).await?;
//! assert_eq!(
//!     login.headers()[header::SET_COOKIE],
//!     "__Host-sid-1=s%3A1; Path=/; Secure; HttpOnly; SameSite=Lax"
//! );
//!
//! // What the browser sends back reaches the application as its own; what a sibling host planted does not.
//! for (sent, seen) in [("theme=dark; __Host-sid-1=s%3A1", "theme=dark; connect.sid=s%3A1"), ("connect.sid=evil", "")] {
//!     let request = Request::get("/").header(header::COOKIE, sent).body(Body::empty())?;
//!     let response = app.clone().oneshot(request).await?;
//!     assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, seen);
//! }
//! # Ok(())
//! # }
//! ```

mod encryption;
mod incoming;
mod keygrip;
mod name;
mod outgoing;
mod parse;
mod seal;
mod serialize;
mod set_cookie;
mod signature;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use http::{Request, Response};
use portcullis_rules::{Rule, cookie};
use serde::{Deserialize, Serialize};

pub use self::{
    encryption::{EncryptionKeys, NoRandomness, NotSealed, Opened},
    keygrip::{Algorithm, Encoding, Keygrip},
    name::{DEFAULT_SESSION_NAMES, NewName, looks_like_session},
    parse::{Cookies, Pair, json, pairs},
    seal::SealConfig,
    serialize::{InvalidCookie, NewCookie, Priority, SameSite},
    set_cookie::{Attribute, Malformed, SetCookie},
    signature::{SignatureKeys, Signed, sign, unsign},
};
use self::{
    name::{Renames, Slot},
    seal::Sealer,
};
use crate::{
    ConfigError, Connection, Mode, Refusal, RequestId,
    client::Client,
    guard::{Guard, GuardLayer, sealed::Sealed},
};

/// Rules this guard makes hold.
pub const ENFORCES: &[&Rule] = &[
    &cookie::SECURE_MISSING,
    &cookie::HTTPONLY_MISSING,
    &cookie::SAMESITE_MISSING,
    &cookie::SESSION_DEFAULT_NAME,
];

/// Rules this guard softens: only the sessions it renames get a prefix, and only they cannot be planted; only the cookies
/// that it is told of are sealed or shortened.
pub const MITIGATES: &[&Rule] = &[
    &cookie::PREFIX_MISSING,
    &cookie::SESSION_FIXATION,
    &cookie::CLIENT_SIDE_DATA,
    &cookie::LIFETIME_TOO_LONG,
];

/// What cookies must look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "plain data: each is one switch of the section")]
pub struct Config {
    /// `report` changes nothing, counts and logs.
    pub mode: Mode,
    /// Which cookies get `HttpOnly`.
    pub http_only: HttpOnly,
    /// Whether the [`DEFAULT_SESSION_NAMES`] are renamed. Default: yes.
    pub rename_default_names: bool,
    /// Further cookies to rename, or other new names for the defaults: the application's name to the browser's. A new
    /// name that begins with `__Host-` becomes `__Secure-` where the cookie's attributes forbid it.
    pub rename: BTreeMap<String, NewName>,
    /// Let sessions in under their original names as well, for users who logged in before the guard was there. While
    /// this is on, a sibling subdomain can plant a session. Default: no.
    pub accept_original_names: bool,
    /// Let a session in under `__Host-` only, never under `__Secure-`. Closes what the page of this module says about
    /// sibling hosts, and is right for an application that sets its sessions with `Path=/` and without `Domain`, as
    /// express-session and cookie-session do by default; a session set otherwise is logged and never comes back.
    /// Default: no.
    pub require_host_prefix: bool,
    /// Cookies that are sealed on the way out and opened on the way in, so that the browser can neither read nor change
    /// them; one that does not open never reaches the application. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<SealConfig>,
    /// The longest that a cookie may last, by the application's name for it, as `{ "connect.sid" = "8h" }`: what lasts
    /// longer, or until the browser is closed, is shortened. Of a sealed one it is kept whatever the browser keeps,
    /// counted from when the application set it last. Default: none.
    #[serde(deserialize_with = "crate::duration::deserialize_map")]
    pub max_age: BTreeMap<String, Duration>,
    /// The largest `Set-Cookie`, in bytes, attributes included, that is not reported. Default 4093, what every browser
    /// of the last twenty years kept; RFC 6265bis, section 5.6 has today's limit, 4096 for name and value.
    pub max_bytes: usize,
    /// Leave cookies without `Secure` and without a prefix on connections without TLS (by [`Client::secure`]): for
    /// development with a browser that refuses `Secure` on `http://localhost`.
    pub dangerous_allow_insecure: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            http_only: HttpOnly::Sessions,
            rename_default_names: true,
            rename: BTreeMap::new(),
            accept_original_names: false,
            require_host_prefix: false,
            seal: None,
            max_age: BTreeMap::new(),
            max_bytes: 4093,
            dangerous_allow_insecure: false,
        }
    }
}

/// Which cookies get `HttpOnly`: `"sessions"`, `{ sessions_but = ["login_hint"] }` or `{ all_but = ["theme"] }`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpOnly {
    /// Those that are renamed, and those whose name looks like a session ([`looks_like_session`]).
    #[default]
    Sessions,
    /// The same without these, which scripts must read.
    SessionsBut(Vec<String>),
    /// Every cookie but these, which scripts must read.
    AllBut(Vec<String>),
}

/// The guard as a `tower::Layer`.
pub type CookieLayer = GuardLayer<CookieGuard>;

impl CookieLayer {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        CookieGuard::new(config).map(Self::from_guard)
    }
}

/// Mends the cookies. Made by [`CookieLayer::new`].
#[derive(Debug)]
pub struct CookieGuard {
    mode: Mode,
    http_only: HttpOnly,
    renames: Renames,
    accept_original_names: bool,
    require_host_prefix: bool,
    sealer: Option<Sealer>,
    max_bytes: usize,
    allow_insecure: bool,
}

impl CookieGuard {
    fn new(config: Config) -> Result<Self, ConfigError> {
        let renames =
            Renames::new(config.rename_default_names, &config.rename, config.dangerous_allow_insecure)?;
        if config.max_bytes == 0 {
            return Err(ConfigError::new("max_bytes", 0, "at least 1"));
        }
        Ok(Self {
            mode: config.mode,
            http_only: config.http_only,
            renames,
            accept_original_names: config.accept_original_names,
            require_host_prefix: config.require_host_prefix,
            sealer: Sealer::new(config.seal, config.max_age)?,
            max_bytes: config.max_bytes,
            allow_insecure: config.dangerous_allow_insecure,
        })
    }
}

/// What the answer's turn must know about the request.
#[derive(Debug, Default)]
pub struct Seen {
    request: Option<RequestId>,
    /// No TLS, and that is allowed.
    plain: bool,
    /// Sessions that came under their original names.
    original_names: Vec<Slot>,
}

impl Sealed for CookieGuard {}

impl Guard for CookieGuard {
    type Seen = Seen;

    fn mode(&self) -> Mode {
        self.mode
    }

    fn request<B>(&self, request: &mut Request<B>) -> Result<Seen, Refusal> {
        let extensions = request.extensions();
        let mut seen = Seen {
            request: extensions.get().cloned(),
            plain: self.allow_insecure
                && !extensions
                    .get()
                    .map(Client::secure)
                    .or_else(|| extensions.get().map(|connection: &Connection| connection.tls))
                    .unwrap_or_default(),
            original_names: Vec::new(),
        };
        if self.mode == Mode::Enforce {
            self.give_names_back(request.headers_mut(), &mut seen);
            if let Some(sealer) = &self.sealer {
                sealer.open(request.headers_mut(), SystemTime::now(), seen.request.as_ref());
            }
        }
        Ok(seen)
    }

    fn response<B>(&self, seen: Seen, response: &mut Response<B>) {
        match self.mode {
            Mode::Enforce => {
                if let Some(sealer) = &self.sealer {
                    sealer.seal(response.headers_mut(), SystemTime::now());
                }
                self.mend(response.headers_mut(), &seen);
            }
            Mode::Report => self.report(response.headers(), &seen),
        }
    }
}

#[cfg(test)]
mod tests;
