//! Tokens: what changes something must bring what only our own pages show.
//!
//! For applications that want more than the browser's word ([`CsrfLayer`](super::CsrfLayer), which stands beside it), or
//! whose forms were rendered by Express. A request passes if:
//!
//! 1. its method is one of `GET`, `HEAD`, `OPTIONS`; or
//! 2. the token it sends is one of its session.
//!
//! The token is looked for as csurf does: in `_csrf` of the body (a form or a JSON object), in `_csrf` of the query, in the
//! fields `csrf-token`, `xsrf-token`, `x-csrf-token`, `x-xsrf-token`. The first that is not empty counts; a wrong one is
//! not mended by a right one elsewhere. Of a body at most [`TokenConfig::max_body_bytes`] are held, and it goes on
//! unchanged; in a larger or coded one, or in one of another type (`multipart/form-data`), no token is looked for, and it
//! has to be in a field or the query.
//!
//! A refusal is 403 with the code `EBADCSRFTOKEN`. Where the setup is wrong, so that no session can be found, it is 500.
//!
//! | [`TokenScheme`] | the client holds | the page shows |
//! |---|---|---|
//! | `Bound` (new applications) | its session, or before that a random cookie | HMAC-SHA256 of it, new for each answer |
//! | `Session` (synchronizer) | its session, which keeps a secret | a salted hash of the secret, new for each answer |
//! | `DoubleSubmit` (csrf-csrf) | the token, in a cookie | the same token |
//! | `DangerousCookieSecret` (csurf) | the secret, in a cookie | a salted hash of the secret, new for each answer |
//!
//! **BREACH** (CVE-2013-3587). A secret that is the same in every compressed answer can be guessed byte by byte from its
//! length. Under `Bound`, `Session` and `DangerousCookieSecret` every byte of a token after its random part depends on
//! that part, and two answers have nothing of it in common. csrf-csrf shows one token as long as the cookie lives: do not
//! compress such pages, or do not reflect what the client sends.
//!
//! **What this does not stop**: an injected script, which reads the token. Under `DangerousCookieSecret` whoever can set a
//! cookie for this host (a sibling, or anybody on plain HTTP) plants a secret that he knows; signing it does not help, for
//! he plants his own signed one. `Bound` without a session relies on the `__Host-` prefix against the same.
//!
//! **What breaks it**: a form that is open while the session's id changes, as it must at login.
//!
//! ```
//! use axum::{Extension, Router, body::Body, routing::get};
//! use http::{Request, StatusCode, header};
//! use portcullis::csrf::{CsrfToken, TokenConfig, TokenLayer, TokenScheme};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In askama: <form method="post">{{ csrf.input()|safe }}...
//! let form = |Extension(csrf): Extension<CsrfToken>| async move { format!("<form method=post>{}", csrf.input()) };
//! let scheme = TokenScheme::bound(["thirty-two bytes of a real secret"])?;
//! let app = Router::new()
//!     .route("/", get(form).post(|| async { "done" }))
//!     .layer(TokenLayer::new(TokenConfig::new(scheme))?);
//!
//! let page = app.clone().oneshot(Request::get("/").body(Body::empty())?).await?;
//! let cookie = page.headers()[header::SET_COOKIE].to_str()?.split(';').next().unwrap().to_owned();
//! let page = String::from_utf8(axum::body::to_bytes(page.into_body(), 1024).await?.to_vec())?;
//! let token = page.split('"').nth(5).unwrap();
//!
//! for (token, status) in [(token, StatusCode::OK), ("forged", StatusCode::FORBIDDEN)] {
//!     let request = Request::post("/")
//!         .header(header::COOKIE, &cookie)
//!         .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
//!         .body(Body::from(format!("_csrf={token}&to=bob")))?;
//!     assert_eq!(app.clone().oneshot(request).await?.status(), status);
//! }
//! # Ok(())
//! # }
//! ```

mod csrf_token;
mod held_body;
mod opened;
mod service;
mod submitted;

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::{HeaderName, Method, StatusCode};

pub use self::{
    csrf_token::{CsrfToken, HiddenInput},
    held_body::HeldBody,
    service::TokenService,
};
use super::double_submit::{SignedTokens, TokenFormat};
use crate::{
    ConfigError, Mode,
    cookie::{NewCookie, SameSite, SignatureKeys},
};

/// The code of a refusal, as csurf and csrf-csrf have it.
pub const EBADCSRFTOKEN: &str = "EBADCSRFTOKEN";

/// How tokens are asked for. It holds secrets, and so comes from code and not from a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct TokenConfig {
    /// Whether to refuse, or only to count and log.
    pub mode: Mode,
    /// What the client holds, and what the page shows.
    pub scheme: TokenScheme,
    /// The one field to look for the token in. Default: none, but for [`TokenScheme::DoubleSubmit`], where csrf-csrf looks
    /// in `x-csrf-token` alone. None is everywhere, as csurf does.
    pub only_field: Option<HeaderName>,
    /// The largest form or JSON body that is read for a token, in bytes. Default 64 KiB; 0 reads none.
    pub max_body_bytes: usize,
    /// How long such a body may take; after that no token is in it. More than nothing, at most a minute; default 10 s.
    pub max_wait: Duration,
    /// The status of a refusal, of the 4xx. Default 403.
    pub status: StatusCode,
    /// The code of a refusal: letters, digits, `-`, `_`, `.`. Default [`EBADCSRFTOKEN`].
    pub code: Cow<'static, str>,
    /// Methods that need no token, in place of `GET`, `HEAD` and `OPTIONS`.
    pub dangerous_ignored_methods: Option<Vec<Method>>,
}

impl TokenConfig {
    /// Production, with a scheme.
    pub fn new(scheme: TokenScheme) -> Self {
        let only_field = match scheme {
            TokenScheme::DoubleSubmit { .. } => Some(submitted::X_CSRF_TOKEN.clone()),
            _ => None,
        };
        Self {
            mode: Mode::default(),
            scheme,
            only_field,
            max_body_bytes: 64 * 1024,
            max_wait: Duration::from_secs(10),
            status: StatusCode::FORBIDDEN,
            code: Cow::Borrowed(EBADCSRFTOKEN),
            dangerous_ignored_methods: None,
        }
    }
}

/// What the client holds, and what the page shows.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenScheme {
    /// Tokens signed for a [`TokenBinding`], or, for who has no session yet, for a random cookie. Nothing is kept.
    Bound {
        /// Each secret at least 32 bytes.
        tokens: SignedTokens,
        /// For who has no session.
        cookie: TokenCookie,
    },
    /// The session keeps a secret, as with csurf and express-session: needs [`SessionSecret`](super::SessionSecret).
    Session,
    /// The token is in a cookie as well, as with csrf-csrf: needs a [`TokenBinding`].
    DoubleSubmit {
        /// What signs.
        tokens: SignedTokens,
        /// What holds the token.
        cookie: TokenCookie,
        /// Random bytes in a token: 16 to 64. csrf-csrf's `size`, by default 32.
        random_bytes: usize,
    },
    /// csurf with `cookie`: whoever can plant a cookie, plants the secret. For forms that Express renders, while moving.
    DangerousCookieSecret {
        /// What holds the secret.
        cookie: TokenCookie,
        /// csurf's `signed`.
        signed: Option<SignatureKeys>,
    },
}

impl TokenScheme {
    /// [`TokenScheme::Bound`] with these secrets: the first signs, all verify. Each has at least 32 bytes.
    pub fn bound<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, ConfigError> {
        let tokens = SignedTokens::new(secrets, TokenFormat::default())?;
        Ok(Self::Bound { tokens, cookie: TokenCookie::host("__Host-csrf") })
    }

    /// [`TokenScheme::DoubleSubmit`] with csrf-csrf's defaults.
    pub fn csrf_csrf<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, ConfigError> {
        let tokens = SignedTokens::new(secrets, TokenFormat::default())?;
        Ok(Self::DoubleSubmit {
            tokens,
            cookie: TokenCookie::host("__Host-psifi.x-csrf-token"),
            random_bytes: 32,
        })
    }

    /// [`TokenScheme::DangerousCookieSecret`] with csurf's defaults: `_csrf`, `Path=/`, nothing else.
    pub fn dangerous_csurf_cookie() -> Self {
        let cookie = TokenCookie { name: "_csrf".to_owned(), attributes: NewCookie::for_site() };
        Self::DangerousCookieSecret { cookie, signed: None }
    }
}

/// A cookie's name and attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCookie {
    /// With the prefix `__Host-`, no other host can set it.
    pub name: String,
    /// As the cookie is set.
    pub attributes: NewCookie,
}

impl TokenCookie {
    /// `Path=/; HttpOnly; Secure; SameSite=Strict`.
    pub fn host(name: impl Into<String>) -> Self {
        let attributes = NewCookie {
            http_only: true,
            secure: true,
            same_site: Some(SameSite::Strict),
            ..NewCookie::for_site()
        };
        Self { name: name.into(), attributes }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |right: String| ConfigError::new("cookie", format!("{:?}", self.name), right);
        self.attributes
            .serialize(&self.name, "x")
            .map_err(|error| wrong(format!("a cookie that can be written: {error}")))?;
        let Self { name, attributes } = self;
        // RFC 6265bis, section 4.1.3: browsers drop what has the prefix and not the attributes.
        let is_host =
            attributes.secure && attributes.domain.is_none() && attributes.path.as_deref() == Some("/");
        if name.starts_with("__Host-") && !is_host {
            return Err(wrong(
                "with Secure and Path=/ and without Domain, for its name begins with __Host-".into(),
            ));
        }
        if name.starts_with("__Secure-") && !attributes.secure {
            return Err(wrong("with Secure, for its name begins with __Secure-".into()));
        }
        Ok(())
    }
}

/// The session that tokens are bound to, by its id. Whoever opens sessions puts it into the request's extensions, before
/// [`TokenLayer`].
#[derive(Clone)]
pub struct TokenBinding(pub Arc<str>);

impl std::fmt::Debug for TokenBinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenBinding(..)")
    }
}

/// The guard as a `tower::Layer`. Cheap to clone. Needs a Tokio runtime with its timer.
#[derive(Debug, Clone)]
pub struct TokenLayer {
    policy: Arc<Policy>,
}

impl TokenLayer {
    /// Checks the configuration.
    pub fn new(config: TokenConfig) -> Result<Self, ConfigError> {
        let TokenConfig {
            mode,
            scheme,
            only_field,
            max_body_bytes,
            max_wait,
            status,
            code,
            dangerous_ignored_methods,
        } = config;
        if !status.is_client_error() {
            return Err(ConfigError::new("status", status.as_u16(), "of the 4xx"));
        }
        if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            return Err(ConfigError::new("code", format!("{code:?}"), "letters, digits, `-`, `_` and `.`"));
        }
        if max_wait.is_zero() || max_wait > Duration::from_secs(60) {
            return Err(ConfigError::new(
                "max_wait",
                format!("{max_wait:?}"),
                "more than nothing and at most a minute",
            ));
        }
        let scheme = match scheme {
            TokenScheme::Bound { tokens, cookie } => {
                // NIST SP 800-107, section 5.3.4: a key as long as the hash.
                if tokens.shortest_secret() < 32 {
                    return Err(ConfigError::new("secrets", "shorter", "at least 32 bytes each"));
                }
                cookie.check()?;
                Scheme::Bound { tokens: Arc::new(tokens), cookie }
            }
            TokenScheme::Session => Scheme::Session,
            TokenScheme::DoubleSubmit { tokens, cookie, random_bytes } => {
                if !(16..=64).contains(&random_bytes) {
                    return Err(ConfigError::new("random_bytes", random_bytes, "from 16 to 64"));
                }
                cookie.check()?;
                Scheme::DoubleSubmit { tokens: Arc::new(tokens), cookie, random_bytes }
            }
            TokenScheme::DangerousCookieSecret { cookie, signed } => {
                cookie.check()?;
                tracing::warn!(
                    cookie = cookie.name,
                    "the CSRF secret is in a cookie: whoever can set one for this host can forge tokens"
                );
                Scheme::CookieSecret { cookie, signed }
            }
        };
        let ignored_methods =
            dangerous_ignored_methods.unwrap_or_else(|| vec![Method::GET, Method::HEAD, Method::OPTIONS]);
        let policy =
            Policy { mode, scheme, only_field, max_body_bytes, max_wait, status, code, ignored_methods };
        Ok(Self { policy: Arc::new(policy) })
    }
}

/// A checked [`TokenConfig`].
#[derive(Debug)]
struct Policy {
    mode: Mode,
    scheme: Scheme,
    only_field: Option<HeaderName>,
    max_body_bytes: usize,
    max_wait: Duration,
    status: StatusCode,
    code: Cow<'static, str>,
    ignored_methods: Vec<Method>,
}

/// A checked [`TokenScheme`].
#[derive(Debug)]
enum Scheme {
    Bound { tokens: Arc<SignedTokens>, cookie: TokenCookie },
    Session,
    DoubleSubmit { tokens: Arc<SignedTokens>, cookie: TokenCookie, random_bytes: usize },
    CookieSecret { cookie: TokenCookie, signed: Option<SignatureKeys> },
}
