//! Who asks: the client's address, scheme and host, believed only from our own proxies.
//!
//! A client that writes `X-Forwarded-For: 127.0.0.1` into its own request gets past every rule that goes by address, and
//! one that writes `X-Forwarded-Host` poisons caches and password-reset links. Whoever reads such a field must know who
//! wrote it.
//!
//! What happens to a request:
//!
//! 1. The walk begins at the socket's peer ([`Connection`]) and goes leftwards through `X-Forwarded-For` as long as each
//!    hop is one of our proxies ([`Config::trust_proxy`], Express's setting). The first that is not is the client. By
//!    default nobody is trusted, so the peer is the client.
//! 2. The walk also ends before an entry that is no address: the client is then the nearest hop that is one.
//! 3. If the peer is trusted, the first element of its `X-Forwarded-Proto` and `X-Forwarded-Host` count.
//! 4. Every field in which a client could forge any of this is removed (`X-Forwarded-*`, `Forwarded`, `X-Real-IP`,
//!    `X-Original-*`, `Proxy` and more, see [`forwarded::is_forwarding_field`]; also spelt with underscores).
//! 5. `X-Forwarded-For` (the walked chain, so the leftmost entry is always the client), `X-Forwarded-Proto` and
//!    `X-Forwarded-Host` are written anew for the application: the three that Express reads. `X-Real-IP` and
//!    `X-Forwarded-Port` are not.
//! 6. The guards that come after find [`Client`] in the extensions.
//!
//! Nothing is ever refused.
//!
//! **What this does not stop.** A proxy of ours that passes on what it was sent; an application that can be reached
//! without going through us.
//!
//! **What breaks it.** A hop count where there is a second way in with fewer hops. `serve` (or whatever accepts the
//! connections) not having put [`Connection`] into the extensions: the peer is then `0.0.0.0`, which no list contains.
//!
//! Follows proxy-addr 2.0.8 and Express 5 in the setting and in the walk; [`Trust::believed`] gives exactly their chain.
//! It differs where they take anything for an address (`unknown`, `evil"><script>`), and where they compare
//! `X-Forwarded-Proto` with regard to case.
//!
//! ```
//! use std::net::SocketAddr;
//! use axum::{Extension, Router, body::Body, routing::get};
//! use http::Request;
//! use portcullis::{Connection, client::{Client, ClientLayer, Config, TrustProxy}};
//! use tower::{Layer, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::default();
//! config.trust_proxy = TrustProxy::Text("10.0.0.0/8".into());
//!
//! let app = Router::new()
//!     .route("/", get(|Extension(client): Extension<Client>| async move { client.address.to_string() }))
//!     .layer(ClientLayer::new(config)?);
//!
//! for (peer, answer) in [("10.1.1.1:40000", "203.0.113.7"), ("198.51.100.9:40000", "198.51.100.9")] {
//!     let peer: SocketAddr = peer.parse()?;
//!     let request = Request::get("/")
//!         .header("x-forwarded-for", "127.0.0.1, 203.0.113.7")
//!         .extension(Connection { peer, ..Connection::UNKNOWN })
//!         .body(Body::empty())?;
//!     let response = app.clone().oneshot(request).await?;
//!     assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, answer);
//! }
//! # Ok(())
//! # }
//! ```

mod chain;
pub mod forwarded;
mod trust;

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header, uri::Authority};
use portcullis_rules::{Rule, auth, operations};
use serde::{Deserialize, Serialize};

use self::chain::Chain;
pub use self::trust::{Trust, TrustProxy};
use crate::{
    ConfigError, Connection,
    guard::{Guard, GuardLayer, sealed::Sealed},
};

/// Rules this guard makes hold.
pub const ENFORCES: &[&Rule] = &[&operations::TRUST_PROXY_UNSAFE];

/// Rules this guard softens: a limiter that goes by `req.ip` then goes by an address that cannot be forged.
pub const MITIGATES: &[&Rule] = &[&auth::RATE_LIMIT_KEY_SPOOFABLE];

/// Whom to believe.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Our own proxies, as Express's `trust proxy`. Default: none.
    pub trust_proxy: TrustProxy,
    /// Believe every hop, so that any client can say who it is: Express's `trust proxy = true`.
    pub dangerous_trust_all: bool,
    /// Further forwarding fields that go on to the application unchanged if the peer is trusted, such as
    /// `x-forwarded-client-cert`. Default: none.
    pub pass_from_trusted: Vec<String>,
}

/// Who asks, as far as our own proxies vouch for it. In the extensions of every request behind [`ClientLayer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address: IPv4-mapped IPv6 is given as IPv4.
    pub address: IpAddr,
    /// What the client's own connection speaks.
    pub scheme: Scheme,
    /// The host that the client asked for, with its port if it named one. `None` if it named no host.
    pub host: Option<HeaderValue>,
}

impl Client {
    /// Whether TLS protects the client's own connection.
    pub fn secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The host without its port; the brackets of an IPv6 literal stay.
    pub fn hostname(&self) -> Option<&str> {
        Some(forwarded::hostname(self.host.as_ref()?.to_str().ok()?))
    }
}

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The guard as a `tower::Layer`.
pub type ClientLayer = GuardLayer<ClientGuard>;

impl ClientLayer {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let Config { trust_proxy, dangerous_trust_all, pass_from_trusted } = config;
        let trust = match (dangerous_trust_all, &trust_proxy) {
            (true, TrustProxy::Switch(_)) => Trust::DANGEROUS_ALL,
            (true, _) => {
                return Err(ConfigError::new(
                    "dangerous_trust_all",
                    true,
                    "absent where `trust_proxy` says whom to trust",
                ));
            }
            (false, setting) => Trust::parse(setting)?,
        };
        let trusts_nobody = !dangerous_trust_all && trust_proxy == TrustProxy::default();
        if trusts_nobody && !pass_from_trusted.is_empty() {
            return Err(ConfigError::new(
                "pass_from_trusted",
                format!("{pass_from_trusted:?}"),
                "absent where nobody is trusted: set `trust_proxy`",
            ));
        }
        let pass_from_trusted =
            pass_from_trusted.iter().map(|name| passed_field(name)).collect::<Result<_, _>>()?;
        Ok(Self::from_guard(ClientGuard { trust, pass_from_trusted }))
    }
}

/// Finds the [`Client`] and rebuilds the forwarding fields. Made by [`ClientLayer::new`].
#[derive(Debug)]
pub struct ClientGuard {
    trust: Trust,
    pass_from_trusted: Vec<HeaderName>,
}

impl Sealed for ClientGuard {}

impl Guard for ClientGuard {
    type Seen = ();

    fn request<B>(&self, request: &mut Request<B>) -> Result<(), crate::Refusal> {
        let connection = request.extensions().get().copied().unwrap_or(Connection::UNKNOWN);
        let peer = connection.peer.ip().to_canonical();
        let peer_is_trusted = self.trust.trusts(Some(peer), 0);

        let mut client = Client {
            address: peer,
            scheme: if connection.tls { Scheme::Https } else { Scheme::Http },
            host: requested_host(request),
        };
        let mut chain = Chain::ending_at(peer);
        if peer_is_trusted {
            self.believe(request.headers(), &mut client, &mut chain);
        }

        let headers = request.headers_mut();
        let forged: Vec<HeaderName> = headers
            .keys()
            .filter(|name| forwarded::is_forwarding_field(name.as_str()))
            .filter(|name| !(peer_is_trusted && self.pass_from_trusted.contains(name)))
            .cloned()
            .collect();
        for name in forged {
            headers.remove(name);
        }
        headers.insert(X_FORWARDED_FOR, chain.to_value());
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(client.scheme.as_str()));
        if let Some(host) = &client.host {
            headers.insert(X_FORWARDED_HOST, host.clone());
        }
        request.extensions_mut().insert(client);
        Ok(())
    }

    fn response<B>(&self, (): (), _: &mut Response<B>) {}
}

impl ClientGuard {
    /// What a trusted peer says.
    fn believe(&self, headers: &HeaderMap, client: &mut Client, chain: &mut Chain) {
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let entries = lines.flat_map(|line| forwarded::entries(line.as_bytes()));
        for address in self.trust.believed(client.address, entries).map_while(forwarded::address_with_port) {
            if !chain.push(address) {
                break;
            }
        }
        client.address = chain.client();

        if let Some(value) = headers.get(X_FORWARDED_PROTO) {
            // RFC 3986, section 3.1: schemes are compared without regard to case. Some proxies say ws and wss.
            let scheme = forwarded::first(value.as_bytes());
            if scheme.eq_ignore_ascii_case(b"https") || scheme.eq_ignore_ascii_case(b"wss") {
                client.scheme = Scheme::Https;
            } else if scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"ws") {
                client.scheme = Scheme::Http;
            }
        }
        if let Some(value) = headers.get(X_FORWARDED_HOST) {
            let host = forwarded::first(value.as_bytes());
            if Authority::try_from(host).is_ok() && !host.contains(&b'@') {
                client.host = HeaderValue::from_bytes(host).ok();
            }
        }
    }
}

/// RFC 9112, section 3.2.2 and RFC 9113, section 8.3.1: the authority of the target goes before `Host`.
fn requested_host<B>(request: &Request<B>) -> Option<HeaderValue> {
    match request.uri().authority() {
        Some(authority) => {
            let host = authority.as_str();
            HeaderValue::from_str(host.rsplit_once('@').map_or(host, |(_, host)| host)).ok()
        }
        None => request.headers().get(header::HOST).cloned(),
    }
}

fn passed_field(name: &str) -> Result<HeaderName, ConfigError> {
    let wrong = |right| ConfigError::new("pass_from_trusted", format!("{name:?}"), right);
    let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("the name of a field"))?;
    if [X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST].contains(&field) {
        return Err(wrong("another field: this one is always rebuilt"));
    }
    if !forwarded::is_forwarding_field(field.as_str()) {
        return Err(wrong("a forwarding field: others are not removed in the first place"));
    }
    Ok(field)
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests;
