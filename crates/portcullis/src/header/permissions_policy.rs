//! `Permissions-Policy`: which powerful features of the browser this page may ask for (W3C Permissions Policy).

use std::collections::BTreeMap;

use http::HeaderValue;
use serde::Deserialize;

use super::{Preset, nearest::nearest, setting::check_reason};
use crate::ConfigError;

/// The policy that `Permissions-Policy` states: the preset's features, changed by those given here.
///
/// ```
/// use portcullis::header::{Config, HeaderLayer};
///
/// let config: Config = toml::from_str(
///     r#"
///     [permissions_policy.features]
///     camera = ["self"]
///     geolocation = ["self", "https://maps.example.com"]
///     "#,
/// )?;
/// HeaderLayer::new(config)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PermissionsPolicy {
    /// Why Portcullis leaves this header alone. None: the preset decides; `strict` sends it, `helmet` only if
    /// `features` holds something.
    pub off: Option<String>,
    /// Who may use a feature: `self`, `*`, or origins such as `https://maps.example.com`. An empty list is nobody.
    /// A feature of the preset keeps its place, the others follow by name.
    pub features: BTreeMap<String, Vec<String>>,
}

impl PermissionsPolicy {
    pub(super) fn value(&self, preset: Preset) -> Result<Option<HeaderValue>, ConfigError> {
        self.build(preset).map_err(|error| error.within("permissions_policy"))
    }

    fn build(&self, preset: Preset) -> Result<Option<HeaderValue>, ConfigError> {
        if let Some(reason) = &self.off {
            check_reason(reason)?;
            if !self.features.is_empty() {
                return Err(ConfigError::new(
                    "off",
                    format_args!("{reason:?}"),
                    "alone: nothing else is read then",
                ));
            }
            return Ok(None);
        }
        let denied: &[&str] = match preset {
            Preset::Strict => &DENIED,
            Preset::Helmet => &[],
        };
        let mut members = Vec::new();
        for feature in denied {
            members.push(member(feature, self.features.get(*feature).map_or(&[], Vec::as_slice))?);
        }
        for (feature, allowed) in &self.features {
            check_name(feature)?;
            if !denied.contains(&feature.as_str()) {
                members.push(member(feature, allowed)?);
            }
        }
        if members.is_empty() {
            return Ok(None);
        }
        let text = members.join(", ");
        HeaderValue::try_from(&text)
            .map(Some)
            .map_err(|_| ConfigError::new("features", format_args!("{text:?}"), "visible ASCII"))
    }
}

/// A dictionary member of RFC 9651, section 3.2: `camera=(self "https://example.com")`.
fn member(feature: &str, allowed: &[String]) -> Result<String, ConfigError> {
    let wrong = |value: &str, right: &str| {
        ConfigError::new(format!("features.{feature}"), format_args!("{value:?}"), right)
    };
    if let [only] = allowed
        && only == "*"
    {
        return Ok(format!("{feature}=*"));
    }
    let mut items = Vec::new();
    for origin in allowed {
        items.push(match origin.as_str() {
            "self" => "self".to_owned(),
            "*" => return Err(wrong("*", "alone, or the others mean nothing")),
            "'self'" | "none" | "'none'" => {
                return Err(wrong(origin, "self without quotes; an empty list for nobody"));
            }
            _ if is_origin(origin) => format!("\"{origin}\""),
            _ => return Err(wrong(origin, "self, *, or an origin such as https://maps.example.com")),
        });
    }
    Ok(format!("{feature}=({})", items.join(" ")))
}

fn check_name(feature: &str) -> Result<(), ConfigError> {
    // New features appear every year, so a name that no list holds is taken; but not one that is nearly in it.
    if KNOWN.contains(&feature) || DENIED.contains(&feature) {
        return Ok(());
    }
    let wrong = |right: String| Err(ConfigError::new("features", format_args!("{feature:?}"), right));
    if let Some(meant) = nearest(feature, KNOWN.into_iter().chain(DENIED)) {
        return wrong(format!("a feature: did you mean {meant}?"));
    }
    let is_key = feature.starts_with(|first: char| first.is_ascii_lowercase())
        && feature.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_key { Ok(()) } else { wrong("a feature's name such as camera or screen-wake-lock".to_owned()) }
}

/// Scheme, host, perhaps a port, and nothing after.
fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, authority)| {
        (scheme == "https" || scheme == "http")
            && !authority.is_empty()
            && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:*[]".contains(&byte))
    })
}

/// Features that can watch, locate, pay or reach hardware, as far as browsers know them without a warning.
const DENIED: [&str; 16] = [
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
];

/// The rest of the features that browsers know, for the sake of misspelt names.
const KNOWN: [&str; 18] = [
    "ambient-light-sensor",
    "attribution-reporting",
    "autoplay",
    "battery",
    "compute-pressure",
    "cross-origin-isolated",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "identity-credentials-get",
    "otp-credentials",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "storage-access",
    "web-share",
    "window-management",
];
