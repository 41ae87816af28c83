//! A checked configuration: whom an origin is to it, and which fields that gives.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use regex::Regex;

use super::{Allowed, Behaviour, Config, Origin};
use crate::{BoxError, ConfigError, Mode, client::Client};

/// What an application's own function says of an origin: npm's `origin` as a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may read.
    Share,
    /// It may not.
    Withhold,
    /// This request has nothing to do with sharing: nothing is said, and an `OPTIONS` goes on to the application.
    Off,
    /// This text, whoever asks.
    Fixed(HeaderValue),
}

/// The function.
pub(super) type Decide = dyn Fn(Option<&str>, &Uri) -> Result<Decision, BoxError> + Send + Sync;

#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is one switch of the configuration")]
pub(super) struct Policy {
    pub(super) mode: Mode,
    whom: Whom,
    methods: HeaderValue,
    allowed_headers: Option<HeaderValue>,
    exposed_headers: Option<HeaderValue>,
    credentials: bool,
    max_age: Option<HeaderValue>,
    pub(super) preflight_continue: bool,
    pub(super) success: StatusCode,
    refuse_denied: bool,
    allow_private_network: bool,
    allow_null: bool,
    improved: bool,
}

#[derive(Clone)]
enum Whom {
    App,
    Nobody,
    Any,
    Only(Vec<Matcher>),
    Fixed(HeaderValue),
    Reflect,
    Asked(Arc<Decide>),
}

#[derive(Debug, Clone)]
enum Matcher {
    Exact(String),
    Pattern(Regex),
}

/// What one request gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// What the application says stays, if it is safe.
    App,
    /// Nobody may read.
    Nobody,
    /// These fields go onto the application's answer, in place of its own.
    Actual(HeaderMap),
    /// It is a preflight, and these fields are its answer.
    Preflight(HeaderMap),
    /// The origin is not let in, and such requests are refused.
    Denied,
}

impl Policy {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        let wrong = |path: &str, value: &dyn fmt::Debug, right: &str| {
            ConfigError::new(path, format!("{value:?}"), right)
        };
        if config.credentials && matches!(config.origin, Origin::Any | Origin::DangerousReflect) {
            let right = "absent where anybody may read: any site would see what a signed-in visitor sees";
            return Err(wrong("credentials", &true, right));
        }
        if config.origin == Origin::App && config.has_own_answers() {
            return Err(wrong(
                "origin",
                &"app",
                "a list of origins, `\"*\"` or `\"none\"` where more is said of sharing",
            ));
        }
        let improved = config.behaviour == Behaviour::Improved;
        let whom = match config.origin {
            Origin::App => Whom::App,
            Origin::Nobody => Whom::Nobody,
            Origin::Any => Whom::Any,
            Origin::DangerousReflect => Whom::Reflect,
            Origin::Fixed(text) if text == "*" && config.credentials => {
                return Err(wrong(
                    "origin",
                    &text,
                    "one origin: any site would see what a signed-in visitor sees",
                ));
            }
            Origin::Fixed(text) if text == "null" && improved && !config.dangerous_null => {
                return Err(wrong("origin", &text, RIGHT_INSTEAD_OF_NULL));
            }
            Origin::Fixed(text) => Whom::Fixed(
                HeaderValue::from_str(&text).map_err(|_| wrong("origin", &text, "visible ASCII"))?,
            ),
            Origin::Only(list) => {
                if list.is_empty() && improved {
                    return Err(wrong("origin", &list, "a list of origins, or `\"none\"`"));
                }
                let matchers = list.iter().enumerate().map(|(index, allowed)| {
                    let wrong = |right: &str| wrong(&format!("origin[{index}]"), &allowed.text(), right);
                    let matcher =
                        Matcher::new(allowed, improved, config.dangerous_null).map_err(|right| wrong(&right))?;
                    if improved && config.credentials && NOBODYS.iter().any(|origin| matcher.matches(origin)) {
                        let right = "a pattern that ends in a domain of yours: with credentials, any site would see \
                                     what a signed-in visitor sees";
                        return Err(wrong(right));
                    }
                    Ok(matcher)
                });
                Whom::Only(matchers.collect::<Result<_, _>>()?)
            }
        };
        let names = |path: &str, names: &[String]| {
            if let Some(name) =
                names.iter().find(|name| HeaderName::from_bytes(name.as_bytes()).is_err() && *name != "*")
            {
                return Err(wrong(path, name, "the names of fields"));
            }
            HeaderValue::from_str(&names.join(",")).map_err(|_| wrong(path, &names, "the names of fields"))
        };
        if let Some(method) = config.methods.iter().find(|name| Method::from_bytes(name.as_bytes()).is_err())
        {
            return Err(wrong("methods", method, "a method"));
        }
        let success = StatusCode::from_u16(config.options_success_status)
            .ok()
            .filter(StatusCode::is_success)
            .ok_or_else(|| {
                wrong("options_success_status", &config.options_success_status, "from 200 to 299")
            })?;
        let allowed_headers = match &config.allowed_headers {
            Some(list) => Some(names("allowed_headers", list)?),
            None => None,
        };
        Ok(Self {
            mode: config.mode,
            whom,
            methods: HeaderValue::from_str(&config.methods.join(","))
                .map_err(|_| wrong("methods", &config.methods, "methods"))?,
            allowed_headers,
            exposed_headers: Some(names("exposed_headers", &config.exposed_headers)?)
                .filter(|names| !names.is_empty()),
            credentials: config.credentials,
            max_age: config.max_age.map(|age| HeaderValue::from(age.as_secs())),
            preflight_continue: config.preflight_continue,
            success,
            refuse_denied: config.refuse_denied,
            allow_private_network: config.allow_private_network,
            allow_null: config.dangerous_null,
            improved,
        })
    }

    pub(super) fn asking(&mut self, decide: Arc<Decide>) {
        self.whom = Whom::Asked(decide);
    }

    /// Looks at a request's head. An error is the application's own function's.
    pub(super) fn turn(&self, head: &Parts) -> Result<Turn, BoxError> {
        let origin = head.headers.get(header::ORIGIN);
        let text = origin.and_then(|origin| origin.to_str().ok());
        let decision = match &self.whom {
            Whom::App => return Ok(Turn::App),
            Whom::Nobody if self.improved => Decision::Withhold,
            Whom::Nobody => Decision::Off,
            Whom::Any => Decision::Fixed(HeaderValue::from_static("*")),
            Whom::Fixed(text) => Decision::Fixed(text.clone()),
            Whom::Reflect => shared(text.is_some_and(|origin| self.may_be_null(origin))),
            Whom::Only(list) => {
                let lets_in = |origin: &str| list.iter().any(|entry| entry.matches(origin));
                shared(text.is_some_and(|origin| self.may_be_null(origin) && lets_in(origin)))
            }
            Whom::Asked(decide) => match decide(text, &head.uri)? {
                Decision::Share => shared(text.is_some_and(|origin| self.may_be_null(origin))),
                decision => decision,
            },
        };
        if decision == Decision::Off {
            return Ok(Turn::App);
        }
        let denied = decision == Decision::Withhold;
        if denied && self.refuse_denied && origin.is_some() && !is_same_origin(head, text) {
            return Ok(Turn::Denied);
        }
        if denied && matches!(self.whom, Whom::Nobody) {
            return Ok(Turn::Nobody);
        }
        let fields = self.fields(&decision, head);
        Ok(if self.is_preflight(head) { Turn::Preflight(fields) } else { Turn::Actual(fields) })
    }

    /// In the order in which npm `cors` writes them.
    fn fields(&self, decision: &Decision, head: &Parts) -> HeaderMap {
        let mut fields = HeaderMap::new();
        let star = HeaderValue::from_static("*");
        match decision {
            Decision::Fixed(text) => {
                fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, text.clone());
            }
            Decision::Share => {
                if let Some(origin) = head.headers.get(header::ORIGIN) {
                    fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                }
            }
            Decision::Withhold | Decision::Off => {}
        }
        let mut vary: Vec<&str> = Vec::new();
        if fields.get(header::ACCESS_CONTROL_ALLOW_ORIGIN) != Some(&star) {
            vary.push("Origin");
        }
        let is_preflight = self.is_preflight(head);
        let says_more = !self.improved || *decision != Decision::Withhold;
        if says_more {
            // The application's own function can say `*`, too.
            if self.credentials && fields.get(header::ACCESS_CONTROL_ALLOW_ORIGIN) != Some(&star) {
                fields.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
            if is_preflight {
                fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
            }
        }
        if is_preflight && self.allowed_headers.is_none() {
            vary.push("Access-Control-Request-Headers");
        }
        if says_more && is_preflight {
            let asked = head.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
            if let Some(names) = self.allowed_headers.as_ref().or(asked).filter(|names| !names.is_empty()) {
                fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
            if let Some(age) = &self.max_age {
                fields.insert(header::ACCESS_CONTROL_MAX_AGE, age.clone());
            }
            let asks_private = head.headers.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value == "true");
            if self.allow_private_network && asks_private && *decision != Decision::Withhold {
                fields.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
            }
        }
        if says_more && let Some(names) = &self.exposed_headers {
            fields.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names.clone());
        }
        if !vary.is_empty()
            && let Ok(value) = HeaderValue::from_str(&vary.join(", "))
        {
            fields.insert(header::VARY, value);
        }
        fields
    }

    fn is_preflight(&self, head: &Parts) -> bool {
        head.method == Method::OPTIONS
            && (!self.improved
                || head.headers.contains_key(header::ORIGIN)
                    && head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD))
    }

    fn may_be_null(&self, origin: &str) -> bool {
        origin != "null" || self.allow_null || !self.improved
    }
}

fn shared(allowed: bool) -> Decision {
    if allowed { Decision::Share } else { Decision::Withhold }
}

impl Allowed {
    fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Pattern(text) | Self::DangerousContains(text) => text,
        }
    }
}

impl Config {
    /// Whether it says anything that only sense has if we answer ourselves.
    fn has_own_answers(&self) -> bool {
        let default = Self::default();
        self.methods != default.methods
            || self.allowed_headers.is_some()
            || !self.exposed_headers.is_empty()
            || self.credentials
            || self.max_age.is_some()
            || self.preflight_continue
            || self.options_success_status != default.options_success_status
            || self.refuse_denied
            || self.allow_private_network
            || self.dangerous_null
    }
}

impl Matcher {
    /// The error says what would be right.
    fn new(allowed: &Allowed, improved: bool, allow_null: bool) -> Result<Self, String> {
        let pattern = |text: &str| {
            regex::RegexBuilder::new(text)
                .size_limit(1 << 20)
                .build()
                .map(Self::Pattern)
                .map_err(|error| format!("a regular expression: {error}"))
        };
        match allowed {
            Allowed::Exact(origin) if improved => {
                if origin == "null" {
                    return if allow_null {
                        Ok(Self::Exact(origin.clone()))
                    } else {
                        Err(RIGHT_INSTEAD_OF_NULL.to_owned())
                    };
                }
                if origin == "*" {
                    return Err("an origin; everybody is `origin = \"*\"`".to_owned());
                }
                if is_origin(origin) { Ok(Self::Exact(origin.clone())) } else { Err(RIGHT_ORIGIN.to_owned()) }
            }
            Allowed::Exact(origin) => Ok(Self::Exact(origin.clone())),
            Allowed::Pattern(text) => pattern(&format!("^(?:{text})$")),
            Allowed::DangerousContains(text) => pattern(text),
        }
    }

    fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Exact(allowed) => allowed == origin,
            Self::Pattern(pattern) => pattern.is_match(origin),
        }
    }
}

/// Whether a browser would write it so (RFC 6454, section 6.2): lower case, no path, no port that the scheme has anyway.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let default_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => 0,
    };
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
        && !authority.as_str().contains('@')
        && !authority.as_str().bytes().any(|byte| byte.is_ascii_uppercase())
        && authority.port_u16() != Some(default_port)
        && !authority.as_str().ends_with(':')
}

/// `Origin` comes with the site's own `POST`s, too.
fn is_same_origin(head: &Parts, origin: Option<&str>) -> bool {
    let Some((scheme, authority)) = origin.and_then(|origin| origin.split_once("://")) else { return false };
    match head.extensions.get::<Client>() {
        Some(client) => {
            client
                .host
                .as_ref()
                .is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()))
                && client.scheme.as_str() == scheme
        }
        None => head
            .headers
            .get(header::HOST)
            .is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())),
    }
}

const RIGHT_ORIGIN: &str =
    "an origin as browsers write it, such as `https://app.example`: lower case, no path, no default port";

const RIGHT_INSTEAD_OF_NULL: &str =
    "another origin: every sandboxed frame is `null`; if it must be, set `dangerous_null`";

/// Origins that are nobody's (RFC 2606, section 2): a pattern that matches one lets in everybody.
const NOBODYS: [&str; 2] = ["https://portcullis.invalid", "http://portcullis.invalid"];

/// Private Network Access, section 3.
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("mode", &self.mode).finish_non_exhaustive()
    }
}
