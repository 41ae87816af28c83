//! `Referrer-Policy`: what a link tells the site it leads to (Referrer Policy, section 3).

use http::HeaderValue;

use super::{Preset, Setting};
use crate::ConfigError;

/// Checks the list of policies: as the header writes it, the last one that a browser knows counts (section 11.1).
///
/// The strict preset is `same-origin`, which tells other sites as little as helmet's `no-referrer` does. With that one a
/// browser sends `Origin: null` with the site's own forms (Fetch, section 3.2), and one that sends no `Sec-Fetch-Site` then
/// looks like another site's page to the `csrf` guard.
pub(super) fn value(setting: &Setting, preset: Preset) -> Result<Option<HeaderValue>, ConfigError> {
    let default = match preset {
        Preset::Strict => "same-origin",
        Preset::Helmet => "no-referrer",
    };
    let Some(text) = setting.resolve(KEY, Some(default))? else { return Ok(None) };
    let mut policies: Vec<&str> = Vec::new();
    for name in text.split(',') {
        let policy = POLICIES.iter().find(|policy| **policy == name.trim()).ok_or_else(|| {
            ConfigError::new(KEY, format_args!("{text:?}"), format_args!("of {}", POLICIES.join(", ")))
        })?;
        if policies.contains(policy) {
            return Err(ConfigError::new(
                KEY,
                format_args!("{text:?}"),
                format_args!("without a second {policy}"),
            ));
        }
        policies.push(policy);
    }
    HeaderValue::try_from(policies.join(","))
        .map(Some)
        .map_err(|_| ConfigError::new(KEY, format_args!("{text:?}"), "visible ASCII"))
}

const KEY: &str = "referrer_policy";

const POLICIES: [&str; 8] = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];
