//! With which origins answers are shared, and how that is written.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

use crate::Mode;

/// The options of npm `cors` 2.8 with its meanings, and what it lacks. The default shares nothing that the application does
/// not share, and not even that where it is unsafe.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "plain data: each is one switch of the section")]
pub struct Config {
    /// Act, or only count and log.
    pub mode: Mode,
    /// Who may read: `"app"` (whom the application says), `"none"`, `"*"`, or a list of origins and
    /// `{ pattern = "https://[a-z]+\\.example\\.com" }`. Anything but `"app"` replaces what the application says.
    pub origin: Origin,
    /// `Access-Control-Allow-Methods`. Default: GET, HEAD, PUT, PATCH, POST, DELETE.
    pub methods: Vec<String>,
    /// `Access-Control-Allow-Headers`. Default: those that are asked for.
    pub allowed_headers: Option<Vec<String>>,
    /// `Access-Control-Expose-Headers`. Default: none.
    pub exposed_headers: Vec<String>,
    /// Whether requests may carry cookies, and their answers be read. Not together with `"*"`. Default: no.
    pub credentials: bool,
    /// How long a browser keeps the answer to a preflight, in whole seconds; Chromium at most two hours. Default: as long
    /// as the browser likes, which is five seconds.
    #[serde(deserialize_with = "crate::duration::deserialize_some")]
    pub max_age: Option<Duration>,
    /// Whether a preflight goes on to the application, and gets its fields on the way back. Default: it is answered here.
    pub preflight_continue: bool,
    /// What a preflight is answered. Default 204.
    pub options_success_status: u16,
    /// Answer a request of an origin that is not let in with 403, in place of letting the browser withhold the answer: then
    /// such a request does nothing either. Default: no.
    pub refuse_denied: bool,
    /// Whether pages of the internet may reach a server in a private network (Private Network Access). Default: no.
    pub allow_private_network: bool,
    /// Let in the origin `null`, which every sandboxed frame of any site has.
    pub dangerous_null: bool,
    /// Where we do better than npm `cors`, and whether we do.
    #[serde(skip)]
    pub behaviour: Behaviour,
}

impl Default for Config {
    fn default() -> Self {
        let methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];
        Self {
            mode: Mode::Enforce,
            origin: Origin::App,
            methods: methods.map(str::to_owned).to_vec(),
            allowed_headers: None,
            exposed_headers: Vec::new(),
            credentials: false,
            max_age: None,
            preflight_continue: false,
            options_success_status: 204,
            refuse_denied: false,
            allow_private_network: false,
            dangerous_null: false,
            behaviour: Behaviour::Improved,
        }
    }
}

/// Who may read an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// Whom the application says, unless that is everybody, or `null`, with credentials: then nobody.
    #[default]
    App,
    /// Nobody.
    Nobody,
    /// Everybody, without credentials.
    Any,
    /// These.
    Only(Vec<Allowed>),
    /// This text, whoever asks: npm's `origin` as a string.
    Fixed(String),
    /// Whoever asks: npm's `origin: true`.
    DangerousReflect,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// An origin as browsers write it: `https://app.example`, without a path, with a port only if it is not the scheme's own.
    Exact(String),
    /// A regular expression that the whole origin must match.
    Pattern(String),
    /// A regular expression that need only match somewhere, as npm tests it: `example\.com` then also lets in
    /// `https://example.com.evil.test`.
    DangerousContains(String),
}

/// What npm `cors` does that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// - A preflight is what Fetch says it is: `OPTIONS` with `Origin` and `Access-Control-Request-Method`. Any other
    ///   `OPTIONS` is the application's.
    /// - An origin that is not let in gets no `Access-Control-*` field at all.
    /// - Patterns match the whole origin, and what can never match does not build.
    #[default]
    Improved,
    /// Every `OPTIONS` is a preflight; an origin that is not let in gets all fields but `Access-Control-Allow-Origin`.
    NpmCors,
}

impl Config {
    /// The package's defaults: everybody may read, without credentials.
    pub fn npm_cors() -> Self {
        Self { origin: Origin::Any, behaviour: Behaviour::NpmCors, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Word(String),
            List(Vec<Entry>),
        }

        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Entry {
            Exact(String),
            Pattern { pattern: String },
        }

        match Written::deserialize(deserializer) {
            Ok(Written::Word(word)) => match word.as_str() {
                "app" => Ok(Self::App),
                "none" => Ok(Self::Nobody),
                "*" => Ok(Self::Any),
                _ => Err(D::Error::custom(format!(
                    "`{word}` is not \"app\", \"none\" or \"*\"; origins stand in a list: [\"{word}\"]"
                ))),
            },
            Ok(Written::List(list)) => Ok(Self::Only(
                list.into_iter()
                    .map(|entry| match entry {
                        Entry::Exact(origin) => Allowed::Exact(origin),
                        Entry::Pattern { pattern } => Allowed::Pattern(pattern),
                    })
                    .collect(),
            )),
            Err(_) => Err(D::Error::custom(
                "must be \"app\", \"none\", \"*\", or a list of origins and { pattern = \"...\" }",
            )),
        }
    }
}
