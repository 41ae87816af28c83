//! Requests that another site makes in the user's name are refused.
//!
//! A page anywhere sends a form, or opens a WebSocket, to this application; the browser adds the user's cookie; and the
//! application acts for the user. The browser also says where the request comes from, in fields that no page can write:
//! `Sec-Fetch-Site` and `Origin`. [`CsrfLayer`] goes by them, needs no token and no change of the application.
//!
//! A request passes if one of these holds, in this order:
//!
//! 1. Its method is `GET`, `HEAD` or `OPTIONS` (RFC 9110, section 9.2.1), and it opens no WebSocket. Such a handshake is
//!    a `GET`, but the same-origin policy does not hold for it (RFC 6455, section 10.2), so it is judged like a `POST`;
//!    so is every `GET` and `HEAD` where [`Config::judge_get`] asks for it.
//! 2. `Sec-Fetch-Site` says `same-origin`, or `none`: the user did it, no page.
//! 3. Its `Origin` is one of [`Config::trusted_origins`].
//! 4. There is no `Sec-Fetch-Site` (a browser from before 2023, or plain HTTP), and `Origin` names the host and port that
//!    the request was sent to: [`Client::host`] where the `client` guard stands before, else the target's authority or
//!    `Host`. An `http` origin is another one than an `https` site, for whoever sits on the network writes its pages. An
//!    `https` origin is let through where we see plain HTTP, since TLS may end before us.
//! 5. It has neither field, and [`Config::missing_origin`] lets it pass.
//!
//! `same-site` is refused as `cross-site` is: a sibling host may belong to somebody else, or be taken over. So is the
//! origin `null`, which a sandboxed frame of any site has, and a field that stands there twice.
//!
//! **Neither field.** By default such a request passes. Every browser since 2020 sends `Origin` with every request that
//! is not `GET` or `HEAD`, so what has neither is a program: it added the cookie itself, and nobody was tricked. Where
//! older browsers must be reckoned with, `missing_origin = "refuse-credentials"` refuses what brings credentials that a
//! browser adds by itself, and `"refuse"` everything.
//!
//! A refusal is 403 with the code `cross-origin-request`.
//!
//! **What this does not stop**: a `GET` that changes something, but where `judge_get` stands before it; a script injected
//! into the application's own pages, which is same-origin; a site on the list of trusted origins.
//!
//! **What breaks it.** Pages of other origins that CORS lets in: they must be named here as well. Something before us that
//! rewrites `Host`: set `client.trust_proxy`, or name the origin. A page with `Referrer-Policy: no-referrer`, helmet's
//! default, where the browser sends no `Sec-Fetch-Site` (over plain HTTP but on localhost, and before 2023): then its own
//! forms come with `Origin: null` (Fetch, section 3.2), and are refused; `same-origin`, the `header` guard's default, mends
//! it. A sign-in that comes back as a cross-site `POST` (SAML, OAuth `form_post`): name the provider's origin, or switch
//! the guard off on that path, with the reason.
//!
//! Follows Go 1.25's `http.CrossOriginProtection` and tower-http 0.7's `csrf`, and is stricter about schemes, handshakes of
//! a WebSocket, repeated and empty fields.
//!
//! Tokens, for applications that want them as well: [`token_layer`]. For handlers that make and check them by
//! themselves: [`Secret`].
//!
//! ```
//! use axum::{Router, body::Body, routing::post};
//! use http::{Request, StatusCode};
//! use portcullis::csrf::{Config, CsrfLayer};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/transfer", post(|| async { "done" }))
//!     .layer(CsrfLayer::new(Config::default())?);
//!
//! for (site, status) in [("same-origin", StatusCode::OK), ("cross-site", StatusCode::FORBIDDEN)] {
//!     let request = Request::post("/transfer").header("sec-fetch-site", site).body(Body::empty())?;
//!     assert_eq!(app.clone().oneshot(request).await?.status(), status);
//! }
//! # Ok(())
//! # }
//! ```

pub mod double_submit;
mod origin;
mod secret;
pub mod token;
pub mod token_layer;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use portcullis_rules::{Rule, csrf};
use serde::{Deserialize, Serialize};

use self::origin::Origin;
pub use self::{
    secret::{HoldsSecret, NoRandomness, SESSION_KEY, Secret, SecretFuture, SessionSecret},
    token_layer::{CsrfToken, TokenBinding, TokenConfig, TokenCookie, TokenLayer, TokenScheme},
};
use crate::{
    ConfigError, Connection, Mode, Refusal,
    client::{Client, Scheme},
    guard::{Guard, GuardLayer, sealed::Sealed},
    intake::field::UpgradeRequest,
};

/// Rules this guard makes hold.
pub const ENFORCES: &[&Rule] = &[&csrf::MISSING, &csrf::WEBSOCKET_ORIGIN];

/// Rules this guard softens: what the application's own check leaves out is still checked here; a `GET` that changes
/// something is, where somebody says that it does.
pub const MITIGATES: &[&Rule] = &[&csrf::IGNORED_METHODS, &csrf::GET_STATE_CHANGE];

/// The code of a refusal.
pub const CROSS_ORIGIN_REQUEST: &str = "cross-origin-request";

/// Who may send what changes something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Whether to refuse, or only to count and log.
    pub mode: Mode,
    /// Other origins whose pages may send everything, as browsers write them: `https://app.example`. Default: none.
    pub trusted_origins: Vec<String>,
    /// What becomes of requests with neither `Sec-Fetch-Site` nor `Origin`. Default: they pass.
    pub missing_origin: MissingOrigin,
    /// Judge `GET` and `HEAD` like `POST`: for a route whose `GET` changes something. Links from other sites to it are then
    /// refused, and browsers without `Sec-Fetch-Site` are not told apart, for they send no `Origin` with a `GET`. Default:
    /// no.
    pub judge_get: bool,
    /// Let every host of the same site send everything: siblings below one registrable domain, and both schemes.
    /// Browsers without `Sec-Fetch-Site` do not say `same-site`, and are refused.
    pub dangerous_allow_same_site: bool,
}

/// What becomes of requests that do not say where they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingOrigin {
    /// They pass: no browser since 2020 sends such a request.
    #[default]
    Pass,
    /// Refused with credentials that a browser adds by itself: a `Cookie`, or an `Authorization` that is no bearer token.
    RefuseCredentials,
    /// Refused.
    Refuse,
}

/// The guard as a `tower::Layer`.
pub type CsrfLayer = GuardLayer<CsrfGuard>;

impl CsrfLayer {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let Config { mode, trusted_origins, missing_origin, judge_get, dangerous_allow_same_site } = config;
        for (index, origin) in trusted_origins.iter().enumerate() {
            origin::check_trusted(&format!("trusted_origins[{index}]"), origin)?;
        }
        let allow_same_site = dangerous_allow_same_site;
        Ok(Self::from_guard(CsrfGuard { mode, trusted_origins, missing_origin, judge_get, allow_same_site }))
    }
}

/// Refuses what other sites send. Made by [`CsrfLayer::new`].
#[derive(Debug)]
pub struct CsrfGuard {
    mode: Mode,
    trusted_origins: Vec<String>,
    missing_origin: MissingOrigin,
    judge_get: bool,
    allow_same_site: bool,
}

impl Sealed for CsrfGuard {}

impl Guard for CsrfGuard {
    type Seen = ();

    fn mode(&self) -> Mode {
        self.mode
    }

    fn request<B>(&self, request: &mut Request<B>) -> Result<(), Refusal> {
        let opens_websocket = opens_websocket(request);
        if self.is_exempt(request.method()) && !opens_websocket {
            return Ok(());
        }
        self.judge(request).map_err(|detail| {
            let rule = if opens_websocket { &csrf::WEBSOCKET_ORIGIN } else { &csrf::MISSING };
            Refusal::new(StatusCode::FORBIDDEN, rule, detail).code(CROSS_ORIGIN_REQUEST)
        })
    }

    fn response<B>(&self, (): (), _: &mut Response<B>) {}
}

impl CsrfGuard {
    /// Not `TRACE`, which RFC 9110 calls safe: no browser sends it. `OPTIONS` always: a preflight comes from other origins.
    fn is_exempt(&self, method: &Method) -> bool {
        match *method {
            Method::OPTIONS => true,
            Method::GET | Method::HEAD => !self.judge_get,
            _ => false,
        }
    }

    /// Why the request does not pass.
    fn judge<B>(&self, request: &Request<B>) -> Result<(), &'static str> {
        let headers = request.headers();
        let site = only(headers, &SEC_FETCH_SITE).map_err(|Repeated| "more than one Sec-Fetch-Site")?;
        let origin = only(headers, &header::ORIGIN).map_err(|Repeated| "more than one Origin")?;
        // Fetch Metadata, section 2.3: tokens in lower case.
        match site {
            Some(b"same-origin" | b"none") => return Ok(()),
            Some(b"same-site") if self.allow_same_site => return Ok(()),
            _ => {}
        }
        if origin
            .is_some_and(|origin| self.trusted_origins.iter().any(|trusted| trusted.as_bytes() == origin))
        {
            return Ok(());
        }
        match (site, origin) {
            (Some(b"same-site"), _) => Err("from another host of the same site"),
            (Some(_), _) => Err("from another site"),
            (None, Some(origin)) => {
                let origin = Origin::parse(origin).ok_or("from an origin that is no site, such as null")?;
                is_own(request, origin)
            }
            (None, None) => match self.missing_origin {
                MissingOrigin::Pass => Ok(()),
                MissingOrigin::RefuseCredentials if !brings_credentials(headers) => Ok(()),
                _ => Err("does not say which origin it comes from"),
            },
        }
    }
}

/// Whether the origin is the one that the request was sent to.
fn is_own<B>(request: &Request<B>, origin: Origin<'_>) -> Result<(), &'static str> {
    let (scheme, host) = match request.extensions().get::<Client>() {
        Some(client) => (Some(client.scheme), client.host.as_ref().map(HeaderValue::as_bytes)),
        None => {
            let connection = request.extensions().get::<Connection>();
            let scheme = connection.map(|it| if it.tls { Scheme::Https } else { Scheme::Http });
            // RFC 9112, section 3.2.2: the authority of the target goes before `Host`.
            let target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
            (scheme, target.or_else(|| only(request.headers(), &header::HOST).ok().flatten()))
        }
    };
    if host != Some(origin.authority.as_bytes()) {
        return Err("from another origin");
    }
    if scheme == Some(Scheme::Https) && origin.scheme == Scheme::Http {
        return Err("from the plain http origin of this host");
    }
    Ok(())
}

/// Whether the request is the handshake of a WebSocket in HTTP/1.1 (RFC 6455, section 4.1); in HTTP/2 that is a `CONNECT`.
fn opens_websocket<B>(request: &Request<B>) -> bool {
    let is_websocket = |value: &HeaderValue| {
        let mut protocols = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        protocols.any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
    };
    // Intake takes the field out, and leaves what was asked for in the extensions.
    request
        .extensions()
        .get::<UpgradeRequest>()
        .is_some_and(|UpgradeRequest(protocol)| is_websocket(protocol))
        || request.headers().get_all(header::UPGRADE).iter().any(is_websocket)
}

/// Whether there is something in the request that a browser adds without being asked. Bearer tokens are added by scripts.
fn brings_credentials(headers: &HeaderMap) -> bool {
    let is_bearer = |value: &HeaderValue| {
        value.as_bytes().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    };
    headers.contains_key(header::COOKIE) || !headers.get_all(header::AUTHORIZATION).iter().all(is_bearer)
}

/// A field that may stand there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Repeated> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Repeated),
        (value, None) => Ok(value.map(HeaderValue::as_bytes)),
    }
}

struct Repeated;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests;
