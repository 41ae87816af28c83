//! Security headers on every answer: what a browser may do with a page, said by the server.
//!
//! A browser runs what a page holds, in a frame of whoever asks, over whatever connection there is, unless the answer
//! says otherwise. Most applications say nothing. This guard says it for them, on every answer that leaves, refusals
//! and error pages included.
//!
//! What happens to an answer:
//!
//! 1. `X-Powered-By`, `Server` and `Via`, and the names by which other products say the same, are removed.
//! 2. A header that the application set itself stays as it is; Portcullis fills in what is missing.
//!    [`Config::replace`] turns that round, for all headers or some.
//! 3. Three things are not left to the application, because there is no good reason for them: `X-XSS-Protection` is always
//!    `0`, `Public-Key-Pins` is removed, and an answer that sets a cookie becomes `Cache-Control: no-store` unless it
//!    says `private` or `no-store` itself (preset `strict`).
//! 4. `Strict-Transport-Security` and `upgrade-insecure-requests` are said over TLS only. Over plain HTTP the first has
//!    no meaning (RFC 6797, section 7.2) and the second breaks a site on `http://localhost`.
//!
//! This guard refuses nothing. With [`Mode::Report`] it changes nothing that a page could notice: the policies that have
//! a report-only form go out in it (`Content-Security-Policy-Report-Only`, and `Cross-Origin-Opener-Policy`,
//! `Cross-Origin-Embedder-Policy` and `Permissions-Policy` likewise), and `Strict-Transport-Security`, `X-Frame-Options`,
//! `Cross-Origin-Resource-Policy`, `Origin-Agent-Cluster`, `X-Content-Type-Options`, `Referrer-Policy` and
//! `Cache-Control` are not sent. Nothing of the application's gives way but what point 1 and the first two of
//! point 3 remove.
//!
//! # What this does not stop
//!
//! A policy limits what an injected script can do; it does not keep it out of the page. A policy that the application
//! sends itself is kept even if it is weak. Headers mean nothing to clients that are not browsers.
//!
//! # What in a deployment breaks it
//!
//! - Behind a TLS terminator that is not among the trusted proxies every request looks like plain HTTP, and HSTS is not
//!   sent.
//! - The strict policy forbids inline scripts and styles and everything from other origins. Start with
//!   [`Mode::Report`], read the browser's console, then name what the site needs in
//!   [`ContentSecurityPolicy::directives`].
//! - `frame-ancestors` wins over `X-Frame-Options` in browsers: an application that sets only the latter, to be framed,
//!   has to name its framers in `content_security_policy`.
//! - A page with a nonce must not be cached: the nonce is part of it.
//!
//! # What is followed
//!
//! [`Preset::Helmet`] sends what [helmet](https://www.npmjs.com/package/helmet) 8.3 sends, byte for byte, but for point
//! 4. Where helmet takes what can only be a mistake, this is an error: an unknown option, options for a header that has
//!    none, an unknown directive, a hash that cannot match, a nonce that never changes, an empty entry in a list.
//!
//! # Example
//!
//! ```
//! use axum::{Router, body::Body, http::Request, response::Html, routing::get};
//! use portcullis::{Connection, header::{Config, HeaderLayer}};
//! use tower::ServiceExt;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let app = Router::new()
//!     .route("/", get(|| async { ([("x-powered-by", "Express")], Html("<h1>Hello</h1>")) }))
//!     .route("/framed", get(|| async { [("x-frame-options", "SAMEORIGIN")] }))
//!     .layer(HeaderLayer::new(Config::default())?);
//!
//! let over_tls = Connection { tls: true, ..Connection::UNKNOWN };
//! let request = |path| Request::get(path).extension(over_tls).body(Body::empty());
//!
//! let answer = app.clone().oneshot(request("/")?).await?;
//! assert!(answer.headers()["content-security-policy"].to_str()?.starts_with("default-src 'none';script-src 'self'"));
//! assert_eq!(answer.headers()["strict-transport-security"], "max-age=63072000; includeSubDomains");
//! assert_eq!(answer.headers()["x-frame-options"], "DENY");
//! assert!(!answer.headers().contains_key("x-powered-by"));
//!
//! // What the application says itself stays.
//! let answer = app.oneshot(request("/framed")?).await?;
//! assert_eq!(answer.headers()["x-frame-options"], "SAMEORIGIN");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache_control;
mod config;
mod content_security_policy;
mod cross_origin_embedder_policy;
mod cross_origin_opener_policy;
mod cross_origin_resource_policy;
mod fields;
mod nearest;
mod origin_agent_cluster;
mod permissions_policy;
mod public_key_pins;
mod referrer_policy;
mod removed;
mod replace;
mod reporting_endpoints;
mod server;
mod setting;
mod strict_transport_security;
mod token_header;
mod x_content_type_options;
mod x_dns_prefetch_control;
mod x_download_options;
mod x_frame_options;
mod x_permitted_cross_domain_policies;
mod x_powered_by;
mod x_xss_protection;

use http::{Extensions, Request, Response};
use portcullis_rules::{Rule, header as rules, injection};

use self::{cache_control::CacheControl, fields::Fields, removed::Removed};
pub use self::{
    config::{Config, Preset},
    content_security_policy::{ContentSecurityPolicy, Directive, Directives, Nonce, Source},
    permissions_policy::PermissionsPolicy,
    replace::Replace,
    setting::Setting,
    strict_transport_security::StrictTransportSecurity,
};
use crate::{
    ConfigError, Connection,
    client::Client,
    guard::{Guard, GuardLayer, sealed},
    mode::Mode,
    refusal::Refusal,
};

/// The rules that hold behind this guard with the preset `strict`.
pub const ENFORCES: &[&Rule] = &[
    &rules::CSP_MISSING,
    &rules::FRAME_MISSING,
    &rules::HELMET_MISSING,
    &rules::HELMET_PARTIAL,
    &rules::HPKP,
    &rules::HSTS_MISSING,
    &rules::ISOLATION_MISSING,
    &rules::LEGACY_MISSING,
    &rules::NOSNIFF_MISSING,
    &rules::PERMISSIONS_POLICY_MISSING,
    &rules::REFERRER_POLICY_MISSING,
    &rules::SERVER_BANNER,
    &rules::X_POWERED_BY,
    &rules::XSS_PROTECTION_ON,
];

/// The rules whose breach does less harm behind this guard: answers that set a cookie stay out of caches, but not all
/// that is private; a weak policy of the application's own is kept unless it is replaced by name; a script that got into
/// a page finds less that it may do.
pub const MITIGATES: &[&Rule] =
    &[&rules::CACHE_SENSITIVE, &rules::CSP_WEAK, &injection::XSS_REFLECTED, &injection::XSS_TEMPLATE];

/// The guard as a `tower::Layer`.
pub type HeaderLayer = GuardLayer<Header>;

impl HeaderLayer {
    /// Builds every field once; a request costs lookups and no more.
    ///
    /// # Errors
    /// If a value is malformed, contradicts another, or could never have an effect.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a layer takes its configuration, as every layer here does"
    )]
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Header::new(&config).map(Self::from_guard)
    }
}

/// The guard: fields to remove, to add, and the rule for cookies.
#[derive(Debug)]
pub struct Header {
    mode: Mode,
    removed: Removed,
    over_tls: Fields,
    over_plain: Fields,
    cache_control: CacheControl,
}

impl Header {
    fn new(config: &Config) -> Result<Self, ConfigError> {
        let sent = Fields::new(config, Mode::Enforce, true)?;
        config.replace.check(|name| sent.contains(name))?;
        Ok(Self {
            mode: config.mode,
            removed: Removed::new(config.removed()?),
            over_tls: Fields::new(config, config.mode, true)?,
            over_plain: Fields::new(config, config.mode, false)?,
            cache_control: CacheControl::new(&config.cache_control, config.preset)?,
        })
    }

    fn fields(&self, is_secure: bool) -> &Fields {
        if is_secure { &self.over_tls } else { &self.over_plain }
    }
}

/// What the request says that the answer depends on.
#[derive(Debug, Default)]
pub struct Seen {
    is_secure: bool,
    nonce: Option<Nonce>,
}

impl Guard for Header {
    type Seen = Seen;

    fn mode(&self) -> Mode {
        self.mode
    }

    fn request<B>(&self, request: &mut Request<B>) -> Result<Seen, Refusal> {
        let is_secure = is_secure(request.extensions());
        let nonce = if self.fields(is_secure).need_nonce() { Nonce::random() } else { None };
        if let Some(nonce) = nonce {
            request.extensions_mut().insert(nonce);
        }
        Ok(Seen { is_secure, nonce })
    }

    fn response<B>(&self, seen: Seen, response: &mut Response<B>) {
        let headers = response.headers_mut();
        self.removed.remove_from(headers);
        if self.mode == Mode::Enforce {
            self.cache_control.guard_cookies(headers);
        }
        self.fields(seen.is_secure).add(headers, seen.nonce);
    }
}

impl sealed::Sealed for Header {}

/// Whether TLS protects the client's own connection: as our proxies say, where somebody asked them, else as the socket
/// says.
fn is_secure(request: &Extensions) -> bool {
    match request.get::<Client>() {
        Some(client) => client.secure(),
        None => request.get::<Connection>().is_some_and(|connection| connection.tls),
    }
}
