//! What the configuration says about one header.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::ConfigError;

/// What the configuration says about one header: nothing, a value, or that it is not wanted and why.
///
/// ```
/// use portcullis::header::{Config, Setting};
///
/// let config: Config = toml::from_str(
///     r#"
///     x_frame_options = "SAMEORIGIN"
///     origin_agent_cluster = { off = "two of our sites share document.domain" }
///     "#,
/// )?;
/// assert_eq!(config.x_frame_options, Setting::from("SAMEORIGIN"));
/// assert_eq!(config.origin_agent_cluster, Setting::off("two of our sites share document.domain"));
/// assert_eq!(config.referrer_policy, Setting::Preset);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Setting {
    /// What the preset says.
    #[default]
    Preset,
    /// This value, written as the header writes it. Checked when the layer is built.
    Value(String),
    /// Portcullis leaves this header alone, for the reason given. The reason must not be empty.
    Off(String),
}

impl Setting {
    /// Leaves the header alone, for a reason.
    pub fn off(reason: impl Into<String>) -> Self {
        Self::Off(reason.into())
    }

    /// The value asked for: the configuration's own, else the preset's, else none.
    pub(super) fn resolve<'a>(
        &'a self,
        key: &str,
        preset: Option<&'a str>,
    ) -> Result<Option<&'a str>, ConfigError> {
        match self {
            Self::Preset => Ok(preset),
            Self::Value(value) => Ok(Some(value)),
            Self::Off(reason) => check_reason(reason).map(|()| None).map_err(|error| error.within(key)),
        }
    }

    /// Whether a header that is only ever removed is to be removed.
    pub(super) fn removes(&self, key: &str) -> Result<bool, ConfigError> {
        match self {
            Self::Preset => Ok(true),
            Self::Value(value) => Err(ConfigError::new(
                key,
                format_args!("{value:?}"),
                "left out, which removes the field, or { off = \"why it is kept\" } (a false name misleads nobody)",
            )),
            Self::Off(_) => self.resolve(key, None).map(|_| false),
        }
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Off(reason) => Some(reason),
            Self::Preset | Self::Value(_) => None,
        }
    }
}

impl From<&str> for Setting {
    fn from(value: &str) -> Self {
        Self::Value(value.to_owned())
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor)
    }
}

/// The error of a header that is switched off without a reason.
pub(super) fn check_reason(reason: &str) -> Result<(), ConfigError> {
    if reason.trim().is_empty() {
        return Err(ConfigError::new("off", "\"\"", "the reason, in words"));
    }
    Ok(())
}

struct SettingVisitor;

impl<'de> de::Visitor<'de> for SettingVisitor {
    type Value = Setting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the header's value as a string, or { off = \"the reason\" }")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Setting, E> {
        Ok(Setting::from(value))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Setting, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Off {
            off: String,
        }
        let Off { off } = Off::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Setting::Off(off))
    }
}
