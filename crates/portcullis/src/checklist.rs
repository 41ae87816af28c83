//! All guards in the right order, as one layer.
//!
//! The order is this file's whole matter; each line below says why it stands where it does.
//!
//! ```text
//! client        who asks; what others said of it is believed or taken out before anybody reads it
//!  access log   names the request, and sees every answer, refusals among them
//!   header      refusals carry security headers as well
//!    error      renders refusals; masks the application's faults
//!     timeout   everything inside has a deadline
//!      cors     outside every refusal, so that a page's script can read it
//!       access  cheapest refusal first
//!        limit  then the next: who asks too often costs nothing more
//!         csrf  what other sites send in the user's name goes no further
//!          cookie names in, attributes out
//!           login counts failures; reads the bodies of logins, so after all that need none
//!            body counts what the application reads
//!             the application
//! ```
//!
//! ```
//! use axum::{Router, body::Body, http::{Request, header}, routing::get};
//! use portcullis::Checklist;
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let app = Router::new()
//!     .route("/", get(|| async { ([("set-cookie", "sid=1"), ("x-powered-by", "haste")], "hello") }))
//!     .layer(Checklist::production());
//! let answer = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
//! assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY));
//! assert!(!answer.headers().contains_key("x-powered-by"));
//! let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
//! assert!(cookie.contains("Secure") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
//! # }
//! ```

use portcullis_rules::Rule;
use tower_layer::Layer;

use crate::{
    ConfigError, Guarded,
    access::{self, AccessGuard, AccessLayer},
    access_log::{AccessLog, AccessLogLayer},
    body::{self, BodyLayer, BodyService},
    client::{self, ClientGuard, ClientLayer},
    cookie::{self, CookieGuard, CookieLayer},
    cors::{self, CorsLayer, CorsService},
    csrf::{self, CsrfGuard, CsrfLayer},
    error::{self, ErrorLayer, ErrorService},
    header::{self, Header, HeaderLayer},
    limit::{
        login::{self, LoginLayer, LoginService},
        rate::{self, RateLayer, RateService},
        store::SharedStore,
    },
    timeout::{self, Timeout, TimeoutLayer},
};

/// The rules that the whole checklist makes hold.
pub const ENFORCES: &[&[&Rule]] = &[
    client::ENFORCES,
    header::ENFORCES,
    error::ENFORCES,
    timeout::ENFORCES,
    cors::ENFORCES,
    access::ENFORCES,
    rate::ENFORCES,
    csrf::ENFORCES,
    cookie::ENFORCES,
    login::ENFORCES,
    body::ENFORCES,
];

/// A guard's configuration, or why there is none.
#[derive(Debug, Clone)]
pub enum Switch<C> {
    /// The guard stands.
    On(C),
    /// The guard is off; the reason is shown wherever the posture is.
    Off(String),
}

impl<C: Default> Default for Switch<C> {
    fn default() -> Self {
        Self::On(C::default())
    }
}

/// The configuration of every guard. The default is production.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// Who asks. It cannot be off: others rely on it.
    pub client: client::Config,
    /// Whether each request has its line in the log.
    pub access_log: bool,
    /// Security headers.
    pub header: Switch<header::Config>,
    /// Error pages. Off, the application's errors pass as they are.
    pub error: Switch<error::Config>,
    /// Deadlines.
    pub timeout: Switch<timeout::Config>,
    /// Sharing with other origins.
    pub cors: Switch<cors::Config>,
    /// Access by path, method and address.
    pub access: Switch<access::Config>,
    /// How often a client may ask.
    pub limit: Switch<rate::Config>,
    /// What other sites may send.
    pub csrf: Switch<csrf::Config>,
    /// Cookies.
    pub cookie: Switch<cookie::Config>,
    /// Failed logins.
    pub login: Switch<login::Config>,
    /// Request bodies.
    pub body: Switch<body::Config>,
    /// The store of `limit` that is open already, where several checklists count together.
    pub limit_store: Option<SharedStore>,
    /// The store of `login` that is open already.
    pub login_store: Option<SharedStore>,
}

impl Config {
    /// Builds the layer, or says everything that is wrong.
    pub fn build(self) -> Result<Checklist, Vec<ConfigError>> {
        let mut errors = Vec::new();
        if self.client.dangerous_trust_all && matches!(self.limit, Switch::On(_)) {
            let right = "absent where `limit` counts by address: every client would choose its own";
            errors.push(ConfigError::new("client.dangerous_trust_all", true, right));
        }
        let mut keep = |section: &str, error: ConfigError| errors.push(error.within(section));
        let client = ClientLayer::new(self.client).map_err(|error| keep("client", error));
        let header =
            switched(self.header, HeaderLayer::new, HeaderLayer::off).map_err(|error| keep("header", error));
        let error =
            switched(self.error, ErrorLayer::new, ErrorLayer::off).map_err(|error| keep("error", error));
        let timeout = switched(self.timeout, TimeoutLayer::new, TimeoutLayer::off)
            .map_err(|error| keep("timeout", error));
        let cors = switched(self.cors, CorsLayer::new, CorsLayer::off).map_err(|error| keep("cors", error));
        let access =
            switched(self.access, AccessLayer::new, AccessLayer::off).map_err(|error| keep("access", error));
        let limit = match self.limit_store {
            Some(store) => {
                switched(self.limit, |config| RateLayer::with_store(config, store), RateLayer::off)
            }
            None => switched(self.limit, RateLayer::new, RateLayer::off),
        };
        let limit = limit.map_err(|error| keep("limit", error));
        let csrf = switched(self.csrf, CsrfLayer::new, CsrfLayer::off).map_err(|error| keep("csrf", error));
        let cookie =
            switched(self.cookie, CookieLayer::new, CookieLayer::off).map_err(|error| keep("cookie", error));
        let login = match self.login_store {
            Some(store) => {
                switched(self.login, |config| LoginLayer::with_store(config, store), LoginLayer::off)
            }
            None => switched(self.login, LoginLayer::new, LoginLayer::off),
        };
        let login = login.map_err(|error| keep("login", error));
        let body = switched(self.body, BodyLayer::new, BodyLayer::off).map_err(|error| keep("body", error));
        match (client, header, error, timeout, cors, access, limit, csrf, cookie, login, body) {
            (
                Ok(client),
                Ok(header),
                Ok(error),
                Ok(timeout),
                Ok(cors),
                Ok(access),
                Ok(limit),
                Ok(csrf),
                Ok(cookie),
                Ok(login),
                Ok(body),
            ) if errors.is_empty() => {
                let access_log = AccessLogLayer::new(self.access_log);
                Ok(Checklist {
                    client,
                    access_log,
                    header,
                    error,
                    timeout,
                    cors,
                    access,
                    limit,
                    csrf,
                    cookie,
                    login,
                    body,
                })
            }
            _ => Err(errors),
        }
    }
}

fn switched<C, L>(
    switch: Switch<C>,
    on: impl FnOnce(C) -> Result<L, ConfigError>,
    off: impl FnOnce() -> L,
) -> Result<L, ConfigError> {
    match switch {
        Switch::On(config) => on(config),
        Switch::Off(_) => Ok(off()),
    }
}

/// All guards as one `tower::Layer`.
#[derive(Debug, Clone)]
pub struct Checklist {
    client: ClientLayer,
    access_log: AccessLogLayer,
    header: HeaderLayer,
    error: ErrorLayer,
    timeout: TimeoutLayer,
    cors: CorsLayer,
    access: AccessLayer,
    limit: RateLayer,
    csrf: CsrfLayer,
    cookie: CookieLayer,
    login: LoginLayer,
    body: BodyLayer,
}

impl Checklist {
    /// Every guard with its production defaults, and no access log.
    pub fn production() -> Self {
        match Config::default().build() {
            Ok(checklist) => checklist,
            Err(errors) => unreachable!("the defaults are valid, which a test holds: {errors:?}"),
        }
    }
}

/// `S` behind all guards, outermost first.
pub type Checked<S> =
    Guarded<ClientGuard, AccessLog<Guarded<Header, ErrorService<Timeout<CorsService<Refusing<S>>>>>>>;

/// The part of the stack that may refuse before the application is asked.
pub type Refusing<S> =
    Guarded<AccessGuard, RateService<Guarded<CsrfGuard, Guarded<CookieGuard, Counting<S>>>>>;

/// The part that counts what passes: failed logins, bytes.
pub type Counting<S> = LoginService<BodyService<S>>;

impl<S> Layer<S> for Checklist {
    type Service = Checked<S>;

    fn layer(&self, application: S) -> Checked<S> {
        let body = self.body.layer(application);
        let login = self.login.layer(body);
        let cookie = self.cookie.layer(login);
        let csrf = self.csrf.layer(cookie);
        let limit = self.limit.layer(csrf);
        let access = self.access.layer(limit);
        let cors = self.cors.layer(access);
        let timeout = self.timeout.layer(cors);
        let error = self.error.layer(timeout);
        let header = self.header.layer(error);
        let access_log = self.access_log.layer(header);
        self.client.layer(access_log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert!(Config::default().build().is_ok());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let body = body::Config { max_bytes: 0, ..body::Config::default() };
        let access =
            access::Config { deny: vec![access::Rule::path("no-slash")], ..access::Config::default() };
        let config = Config { body: Switch::On(body), access: Switch::On(access), ..Config::default() };
        let errors = config.build().unwrap_err();
        let paths: Vec<&str> = errors.iter().map(ConfigError::path).collect();
        assert_eq!(paths, ["access.deny[0].path", "body.max_bytes"]);
    }
}
