//! `Cache-Control`: what caches may keep (RFC 9111).
//!
//! An answer that sets a cookie is one visitor's: unless its `Cache-Control` says `private` or `no-store`, it becomes
//! `no-store`. A shared cache that kept it would hand the cookie, and with it the session, to the next visitor.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Preset, Setting};
use crate::ConfigError;

/// What is done about caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CacheControl {
    /// Nothing.
    Untouched,
    /// `no-store` on answers that set a cookie.
    NoStoreWithCookie,
    /// That, and no answer is kept unless the application says so: `noCache` of helmet 3.
    NoCache,
    /// The same as the package nocache 4 does it, without `Pragma`.
    NoCacheWithoutPragma,
}

impl CacheControl {
    pub(super) fn new(setting: &Setting, preset: Preset) -> Result<Self, ConfigError> {
        let default = match preset {
            Preset::Strict => Some("no-store-with-cookie"),
            Preset::Helmet => None,
        };
        match setting.resolve(KEY, default)? {
            None => Ok(Self::Untouched),
            Some("no-store-with-cookie") => Ok(Self::NoStoreWithCookie),
            Some("no-cache") => Ok(Self::NoCache),
            Some("no-cache-without-pragma") => Ok(Self::NoCacheWithoutPragma),
            Some(other) => Err(ConfigError::new(
                KEY,
                format_args!("{other:?}"),
                "\"no-store-with-cookie\", \"no-cache\" or \"no-cache-without-pragma\"",
            )),
        }
    }

    /// What every answer gets.
    pub(super) fn fields(self) -> Vec<(HeaderName, HeaderValue)> {
        let mut fields = match self {
            Self::Untouched | Self::NoStoreWithCookie => return Vec::new(),
            Self::NoCache | Self::NoCacheWithoutPragma => vec![
                (HeaderName::from_static("surrogate-control"), HeaderValue::from_static("no-store")),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("no-store, no-cache, must-revalidate, proxy-revalidate"),
                ),
                (header::PRAGMA, HeaderValue::from_static("no-cache")),
                (header::EXPIRES, HeaderValue::from_static("0")),
            ],
        };
        fields.retain(|(name, _)| *name != header::PRAGMA || self == Self::NoCache);
        fields
    }

    /// Keeps an answer that sets a cookie out of shared caches.
    pub(super) fn guard_cookies(self, headers: &mut HeaderMap) {
        if self == Self::Untouched || !headers.contains_key(header::SET_COOKIE) {
            return;
        }
        let is_private = headers.get_all(header::CACHE_CONTROL).iter().any(keeps_out_shared_caches);
        if !is_private {
            let _ = headers.try_insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// Whether the field says `private` or `no-store` of the whole answer. `private="set-cookie"` speaks of one field only,
/// and few caches read it (RFC 9111, section 5.2.2.7), so anything in quotes counts for nothing.
fn keeps_out_shared_caches(value: &HeaderValue) -> bool {
    let value = value.as_bytes();
    !value.contains(&b'"')
        && value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).any(|directive| {
            directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store")
        })
}

const KEY: &str = "cache_control";
