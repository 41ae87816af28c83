//! `Content-Security-Policy`: what a page may load, run, embed and send to (CSP Level 3).

mod directive;
mod directives;
mod nonce;
mod policy;
mod source;

use serde::Deserialize;

use self::directive::Values;
pub(super) use self::policy::{Policy, PolicyValue};
pub use self::{directive::Directive, directives::Directives, nonce::Nonce, source::Source};
use super::{Preset, nearest::nearest, setting::check_reason};
use crate::ConfigError;

/// The policy that `Content-Security-Policy` states: the preset's directives, changed by those given here.
///
/// ```
/// use portcullis::header::{Config, Directive, Directives, HeaderLayer, Source};
///
/// let mut config = Config::default();
/// config.content_security_policy.directives = Directives::new()
///     .with(Directive::ScriptSrc, [Source::SelfOrigin, Source::Nonce])
///     .with(Directive::ConnectSrc, [Source::SelfOrigin, Source::Url("https://api.example.com".to_owned())]);
/// HeaderLayer::new(config)?;
///
/// let mut config = Config::default();
/// config.content_security_policy.directives =
///     Directives::new().with(Directive::ScriptSrc, [Source::Url("self".to_owned())]);
/// let error = HeaderLayer::new(config).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"content_security_policy.directives.script-src = "self": must be quoted: 'self'"#
/// );
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ContentSecurityPolicy {
    /// Why Portcullis leaves this header alone. None: it is sent.
    pub off: Option<String>,
    /// Whether browsers only report what breaks the policy. The header is then `Content-Security-Policy-Report-Only`.
    pub report_only: bool,
    /// Whether the preset's directives are there to begin with. True by default.
    pub use_defaults: bool,
    /// Directives to add or to override. One that the preset has keeps its place, the others follow.
    /// An empty list is the bare name, which for a source list means `'none'`.
    pub directives: Directives,
    /// Names of directives to leave out, so that `default-src` counts for them.
    pub remove: Vec<String>,
    /// Allows a policy without `default-src`, under which everything not named may come from anywhere.
    pub dangerous_without_default_src: bool,
}

impl Default for ContentSecurityPolicy {
    fn default() -> Self {
        Self {
            off: None,
            report_only: false,
            use_defaults: true,
            directives: Directives::default(),
            remove: Vec::new(),
            dangerous_without_default_src: false,
        }
    }
}

impl ContentSecurityPolicy {
    pub(super) fn policy(&self, preset: Preset) -> Result<Option<Policy>, ConfigError> {
        self.build(preset).map_err(|error| error.within("content_security_policy"))
    }

    fn build(&self, preset: Preset) -> Result<Option<Policy>, ConfigError> {
        if let Some(reason) = &self.off {
            check_reason(reason)?;
            if *self != (Self { off: Some(reason.clone()), ..Self::default() }) {
                return Err(ConfigError::new(
                    "off",
                    format_args!("{reason:?}"),
                    "alone: nothing else is read then",
                ));
            }
            return Ok(None);
        }
        let mut policy = Policy::default();
        if self.use_defaults {
            for (directive, values) in defaults(preset) {
                policy.set(*directive, values.split_ascii_whitespace());
            }
        }
        let mut seen = Vec::new();
        for (name, values) in self.directives.iter() {
            let directive = parse_name(name, "directives")?;
            if seen.contains(&directive) {
                return Err(ConfigError::new(format!("directives.{name}"), "a second list", "given once"));
            }
            seen.push(directive);
            let words = check(directive, values).map_err(|error| error.within("directives"))?;
            policy.set(directive, words.into_iter());
        }
        for name in &self.remove {
            let directive = parse_name(name, "remove")?;
            if seen.contains(&directive) {
                return Err(ConfigError::new(
                    "remove",
                    format_args!("{name:?}"),
                    "either set or removed, not both",
                ));
            }
            policy.remove(directive);
        }
        self.check_whole(&policy)?;
        Ok(Some(policy))
    }

    fn check_whole(&self, policy: &Policy) -> Result<(), ConfigError> {
        if policy.is_empty() {
            let right = "given, or the header switched off: { off = \"why\" }";
            return Err(ConfigError::new("directives", "{}", right));
        }
        if !policy.contains(Directive::DefaultSrc) && !self.dangerous_without_default_src {
            return Err(ConfigError::new(
                "directives.default-src",
                "nothing",
                "given, since all that is not named falls back to it; or say dangerous_without_default_src = true",
            ));
        }
        Ok(())
    }
}

fn parse_name(name: &str, key: &str) -> Result<Directive, ConfigError> {
    let known = || Directive::ALL.iter().map(|directive| directive.as_str());
    Directive::ALL.iter().copied().find(|directive| directive.as_str() == name).ok_or_else(|| {
        let right = match nearest(name, known()) {
            Some(meant) => format!("a directive of the standard: did you mean {meant}?"),
            None => format!("a directive of the standard: {}", known().collect::<Vec<_>>().join(", ")),
        };
        ConfigError::new(key, format_args!("{name:?}"), right)
    })
}

/// The words of a directive's values, each one checked.
fn check(directive: Directive, values: &[String]) -> Result<Vec<&str>, ConfigError> {
    let wrong =
        |value: &str, right: String| ConfigError::new(directive.as_str(), format_args!("{value:?}"), right);
    let mut words = Vec::new();
    for value in values {
        if value.contains([';', ',']) {
            return Err(wrong(
                value,
                "without ; and , which would end the directive or the policy".to_owned(),
            ));
        }
        if value.trim().is_empty() {
            return Err(wrong(value, "a value; for no value at all, an empty list".to_owned()));
        }
        for word in value.split_ascii_whitespace() {
            check_word(directive, word).map_err(|right| wrong(word, right))?;
            words.push(word);
        }
    }
    match directive.values() {
        Values::Sources if words.len() > 1 => {
            match words.iter().find(|word| word.eq_ignore_ascii_case("'none'")) {
                Some(none) => Err(wrong(none, "alone, or browsers ignore it".to_owned())),
                None => Ok(words),
            }
        }
        Values::Nothing if !words.is_empty() => {
            Err(wrong(&words.join(" "), "empty: it takes no value".to_owned()))
        }
        Values::OneWord if words.len() != 1 => {
            Err(wrong(&words.join(" "), "the name of one endpoint".to_owned()))
        }
        _ => Ok(words),
    }
}

fn check_word(directive: Directive, word: &str) -> Result<(), String> {
    if !word.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("visible ASCII; a host in another script is written in Punycode".to_owned());
    }
    match directive.values() {
        Values::Sources => Source::parse(word).map(|_| ()),
        Values::Words if directive == Directive::Sandbox && !word.starts_with("allow-") => {
            Err("a word of sandbox such as allow-scripts".to_owned())
        }
        Values::Words if directive == Directive::RequireTrustedTypesFor && word != "'script'" => {
            Err("'script'".to_owned())
        }
        Values::Words | Values::OneWord | Values::Nothing => Ok(()),
    }
}

fn defaults(preset: Preset) -> &'static [(Directive, &'static str)] {
    match preset {
        Preset::Strict => STRICT,
        Preset::Helmet => HELMET,
    }
}

/// Nothing but what the site serves itself, and nothing that stands in the page.
const STRICT: &[(Directive, &str)] = &[
    (Directive::DefaultSrc, "'none'"),
    (Directive::ScriptSrc, "'self'"),
    (Directive::StyleSrc, "'self'"),
    (Directive::ImgSrc, "'self' data:"),
    (Directive::FontSrc, "'self'"),
    (Directive::ConnectSrc, "'self'"),
    (Directive::MediaSrc, "'self'"),
    (Directive::ManifestSrc, "'self'"),
    (Directive::WorkerSrc, "'self'"),
    (Directive::FrameSrc, "'self'"),
    (Directive::FormAction, "'self'"),
    (Directive::BaseUri, "'none'"),
    (Directive::FrameAncestors, "'none'"),
    (Directive::UpgradeInsecureRequests, ""),
];

/// Compatible with helmet 8.3.
const HELMET: &[(Directive, &str)] = &[
    (Directive::DefaultSrc, "'self'"),
    (Directive::BaseUri, "'self'"),
    (Directive::FontSrc, "'self' https: data:"),
    (Directive::FormAction, "'self'"),
    (Directive::FrameAncestors, "'self'"),
    (Directive::ImgSrc, "'self' data:"),
    (Directive::ObjectSrc, "'none'"),
    (Directive::ScriptSrc, "'self'"),
    (Directive::ScriptSrcAttr, "'none'"),
    (Directive::StyleSrc, "'self' https: 'unsafe-inline'"),
    (Directive::UpgradeInsecureRequests, ""),
];
