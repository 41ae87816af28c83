//! `Public-Key-Pins` (RFC 7469): removed, and refused as a setting.
//!
//! Old advice asks for it. It locked visitors out of sites that lost a key, let whoever broke into a site once hold it to
//! ransom, and no browser has read it since 2020. Certificate Transparency, which browsers demand by themselves, took
//! its place.

use http::HeaderName;

use crate::ConfigError;

/// The two names it had.
pub(super) fn names() -> [HeaderName; 2] {
    [HeaderName::from_static("public-key-pins"), HeaderName::from_static("public-key-pins-report-only")]
}

/// Says why it is not to be had.
pub(super) fn refuse(value: Option<&String>) -> Result<(), ConfigError> {
    match value {
        None => Ok(()),
        Some(value) => Err(ConfigError::new(
            "public_key_pins",
            format_args!("{value:?}"),
            "left out: no browser reads Public-Key-Pins any more, and while they did, a lost key locked every visitor out",
        )),
    }
}
