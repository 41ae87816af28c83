//! A header whose value is one of a few words.

use http::{HeaderName, HeaderValue};

use super::{Preset, Setting};
use crate::ConfigError;

/// A header whose value is one of a few words.
pub(super) struct TokenHeader {
    /// In lower case. The key in the configuration is the same with underscores.
    pub(super) name: &'static str,
    /// The words, spelled as they are sent.
    pub(super) allowed: &'static [&'static str],
    /// What the preset `strict` sends.
    pub(super) strict: Option<&'static str>,
    /// What the preset `helmet` sends.
    pub(super) helmet: Option<&'static str>,
    pub(super) in_report: InReport,
    /// Said after the allowed words in an error: what became of a value that one may have met in old advice.
    pub(super) note: &'static str,
}

/// What becomes of a header in report mode.
#[derive(Clone, Copy)]
pub(super) enum InReport {
    /// It is sent: it takes nothing from a page that works.
    Sent,
    /// It is sent under the name by which browsers report and do not act.
    As(&'static str),
    /// It is not sent.
    Withheld,
}

impl TokenHeader {
    /// Name and value, where there is one to send.
    pub(super) fn field(
        &self,
        setting: &Setting,
        preset: Preset,
    ) -> Result<Option<(HeaderName, HeaderValue)>, ConfigError> {
        let key = self.name.replace('-', "_");
        let default = match preset {
            Preset::Strict => self.strict,
            Preset::Helmet => self.helmet,
        };
        let Some(value) = setting.resolve(&key, default)? else { return Ok(None) };
        let Some(word) = self.allowed.iter().find(|word| **word == value) else {
            let words = self.allowed.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
            return Err(ConfigError::new(
                key,
                format_args!("{value:?}"),
                format_args!("{words}{}", self.note),
            ));
        };
        Ok(Some((HeaderName::from_static(self.name), HeaderValue::from_static(word))))
    }
}
