//! One entry of a source list (CSP Level 3, section 2.3.1).

use std::fmt;

use super::super::nearest::nearest;

/// Where something may come from.
///
/// Written as the standard writes it. Text is checked when the layer is built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `'none'`: nowhere. Stands alone.
    None,
    /// `'self'`: the origin of the page.
    SelfOrigin,
    /// `'nonce-...'`: elements that carry the nonce of this answer. It is new for each request, see
    /// [`Nonce`](super::Nonce). In text: `'nonce-{random}'`.
    Nonce,
    /// `'strict-dynamic'`: what a trusted script loads is trusted.
    StrictDynamic,
    /// `'report-sample'`: reports hold the first 40 characters of what was stopped.
    ReportSample,
    /// `'unsafe-inline'`: anything that stands in the page, so whatever an attacker gets into it.
    UnsafeInline,
    /// `'unsafe-eval'`: strings become scripts.
    UnsafeEval,
    /// `'unsafe-hashes'`: hashes count for attributes as well.
    UnsafeHashes,
    /// `'wasm-unsafe-eval'`: WebAssembly may be compiled.
    WasmUnsafeEval,
    /// `'inline-speculation-rules'`: speculation rules that stand in the page.
    InlineSpeculationRules,
    /// `'trusted-types-eval'`: `eval` of trusted types.
    TrustedTypesEval,
    /// A hash such as `'sha256-...'`, quotes included: the script or style with this content.
    Hash(String),
    /// A scheme (`https:`), an origin (`https://cdn.example.com`), a host (`*.example.com`), any with port and path, or
    /// `*`.
    Url(String),
}

impl Source {
    /// Reads one entry. The error completes the sentence "must be ...".
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some((_, source)) = KEYWORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(source.clone());
        }
        if text == NONCE_PLACEHOLDER {
            return Ok(Self::Nonce);
        }
        match text.strip_prefix('\'').map(|rest| rest.strip_suffix('\'')) {
            Some(Some(quoted)) => Self::parse_quoted(text, quoted),
            Some(None) => Err("in quotes on both sides".to_owned()),
            None => Self::parse_unquoted(text),
        }
    }

    fn parse_quoted(text: &str, quoted: &str) -> Result<Self, String> {
        if quoted.starts_with("nonce-") {
            return Err(format!(
                "{NONCE_PLACEHOLDER}: a nonce that is the same for every answer protects nothing"
            ));
        }
        if let Some((algorithm, digest)) = quoted.split_once('-')
            && let Some((_, bytes)) = HASHES.iter().find(|(name, _)| *name == algorithm)
        {
            return if is_base64_of(digest, *bytes) {
                Ok(Self::Hash(text.to_owned()))
            } else {
                Err(format!("'{algorithm}-' and {bytes} bytes in base64: this hash can match nothing"))
            };
        }
        Err(match nearest(text, KEYWORDS.iter().map(|(name, _)| *name)) {
            Some(keyword) => format!("a keyword of the standard: did you mean {keyword}?"),
            None => "a keyword of the standard, or without quotes if it is a host".to_owned(),
        })
    }

    fn parse_unquoted(text: &str) -> Result<Self, String> {
        let is_keyword = KEYWORDS.iter().any(|(name, _)| name.trim_matches('\'').eq_ignore_ascii_case(text));
        let lower = text.to_ascii_lowercase();
        let is_nonce_or_hash = lower.starts_with("nonce-")
            || HASHES
                .iter()
                .any(|(name, _)| lower.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')));
        if is_keyword || is_nonce_or_hash {
            return Err(format!("quoted: '{text}'"));
        }
        if SCHEMES.contains(&lower.as_str()) {
            return Err(format!("{text}: with a colon at its end, or it is read as a host"));
        }
        if is_scheme_source(text) || is_host_source(text) {
            return Ok(Self::Url(text.to_owned()));
        }
        Err("a source: 'self', https:, https://cdn.example.com, *.example.com".to_owned())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonce => f.write_str(NONCE_PLACEHOLDER),
            Self::Hash(text) | Self::Url(text) => f.write_str(text),
            keyword => f.write_str(
                KEYWORDS.iter().find(|(_, source)| source == keyword).map_or("", |(name, _)| name),
            ),
        }
    }
}

/// Stands for the nonce of the answer. No host contains a brace.
pub(super) const NONCE_PLACEHOLDER: &str = "'nonce-{random}'";

const KEYWORDS: [(&str, Source); 10] = [
    ("'none'", Source::None),
    ("'self'", Source::SelfOrigin),
    ("'strict-dynamic'", Source::StrictDynamic),
    ("'report-sample'", Source::ReportSample),
    ("'unsafe-inline'", Source::UnsafeInline),
    ("'unsafe-eval'", Source::UnsafeEval),
    ("'unsafe-hashes'", Source::UnsafeHashes),
    ("'wasm-unsafe-eval'", Source::WasmUnsafeEval),
    ("'inline-speculation-rules'", Source::InlineSpeculationRules),
    ("'trusted-types-eval'", Source::TrustedTypesEval),
];

/// Name and digest size in bytes.
const HASHES: [(&str, usize); 3] = [("sha256", 32), ("sha384", 48), ("sha512", 64)];

/// Schemes that one sees written without their colon.
const SCHEMES: [&str; 8] = ["http", "https", "ws", "wss", "data", "blob", "filesystem", "mediastream"];

/// Both alphabets count (CSP Level 3, section 2.3.1: `base64-value`).
fn is_base64_of(digest: &str, bytes: usize) -> bool {
    let digits = digest.trim_end_matches('=');
    digits.len() == (bytes * 8).div_ceil(6)
        && digest.len() - digits.len() <= 2
        && digits.bytes().all(|digit| digit.is_ascii_alphanumeric() || b"+/-_".contains(&digit))
}

/// `https:`
fn is_scheme_source(text: &str) -> bool {
    text.strip_suffix(':').is_some_and(is_scheme)
}

/// `[scheme "://"] host [":" port] [path]`
fn is_host_source(text: &str) -> bool {
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        Some(_) => return false,
        None => text,
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    is_host(host) && port.is_none_or(is_port) && path.bytes().all(is_path_byte)
}

/// RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_host(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    text == "*"
        || name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

fn is_port(text: &str) -> bool {
    text == "*"
        || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

/// RFC 3986, section 3.3, without `;` and `,`, which would end the directive or the policy, and without quotes.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~%!$&()*+=:@".contains(&byte)
}
