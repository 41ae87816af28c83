//! `Reporting-Endpoints`: the names that `report-to` in a policy speaks of (Reporting API, section 3.3).

use std::collections::BTreeMap;

use http::HeaderValue;

use crate::ConfigError;

/// `name="https://..."`, a dictionary of RFC 9651.
pub(super) fn value(endpoints: &BTreeMap<String, String>) -> Result<Option<HeaderValue>, ConfigError> {
    let mut members = Vec::new();
    for (name, url) in endpoints {
        let is_key = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte));
        if !is_key {
            return Err(ConfigError::new(
                KEY,
                format_args!("{name:?}"),
                "named in lower-case letters and digits",
            ));
        }
        let is_url = (url.starts_with("https://") || url.starts_with('/'))
            && url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if !is_url {
            let right = "an https: URL or a path, or browsers send nothing there";
            return Err(ConfigError::new(format!("{KEY}.{name}"), format_args!("{url:?}"), right));
        }
        members.push(format!("{name}=\"{url}\""));
    }
    if members.is_empty() {
        return Ok(None);
    }
    let text = members.join(", ");
    HeaderValue::try_from(&text)
        .map(Some)
        .map_err(|_| ConfigError::new(KEY, format_args!("{text:?}"), "visible ASCII"))
}

const KEY: &str = "reporting_endpoints";
