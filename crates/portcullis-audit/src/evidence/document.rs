//! A JSON file whose parts know their lines.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::evidence::lockfile::LockfileError;
use crate::location::{Lines, Location};

/// A JSON file, read part by part, so that each part is found again in the text.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    lines: Lines,
}

impl<'a> Document<'a> {
    /// A text without byte order mark and without the traces of a merge.
    pub(crate) fn new(file: &'a str, text: &'a str) -> Result<Self, LockfileError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        refuse_conflict(file, text)?;
        Ok(Self { file, text, lines: Lines::new(text) })
    }

    /// The whole document, which is an object.
    pub(crate) fn whole<T: Deserialize<'a>>(&self) -> Result<T, LockfileError> {
        if !self.text.trim_start().starts_with('{') {
            return Err(LockfileError::new(Location::line(self.file, 1), "a JSON object was expected"));
        }
        serde_json::from_str(self.text).map_err(|error| self.error(1, &error))
    }

    /// One part of it.
    pub(crate) fn read<T: Deserialize<'a>>(&self, part: &'a RawValue) -> Result<T, LockfileError> {
        serde_json::from_str(part.get()).map_err(|error| self.error(self.line(part.get()), &error))
    }

    /// Where a part of the text begins. Text that is not of this document is placed at its first line.
    pub(crate) fn location(&self, part: &str) -> Location {
        Location::line(self.file, self.line(part))
    }

    fn line(&self, part: &str) -> u32 {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if offset <= self.text.len() { self.lines.of(offset) } else { 1 }
    }

    fn error(&self, first_line: u32, error: &serde_json::Error) -> LockfileError {
        let line =
            u32::try_from(error.line()).unwrap_or(u32::MAX).saturating_sub(1).saturating_add(first_line);
        // What is missing at the end is missed behind the last line.
        let last = self.lines.of(self.text.trim_end().len());
        let line = line.min(last);
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or(&text);
        LockfileError::new(Location::line(self.file, line), reason)
    }
}

/// An error if the text holds the marks of a merge that nobody finished.
pub(super) fn refuse_conflict(file: &str, text: &str) -> Result<(), LockfileError> {
    let Some(index) = text.lines().position(|line| line.starts_with("<<<<<<< ")) else { return Ok(()) };
    let line = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
    Err(LockfileError::new(
        Location::line(file, line),
        "a merge conflict is not resolved here: resolve it, or run the package manager's install, which does",
    ))
}

/// The entries of a JSON object, in their order. An object that names a key twice is an error.
#[derive(Debug)]
pub(crate) struct Entries<'a, V>(pub(crate) Vec<(Cow<'a, str>, V)>);

impl<V> Default for Entries<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Entries<'_, V> {
    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Entries<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<'a, V>(PhantomData<(&'a (), V)>);

        impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for InOrder<'a, V> {
            type Value = Entries<'a, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                let mut seen = HashSet::new();
                while let Some(Key(key)) = map.next_key::<Key<'a>>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("the key `{key}` stands here twice")));
                    }
                    entries.push((key, map.next_value()?));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// A string, borrowed where it has no escapes.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// A string, borrowed where it has no escapes; anything else in its place is taken for none.
#[derive(Clone, Debug, Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(crate) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(crate) fn owned(&self) -> Option<String> {
        self.0.as_deref().map(ToOwned::to_owned)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str::<Key<'a>>(raw.get()).ok().map(|key| key.0)))
    }
}
