//! Directives with their values, in order.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::{Directive, Source};

/// Directives with their values, in the order given.
///
/// In TOML a table; a value is a list, or one string as the header writes it:
///
/// ```
/// use portcullis::header::{Config, Directive, Directives, Source};
///
/// let config: Config = toml::from_str(
///     r#"
///     [content_security_policy.directives]
///     img-src = "'self' data:"
///     script-src = ["'self'", "'nonce-{random}'"]
///     "#,
/// )?;
/// let typed = Directives::new()
///     .with(Directive::ImgSrc, [Source::SelfOrigin, Source::Url("data:".to_owned())])
///     .with(Directive::ScriptSrc, [Source::SelfOrigin, Source::Nonce]);
/// assert_eq!(config.content_security_policy.directives, typed);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directives(Vec<(String, Vec<String>)>);

impl Directives {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more. A directive that is given twice is an error when the layer is built.
    #[must_use]
    pub fn with(mut self, directive: Directive, sources: impl IntoIterator<Item = Source>) -> Self {
        let sources = sources.into_iter().map(|source| source.to_string()).collect();
        self.0.push((directive.as_str().to_owned(), sources));
        self
    }

    /// The same with one more whose values are not sources: the words of `sandbox`, the URI of `report-uri`.
    #[must_use]
    pub fn with_words<'a>(mut self, directive: Directive, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.push((directive.as_str().to_owned(), words.into_iter().map(str::to_owned).collect()));
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

impl<'de> Deserialize<'de> for Directives {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DirectivesVisitor)
    }
}

struct DirectivesVisitor;

impl<'de> de::Visitor<'de> for DirectivesVisitor {
    type Value = Directives;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of directives")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Directives, A::Error> {
        let mut directives = Vec::new();
        while let Some(name) = map.next_key()? {
            let Values(values) = map.next_value()?;
            directives.push((name, values));
        }
        Ok(Directives(directives))
    }
}

struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> de::Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values, or one string as the header writes it")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Values, E> {
        Ok(Values(text.split_ascii_whitespace().map(str::to_owned).collect()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, sequence: A) -> Result<Values, A::Error> {
        Vec::deserialize(de::value::SeqAccessDeserializer::new(sequence)).map(Values)
    }
}
