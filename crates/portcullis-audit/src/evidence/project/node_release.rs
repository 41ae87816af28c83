//! Which releases of Node.js a project names, and until when each is maintained.

use super::{FileKind, Files};
use crate::date::Date;
use crate::evidence::manifest::Manifest;
use crate::location::Location;

/// A release of Node.js that the project runs on, or says so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeRelease {
    /// The major version; 0 for the releases before 4.
    pub major: u32,
    /// The line as written.
    pub written: String,
    /// Where.
    pub location: Location,
}

/// Major version and last day, from the schedule of the Node.js release working group.
/// <https://github.com/nodejs/Release/blob/main/schedule.json>
const END_OF_LIFE: [(u32, &str); 25] = [
    (0, "2016-12-31"),
    (4, "2018-04-30"),
    (5, "2016-06-30"),
    (6, "2019-04-30"),
    (7, "2017-06-30"),
    (8, "2019-12-31"),
    (9, "2018-06-30"),
    (10, "2021-04-30"),
    (11, "2019-06-01"),
    (12, "2022-04-30"),
    (13, "2020-06-01"),
    (14, "2023-04-30"),
    (15, "2021-06-01"),
    (16, "2023-09-11"),
    (17, "2022-06-01"),
    (18, "2025-04-30"),
    (19, "2023-06-01"),
    (20, "2026-04-30"),
    (21, "2024-06-01"),
    (22, "2027-04-30"),
    (23, "2025-06-01"),
    (24, "2028-04-30"),
    (25, "2026-06-01"),
    (26, "2029-04-30"),
    (27, "2030-04-30"),
];

/// Names that `.nvmrc` and images use for a release line.
const CODENAMES: [(&str, u32); 10] = [
    ("argon", 4),
    ("boron", 6),
    ("carbon", 8),
    ("dubnium", 10),
    ("erbium", 12),
    ("fermium", 14),
    ("gallium", 16),
    ("hydrogen", 18),
    ("iron", 20),
    ("jod", 22),
];

/// The last day of a major version; `None` for one that is not in the schedule.
pub fn end_of_life(major: u32) -> Option<Date> {
    END_OF_LIFE.iter().find(|(of, _)| *of == major).and_then(|(_, end)| Date::parse(end))
}

/// The even major versions, those with long-term support, that are maintained on a day, the oldest first.
pub fn maintained(today: Date) -> Vec<u32> {
    let even = END_OF_LIFE.iter().filter(|(major, _)| major % 2 == 0);
    even.filter(|(_, end)| Date::parse(end).is_some_and(|end| end >= today))
        .map(|(major, _)| *major)
        .collect()
}

pub(super) fn find(files: &Files, manifests: &[Manifest]) -> Vec<NodeRelease> {
    let mut found = Vec::new();
    for (path, text) in files.of(FileKind::Runtime) {
        let name = path.rsplit('/').next().unwrap_or(path);
        for (index, line) in text.lines().enumerate() {
            let major = match name {
                ".nvmrc" | ".node-version" if index == 0 => release(line.trim()),
                ".nvmrc" | ".node-version" => None,
                ".tool-versions" => line.strip_prefix("nodejs ").and_then(|version| release(version.trim())),
                _ if path.starts_with(".github/") => in_workflow(line),
                _ => in_dockerfile(line),
            };
            let line_number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            found.extend(major.map(|major| NodeRelease {
                major,
                written: line.trim().to_owned(),
                location: Location::line(path, line_number),
            }));
        }
    }
    for manifest in manifests {
        if let Some(engine) = &manifest.node
            && let Some(major) = highest(&engine.range)
        {
            found.push(NodeRelease {
                major,
                written: format!("engines.node: {}", engine.range),
                location: engine.location.clone(),
            });
        }
    }
    found
}

/// The major version of `20`, `v20.11.1`, `lts/iron`, `iron-slim`, `20-alpine`. `lts/*` and `latest` name none.
fn release(written: &str) -> Option<u32> {
    let written = written
        .trim_matches(['"', '\''])
        .trim_start_matches("lts/")
        .trim_start_matches('v')
        .to_ascii_lowercase();
    let word: String = written.chars().take_while(char::is_ascii_alphanumeric).collect();
    if let Some((_, major)) = CODENAMES.iter().find(|(name, _)| *name == word) {
        return Some(*major);
    }
    let digits: String = written.chars().take_while(char::is_ascii_digit).collect();
    let major: u32 = digits.parse().ok()?;
    Some(if major < 4 { 0 } else { major })
}

/// `FROM node:20-slim`, with a registry before it or a platform.
fn in_dockerfile(line: &str) -> Option<u32> {
    let mut words = line.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("from") {
        return None;
    }
    let image = words.find(|word| !word.starts_with("--"))?;
    let (name, tag) = image.split('@').next()?.rsplit_once(':')?;
    (name == "node" || name.ends_with("/node")).then(|| release(tag))?
}

/// `node-version: 20` and `node-version: [18, 20]`: the lowest of a list, on which something is tested at least.
fn in_workflow(line: &str) -> Option<u32> {
    let value = line.trim().trim_start_matches("- ").strip_prefix("node-version:")?;
    let value = value.split(" #").next()?.trim().trim_matches(['[', ']']);
    // A list tests more than one release, and the newest of them is what runs.
    value.split(',').filter_map(|one| release(one.trim())).max()
}

/// The highest major version that a range allows; `None` if it has no upper end, since that names no release in use.
fn highest(range: &str) -> Option<u32> {
    let mut highest = None;
    for part in range.split("||").map(str::trim) {
        let is_bare = part.starts_with(|first: char| {
            first.is_ascii_digit() || first == 'v' || first == '^' || first == '~'
        });
        let end = if is_bare && !part.contains(" - ") && !part.contains(' ') {
            release(part.trim_start_matches(['^', '~']))
        } else if let Some((_, end)) = part.split_once(" - ") {
            release(end.trim())
        } else if let Some((_, end)) = part.split_once("<=") {
            release(end.trim())
        } else if let Some((_, end)) = part.split_once('<') {
            let end = end.trim();
            let whole = end.split('.').skip(1).all(|number| number == "0" || number.starts_with('x'));
            release(end).map(|major| if whole { major.saturating_sub(1) } else { major })
        } else {
            None
        };
        highest = highest.max(Some(end?));
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_every_place_that_names_one() {
        assert_eq!(in_dockerfile("FROM node:20-slim AS build"), Some(20));
        assert_eq!(in_dockerfile("from --platform=linux/amd64 docker.io/library/node:iron-alpine"), Some(20));
        assert_eq!(in_dockerfile("FROM node:lts"), None);
        assert_eq!(in_dockerfile("FROM mynode:8"), None);
        assert_eq!(in_workflow("        node-version: [18.x, 20.x]"), Some(20));
        assert_eq!(in_workflow("      - node-version: '16'"), Some(16));
        assert_eq!(release("lts/hydrogen"), Some(18));
        assert_eq!(release("v0.10.48"), Some(0));
    }

    #[test]
    fn a_floor_names_no_release() {
        assert_eq!(highest(">=12"), None);
        assert_eq!(highest("14 || >=16"), None);
        assert_eq!(highest("^14 || 16.x"), Some(16));
        assert_eq!(highest(">=12 <17"), Some(16));
        assert_eq!(highest(">=12.0.0 <=18"), Some(18));
        assert_eq!(highest("10.x - 14.x"), Some(14));
        assert_eq!(highest("*"), None);
    }

    #[test]
    fn what_is_maintained_follows_the_day() {
        assert_eq!(maintained(Date::parse("2026-11-20").unwrap()), [22, 24, 26]);
        assert!(end_of_life(20) < Date::parse("2026-11-20"));
    }
}
