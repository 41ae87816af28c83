//! `Strict-Transport-Security`: browsers come back over TLS only (RFC 6797).
//!
//! Sent over TLS alone, as section 7.2 demands, and never in report mode: a browser that has seen it cannot be talked
//! out of it before its time is over.

use http::HeaderValue;
use serde::Deserialize;

use super::{Preset, setting::check_reason};
use crate::ConfigError;

/// The policy that `Strict-Transport-Security` states.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StrictTransportSecurity {
    /// Why Portcullis leaves this header alone. None: it is sent.
    pub off: Option<String>,
    /// For how long a browser remembers, in seconds. None: 63072000, two years (`strict`), or 31536000, one year
    /// (`helmet`). 0 makes browsers forget.
    pub max_age_seconds: Option<u64>,
    /// Whether every host below this one is bound as well. None: yes.
    pub include_sub_domains: Option<bool>,
    /// Whether browsers may ship this host in their list. Off by default, since leaving that list takes months; the
    /// list asks for `max_age_seconds` of at least 31536000 and for sub-domains (hstspreload.org), so without them it
    /// is an error.
    pub preload: bool,
}

impl StrictTransportSecurity {
    pub(super) fn value(&self, preset: Preset) -> Result<Option<HeaderValue>, ConfigError> {
        self.build(preset).map_err(|error| error.within("strict_transport_security"))
    }

    fn build(&self, preset: Preset) -> Result<Option<HeaderValue>, ConfigError> {
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
        let max_age = self.max_age_seconds.unwrap_or(match preset {
            Preset::Strict => 2 * YEAR,
            Preset::Helmet => YEAR,
        });
        let sub_domains = self.include_sub_domains.unwrap_or(true);
        if self.preload && (max_age < YEAR || !sub_domains) {
            return Err(ConfigError::new(
                "preload",
                true,
                format_args!(
                    "with max_age_seconds of at least {YEAR} and include_sub_domains, or no list takes it"
                ),
            ));
        }
        let mut text = format!("max-age={max_age}");
        if sub_domains {
            text.push_str("; includeSubDomains");
        }
        if self.preload {
            text.push_str("; preload");
        }
        HeaderValue::try_from(text)
            .map(Some)
            .map_err(|_| ConfigError::new("max_age_seconds", max_age, "a number"))
    }
}

/// In seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;
