//! YAML as a tree that knows its lines: mappings, sequences and scalars, which is all that lockfiles use.

use saphyr_parser::{Event, Parser, ScanError};

use super::LockfileError;
use crate::evidence::document::refuse_conflict;
use crate::location::Location;

/// How deep a lockfile may nest.
const MAX_DEPTH: usize = 64;

/// A value.
#[derive(Debug)]
pub(super) enum Yaml {
    Text(String),
    Map(Vec<(String, u32, Yaml)>),
    /// A sequence. Nothing that lockfiles list is read.
    List,
}

/// Reads the first document of a text.
pub(super) fn parse(file: &str, text: &str) -> Result<Yaml, LockfileError> {
    refuse_conflict(file, text)?;
    let mut reader = Reader { file, parser: Parser::new_from_str(text) };
    loop {
        match reader.next()? {
            Some((Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _)) => {}
            Some((event, line)) => return reader.value(event, line, 0),
            None => return Ok(Yaml::Map(Vec::new())),
        }
    }
}

impl Yaml {
    /// The value under a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, ..)| name == key).map(|(.., value)| value)
    }

    /// Key, line and value of each entry of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[(String, u32, Self)] {
        match self {
            Self::Map(entries) => entries,
            Self::Text(_) | Self::List => &[],
        }
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Map(_) | Self::List => None,
        }
    }

    /// The text of the scalar under a key.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether the scalar under a key is `true`.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.text_of(key) == Some("true")
    }
}

struct Reader<'a> {
    file: &'a str,
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<(Event<'a>, u32)>, LockfileError> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, line(span.start.line())))),
            Some(Err(error)) => Err(self.broken(&error)),
        }
    }

    fn broken(&self, error: &ScanError) -> LockfileError {
        LockfileError::new(Location::line(self.file, line(error.marker().line())), error.info())
    }

    fn error(&self, line: u32, reason: impl Into<String>) -> LockfileError {
        LockfileError::new(Location::line(self.file, line), reason)
    }

    fn must(&mut self, from: u32) -> Result<(Event<'a>, u32), LockfileError> {
        self.next()?.ok_or_else(|| self.error(from, "the file ends in the middle of what begins here"))
    }

    fn value(&mut self, event: Event<'a>, line: u32, depth: usize) -> Result<Yaml, LockfileError> {
        if depth > MAX_DEPTH {
            return Err(self.error(line, format!("nested deeper than {MAX_DEPTH}")));
        }
        match event {
            Event::Scalar(text, ..) => Ok(Yaml::Text(text.into_owned())),
            Event::MappingStart(..) => {
                let mut entries: Vec<(String, u32, Yaml)> = Vec::new();
                let mut seen = std::collections::HashSet::new();
                loop {
                    let (event, at) = self.must(line)?;
                    let key = match event {
                        Event::MappingEnd => return Ok(Yaml::Map(entries)),
                        Event::Scalar(key, ..) => key.into_owned(),
                        _ => return Err(self.error(at, "a key was expected, in one line")),
                    };
                    if !seen.insert(key.clone()) {
                        return Err(self.error(at, format!("the key `{key}` stands here twice")));
                    }
                    let (event, from) = self.must(at)?;
                    let value = self.value(event, from, depth + 1)?;
                    entries.push((key, at, value));
                }
            }
            Event::SequenceStart(..) => loop {
                match self.must(line)? {
                    (Event::SequenceEnd, _) => return Ok(Yaml::List),
                    (event, at) => drop(self.value(event, at, depth + 1)?),
                }
            },
            // An alias could blow a small file up.
            Event::Alias(_) => Err(self.error(line, "anchors and aliases are not for lockfiles")),
            _ => Ok(Yaml::Map(Vec::new())),
        }
    }
}

fn line(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
