//! Request bodies: how large, how coded, of what type. Streamed, never held.
//!
//! A body without a limit fills memory; a compressed one of 10 KB can inflate to 10 MB; and a body whose type or coding
//! two readers read differently carries an attack past the one that looks.
//!
//! A request passes if it has no body, or if:
//! 1. its `Content-Length` is a number within the limit of its media type;
//! 2. its `Content-Type`, if there is one, is a single media type by the grammar (RFC 9110, section 8.3.1), is allowed
//!    ([`Config::media_types`]), and for JSON and forms has a charset that body-parser reads, but not UTF-7;
//! 3. its `Content-Encoding` is none or one of [`Config::content_codings`];
//! 4. no more bytes arrive than the limit, and no more than the limit come out when it is inflated; the bytes go on as
//!    they came;
//! 5. coded, it is whole: not corrupt, not cut off, with nothing after its end.
//!
//! The limit is [`Config::max_bytes`] for JSON and forms, which a parser holds in memory whole, and
//! [`Config::max_upload_bytes`] for everything else. The method does not matter: a `GET` with a body has the same limits.
//!
//! A refusal is 413 (1 and 4), 415 (2 and 3) or 400 (5, and a `Content-Length` that is no number), and closes the
//! connection, since the body was not read. If the head says enough, nothing of the body is read. If the body is refused
//! on its way, it ends with the error [`BodyRefused`], and whatever the application then answers is replaced; an answer
//! that it began before stays.
//!
//! **What this does not stop**: many small bodies, slow ones (`timeout`), deep or broken JSON, too many parameters, more
//! files than wanted; a body shorter or longer than its `Content-Length` (the HTTP parser sees to that).
//!
//! **What breaks it**: an application that reads JSON under another media type (`express.json({ type: "*/*" })`) has the
//! larger limit, unless `media_types` names what may come. One that must take larger JSON needs `max_bytes` raised on
//! that route; body-parser's own default is 102,400.
//!
//! Follows body-parser 2.4 in the limit (inclusive, of the inflated body), the codings and the charsets; it differs in
//! that 413 is answered at once and not after the whole body, `x-gzip` is gzip, UTF-7 is refused, charsets are checked
//! for `+json` as well, a malformed `Content-Type` is 415 and not ignored, and bytes after the end of a coded body are
//! an error.
//!
//! ```
//! use axum::{Router, body::{Body, Bytes}, routing::post};
//! use http::{Request, StatusCode, header::CONTENT_TYPE};
//! use portcullis::body::{BodyLayer, Config};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/", post(|body: Bytes| async move { body.len().to_string() }))
//!     .layer(BodyLayer::new(Config::default())?);
//!
//! for (bytes, status) in [(10_240, StatusCode::OK), (10_241, StatusCode::PAYLOAD_TOO_LARGE)] {
//!     let request =
//!         Request::post("/").header(CONTENT_TYPE, "application/json").body(Body::from(vec![b' '; bytes]))?;
//!     assert_eq!(app.clone().oneshot(request).await?.status(), status);
//! }
//! # Ok(())
//! # }
//! ```

mod media_type;
mod meter;
mod metered;
mod service;

use std::sync::Arc;

use http::{HeaderMap, StatusCode, header};
use portcullis_rules::{Rule, limit, validation};
use serde::Deserialize;

use self::{
    media_type::{MediaType, Pattern},
    meter::Meter,
};
pub use self::{
    metered::{BodyRefused, MeteredBody},
    service::{BodyFuture, BodyService},
};
use crate::{config_error::ConfigError, content_coding::ContentCoding, mode::Mode, refusal::Refusal};

/// Rules this guard makes hold.
pub const ENFORCES: &[&Rule] =
    &[&limit::BODY_UNLIMITED, &limit::INFLATION_UNLIMITED, &validation::MEDIA_TYPE_UNCHECKED];

/// Rules this guard softens: a parser without a limit of its own has ours, uploads have a size but no count.
pub const MITIGATES: &[&Rule] = &[&limit::BODY_LIMIT_EXPLICIT, &limit::UPLOAD_LIMIT];

/// What bodies may come.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Whether to refuse, or only to count and log.
    pub mode: Mode,
    /// The largest JSON (`application/json`, `+json`) or `application/x-www-form-urlencoded` body, in bytes, inflated.
    /// At least 1. Default 10,240, as the checklists have it.
    pub max_bytes: u64,
    /// The largest body of any other media type, or of none, in bytes, inflated. At least 1. Default 10 MiB: they are
    /// streamed to a file more often than held.
    pub max_upload_bytes: u64,
    /// The media types that may come: `application/json`, `multipart/*`, or a suffix such as `+json`. Empty, the
    /// default, allows any. If not empty, a body without a `Content-Type` is refused.
    pub media_types: Vec<String>,
    /// The content codings that may come, of `gzip`, `deflate`, `br`. Default: all three, as body-parser 2. Empty
    /// refuses every coded body.
    pub content_codings: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            max_bytes: 10 * 1024,
            max_upload_bytes: 10 * 1024 * 1024,
            media_types: Vec::new(),
            content_codings: ["gzip", "deflate", "br"].map(String::from).to_vec(),
        }
    }
}

/// The guard as a `tower::Layer`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BodyLayer {
    policy: Option<Arc<Policy>>,
}

impl BodyLayer {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let Config { mode, max_bytes, max_upload_bytes, media_types, content_codings } = config;
        for (path, bytes) in [("max_bytes", max_bytes), ("max_upload_bytes", max_upload_bytes)] {
            if bytes == 0 {
                return Err(ConfigError::new(path, bytes, "at least 1"));
            }
        }
        let allowed = media_types.iter().enumerate().map(|(index, text)| {
            Pattern::parse(text).ok_or_else(|| {
                let right = "a media type such as \"application/json\", a family such as \"multipart/*\", or a \
                             suffix such as \"+json\"";
                ConfigError::new(format!("media_types[{index}]"), format!("{text:?}"), right)
            })
        });
        let codings = content_codings.iter().enumerate().map(|(index, text)| {
            ContentCoding::parse(text).ok().flatten().ok_or_else(|| {
                let right = "\"gzip\", \"deflate\" or \"br\"";
                ConfigError::new(format!("content_codings[{index}]"), format!("{text:?}"), right)
            })
        });
        let (allowed, codings) = (allowed.collect::<Result<_, _>>()?, codings.collect::<Result<_, _>>()?);
        Ok(Self { policy: Some(Arc::new(Policy { mode, max_bytes, max_upload_bytes, allowed, codings })) })
    }

    /// A layer that lets every body through: the guard's place in a stack where it is switched off.
    pub fn off() -> Self {
        Self { policy: None }
    }
}

/// A checked [`Config`].
#[derive(Debug)]
struct Policy {
    mode: Mode,
    max_bytes: u64,
    max_upload_bytes: u64,
    allowed: Vec<Pattern>,
    codings: Vec<ContentCoding>,
}

impl Policy {
    /// Judges the head of a request that has a body, and says how to count what comes.
    fn judge(&self, head: &HeaderMap) -> Result<Meter, Refusal> {
        let media_type = MediaType::of(head.get_all(header::CONTENT_TYPE))
            .map_err(|_| unsupported("Content-Type is not one media type by the grammar"))?;
        let held_whole = media_type.is_some_and(|it| it.is_json() || it.is_form());
        let max_bytes = if held_whole { self.max_bytes } else { self.max_upload_bytes };

        let coding = ContentCoding::of(head.get_all(header::CONTENT_ENCODING));
        let coded = !matches!(coding, Ok(None));
        if declared_length(head)?.is_some_and(|length| length > meter::max_received(max_bytes, coded)) {
            return Err(meter::too_large(max_bytes));
        }

        if !self.allowed.is_empty() {
            let is_allowed = |it: &MediaType<'_>| self.allowed.iter().any(|pattern| pattern.matches(it));
            if !media_type.as_ref().is_some_and(is_allowed) {
                return Err(unsupported("the media type is not among those that may come"));
            }
        }
        if media_type.is_some_and(|it| !it.has_readable_charset()) {
            return Err(unsupported("the charset is not one that every parser reads alike"));
        }
        match coding {
            Ok(None) => Ok(Meter::new(max_bytes, None)),
            Ok(Some(coding)) if self.codings.contains(&coding) => Ok(Meter::new(max_bytes, Some(coding))),
            _ => Err(unsupported("the content coding is not one of those that may come")),
        }
    }
}

/// Every `Content-Length` is a number and all are equal (RFC 9110, section 8.6). A number too large for 64 bits is the
/// largest.
fn declared_length(head: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut declared = None;
    for field in head.get_all(header::CONTENT_LENGTH) {
        let digits = field.as_bytes();
        let length = std::str::from_utf8(digits)
            .ok()
            .filter(|_| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
            .map(|digits| digits.parse().unwrap_or(u64::MAX));
        match (length, declared) {
            (Some(length), None) => declared = Some(length),
            (Some(length), Some(before)) if length == before => {}
            _ => {
                let detail = "Content-Length is not one number";
                return Err(Refusal::new(StatusCode::BAD_REQUEST, &limit::SMUGGLING, detail).closing());
            }
        }
    }
    Ok(declared)
}

fn unsupported(detail: &'static str) -> Refusal {
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, &validation::MEDIA_TYPE_UNCHECKED, detail).closing()
}
