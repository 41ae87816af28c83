//! Which of the application's own headers give way.

use std::fmt;

use http::HeaderName;
use serde::{Deserialize, Deserializer, de};

use crate::ConfigError;

/// Which of the headers that the application sets itself are replaced by Portcullis's.
///
/// In TOML: `replace = "all"`, or `replace = ["Content-Security-Policy"]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Replace {
    /// None: what the application says stays.
    #[default]
    Nothing,
    /// Every header that Portcullis sends.
    All,
    /// These. A name that Portcullis does not send is an error.
    Named(Vec<String>),
}

impl Replace {
    /// The first name that `sends` says no to is an error.
    pub(super) fn check(&self, sends: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
        let Self::Named(names) = self else { return Ok(()) };
        match names.iter().find(|name| !sends(name)) {
            None => Ok(()),
            Some(name) => Err(ConfigError::new(
                "replace",
                format_args!("{name:?}"),
                "\"all\", or names of headers that this configuration sends",
            )),
        }
    }

    pub(super) fn contains(&self, header: &HeaderName) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| header.as_str().eq_ignore_ascii_case(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Replace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReplaceVisitor)
    }
}

struct ReplaceVisitor;

impl<'de> de::Visitor<'de> for ReplaceVisitor {
    type Value = Replace;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"all\" or a list of header names")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Replace, E> {
        if value == "all" {
            Ok(Replace::All)
        } else {
            Err(E::invalid_value(de::Unexpected::Str(value), &self))
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, sequence: A) -> Result<Replace, A::Error> {
        Vec::deserialize(de::value::SeqAccessDeserializer::new(sequence)).map(Replace::Named)
    }
}
