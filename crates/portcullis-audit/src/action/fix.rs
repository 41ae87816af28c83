//! Carries actions out in `package.json`: ranges and overrides. All else of the file stays as it is, byte by byte.
//!
//! Lockfiles are left to the package manager: a new version has a checksum that only the registry knows, and an entry
//! without one would take a guard away.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Action, Change};
use crate::evidence::document::{Document, Entries};
use crate::evidence::lockfile::LockfileError;
use crate::evidence::project::Files;

/// What a file holds, and what it is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileChange {
    /// The file, relative to the project's root.
    pub file: String,
    /// Its text now.
    pub before: String,
    /// Its text with the actions carried out.
    pub after: String,
}

/// What changes in the manifests when `actions` are carried out. Actions that need no change there (what the ranges
/// allow already) or a decision (another major version, what is to be replaced or removed) change nothing.
pub fn fix(files: &Files, actions: &[Action]) -> Result<Vec<FileChange>, LockfileError> {
    let mut changes: Vec<FileChange> = Vec::new();
    for action in actions {
        let file = &action.location.file;
        let is_manifest = file.rsplit('/').next() == Some("package.json");
        let (true, Some(to), Some(before)) = (is_manifest, &action.to, files.text(file)) else { continue };
        let text = changes.iter().find(|change| change.file == *file).map_or(before, |change| &change.after);
        let after = match action.change {
            Change::Minor => with_range(file, text, action, to)?,
            Change::Override if !action.is_far() => with_override(file, text, &action.package, to)?,
            _ => None,
        };
        let Some(after) = after else { continue };
        match changes.iter_mut().find(|change| change.file == *file) {
            Some(change) => change.after = after,
            None => changes.push(FileChange { file: file.clone(), before: before.to_owned(), after }),
        }
    }
    Ok(changes)
}

type Section<'a> = Entries<'a, &'a RawValue>;

/// The text with a new range wherever the manifest asks for the package.
fn with_range(file: &str, text: &str, action: &Action, to: &str) -> Result<Option<String>, LockfileError> {
    let document = Document::new(file, text)?;
    let whole: Section<'_> = document.whole()?;
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for section in ["dependencies", "devDependencies", "optionalDependencies"] {
        let Some(raw) = whole.get(section) else { continue };
        let entries: Section<'_> = document.read(raw)?;
        for (name, raw) in &entries.0 {
            let range: Cow<'_, str> = document.read(raw)?;
            let (prefix, range) = match range.strip_prefix("npm:") {
                Some(spec) => match spec.rsplit_once('@').filter(|(name, _)| *name == action.package) {
                    Some((_, range)) => (format!("npm:{}@", action.package), range),
                    None => continue,
                },
                None if *name == action.package => (String::new(), &*range),
                None => continue,
            };
            if !action.from.iter().any(|from| may_be(range, from)) {
                continue;
            }
            let operator = match range.chars().next() {
                Some('~') => "~",
                Some(first)
                    if first.is_ascii_digit()
                        && range.split('.').count() == 3
                        && !range.contains(['x', ' ', '*']) =>
                {
                    ""
                }
                _ => "^",
            };
            edits.push((offset(text, raw.get()), raw.get().len(), json(&format!("{prefix}{operator}{to}"))));
        }
    }
    Ok(applied(text, edits))
}

/// Whether a range is the one by which that version came in.
fn may_be(range: &str, version: &str) -> bool {
    crate::advisory::version(version).is_some_and(|version| {
        super::range::satisfies(crate::evidence::lockfile::Ecosystem::Npm, range, &version)
    })
}

/// The text with a version forced: in `overrides` of npm and bun, or in the table of another package manager if the
/// manifest has one already.
fn with_override(file: &str, text: &str, package: &str, to: &str) -> Result<Option<String>, LockfileError> {
    let document = Document::new(file, text)?;
    let whole: Section<'_> = document.whole()?;
    let table = ["overrides", "resolutions"].into_iter().find_map(|table| whole.get(table));
    let indent = indentation(text);
    let Some(raw) = table else {
        // Behind the last entry of the whole.
        let end = whole.0.last().map(|(_, raw)| offset(text, raw.get()) + raw.get().len());
        let Some(end) = end else { return Ok(None) };
        let added = format!(
            ",\n{indent}\"overrides\": {{\n{indent}{indent}{}: {}\n{indent}}}",
            json(package),
            json(to)
        );
        return Ok(applied(text, vec![(end, 0, added)]));
    };
    let entries: Section<'_> = document.read(raw)?;
    if let Some(known) = entries.get(package) {
        // An object forces versions below the package too: its own stands under `.`, and is left to a person.
        let is_text = known.get().starts_with('"');
        let edit = (offset(text, known.get()), known.get().len(), json(to));
        return Ok(if is_text { applied(text, vec![edit]) } else { None });
    }
    let entry = format!("{}: {}", json(package), json(to));
    let line = match (entries.0.is_empty(), raw.get().contains('\n')) {
        (true, _) => format!("\n{indent}{indent}{entry}\n{indent}"),
        (false, true) => format!("\n{indent}{indent}{entry},"),
        (false, false) => format!("{entry}, "),
    };
    Ok(applied(text, vec![(offset(text, raw.get()) + 1, 0, line)]))
}

fn applied(text: &str, mut edits: Vec<(usize, usize, String)>) -> Option<String> {
    edits.sort();
    let mut after = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for (start, length, replacement) in edits {
        after.push_str(text.get(at..start)?);
        after.push_str(&replacement);
        at = start + length;
    }
    after.push_str(text.get(at..)?);
    (after != text).then_some(after)
}

/// Where a part of `text` begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize)
}

/// What the first indented line is indented by.
fn indentation(text: &str) -> &str {
    let line = text.lines().find(|line| line.starts_with([' ', '\t']));
    line.map_or("  ", |line| line.get(..line.len() - line.trim_start().len()).unwrap_or("  "))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::Database;
    use crate::date::Date;
    use crate::evidence::project::Project;

    fn fixed(manifest: &str) -> Option<String> {
        let files = Files::from_texts([("package.json", manifest)]);
        let today = Date::parse("2026-11-20").unwrap();
        let project = Project::new(&files, &Database::embedded().unwrap(), today).unwrap();
        let changes = fix(&files, &super::super::plan(&project)).unwrap();
        changes.into_iter().next().map(|change| change.after)
    }

    #[test]
    fn only_the_range_changes_and_keeps_its_operator() {
        let manifest = "{\n\t\"dependencies\": {\n\t\t\"morgan\" : \"1.9.0\" ,\n\t\t\"lodash\": \"~4.17.11\", \"old\":\"npm:lodash@^4.17.4\"\n\t}\n}\n";
        let expected = "{\n\t\"dependencies\": {\n\t\t\"morgan\" : \"1.9.1\" ,\n\t\t\"lodash\": \"~4.17.21\", \"old\":\"npm:lodash@^4.17.21\"\n\t}\n}\n";
        assert_eq!(fixed(manifest).as_deref(), Some(expected));
    }

    #[test]
    fn another_major_version_is_left_to_a_person() {
        assert_eq!(fixed("{\"dependencies\": {\"marked\": \"0.3.5\"}}"), None);
    }

    #[test]
    fn what_needs_nothing_stays() {
        assert_eq!(fixed("{\"dependencies\": {\"marked\": \"^99.0.0\"}}"), None);
    }

    #[test]
    fn an_override_is_added_to_what_is_there() {
        let with = |text: &str| with_override("package.json", text, "@a/b", "1.2.3").unwrap().unwrap();
        assert_eq!(
            with("{\n  \"name\": \"shop\"\n}\n"),
            "{\n  \"name\": \"shop\",\n  \"overrides\": {\n    \"@a/b\": \"1.2.3\"\n  }\n}\n"
        );
        let more = with("{\n  \"overrides\": {\n    \"c\": \"1.0.0\"\n  }\n}\n");
        assert_eq!(more, "{\n  \"overrides\": {\n    \"@a/b\": \"1.2.3\",\n    \"c\": \"1.0.0\"\n  }\n}\n");
        assert_eq!(
            with("{\"resolutions\": {\"@a/b\": \"1.0.0\"}}"),
            "{\"resolutions\": {\"@a/b\": \"1.2.3\"}}"
        );
        for text in [&more, &with("{\"overrides\": {}}"), &with("{\"a\":1}")] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
    }
}
