//! `yarn.lock` of yarn 1: a format of its own, of lines and their indentation.
//!
//! ```text
//! "@babel/core@^7.1.0", "@babel/core@^7.7.5":
//!   version "7.29.13"
//!   resolved "https://registry.yarnpkg.com/..."
//!   integrity sha512-...
//!   dependencies:
//!     semver "^6.3.1"
//! ```

use super::descriptor::{Descriptors, split};
use super::graph::{Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package};
use super::npm;
use crate::evidence::document::refuse_conflict;
use crate::evidence::manifest::Manifest;
use crate::location::Location;

pub(super) fn parse(file: &str, text: &str, manifests: &[Manifest]) -> Result<Graph, LockfileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    refuse_conflict(file, text)?;
    let mut descriptors = Descriptors::new(file, manifests);
    let mut entry: Option<Entry> = None;
    let mut section = DependencyKind::Normal;
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let location = || Location::line(file, u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1));
        let words = words(content).map_err(|reason| LockfileError::new(location(), reason))?;
        match line.len() - line.trim_start_matches(' ').len() {
            0 => {
                if let Some(entry) = entry.take() {
                    entry.finish(&mut descriptors)?;
                }
                if !content.ends_with(':') {
                    return Err(LockfileError::new(location(), "an entry was expected, `name@range:`"));
                }
                entry = Some(Entry { location: location(), keys: words, ..Entry::default() });
            }
            2 => {
                let Some(entry) = &mut entry else {
                    return Err(LockfileError::new(location(), "this line belongs to no entry"));
                };
                match (words.first().map(String::as_str), words.get(1)) {
                    (Some("version"), Some(value)) => entry.version.clone_from(value),
                    (Some("resolved"), Some(value)) => entry.resolved = Some(value.clone()),
                    (Some("integrity"), Some(_)) => {
                        entry.integrity = Some(words.get(1..).unwrap_or_default().join(" "));
                    }
                    (Some("dependencies"), None) => section = DependencyKind::Normal,
                    (Some("optionalDependencies"), None) => section = DependencyKind::Optional,
                    _ => {}
                }
            }
            4 => match (&mut entry, words.as_slice()) {
                (Some(entry), [name, range, ..]) => entry.asked.push(Dependency::new(name, range, section)),
                _ => return Err(LockfileError::new(location(), "`name range` was expected in an entry")),
            },
            _ => return Err(LockfileError::new(location(), "lines are indented by 0, 2 or 4 spaces")),
        }
    }
    if let Some(entry) = entry {
        entry.finish(&mut descriptors)?;
    }
    Ok(descriptors.resolve(Format::YarnV1, file))
}

struct Entry {
    location: Location,
    keys: Vec<String>,
    version: String,
    resolved: Option<String>,
    integrity: Option<String>,
    asked: Vec<Dependency>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            location: Location::file(""),
            keys: Vec::new(),
            version: String::new(),
            resolved: None,
            integrity: None,
            asked: Vec::new(),
        }
    }
}

impl Entry {
    fn finish(self, descriptors: &mut Descriptors) -> Result<(), LockfileError> {
        let Some((installed, range)) = self.keys.first().and_then(|key| split(key)) else {
            return Err(LockfileError::new(
                self.location,
                "the entry's name has no range: `name@range` is meant",
            ));
        };
        if self.version.is_empty() {
            let reason = format!("the entry for `{installed}` has no `version`: run `yarn install`");
            return Err(LockfileError::new(self.location, reason));
        }
        let name = npm::alias(range).map_or(installed, |(name, _)| name).to_owned();
        let package = Package {
            alias: (name != installed).then(|| installed.to_owned()),
            source: npm::source(
                Some(range)
                    .filter(|range| npm::is_git(range) || range.starts_with("file:"))
                    .or(self.resolved.as_deref()),
            ),
            name,
            version: self.version,
            resolved: self.resolved,
            integrity: self.integrity,
            dependencies: self.asked,
            ..Package::new(Ecosystem::Npm, &self.keys.join(", "), self.location)
        };
        descriptors.push(package, self.keys)
    }
}

/// The words of a line: bare or in quotes, apart by spaces or commas, a colon at the end left out.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if rest.is_empty() || rest == ":" {
            return Ok(words);
        }
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut word = String::new();
            let mut letters = quoted.char_indices();
            let end = loop {
                match letters.next() {
                    Some((_, '\\')) => word.extend(letters.next().map(|(_, letter)| letter)),
                    Some((at, '"')) => break at,
                    Some((_, letter)) => word.push(letter),
                    None => return Err("a quote is not closed"),
                }
            };
            words.push(word);
            rest = quoted.get(end + 1..).unwrap_or_default();
        } else {
            let end = rest.find([' ', ',']).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            words.push(if after.is_empty() { word.trim_end_matches(':') } else { word }.to_owned());
            rest = after;
        }
    }
}
