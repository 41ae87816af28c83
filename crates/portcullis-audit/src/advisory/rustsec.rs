//! Records of the `RustSec` Advisory Database: a Markdown file with a head in TOML.
//! <https://github.com/rustsec/advisory-db>

use std::collections::BTreeMap;

use semver::{Comparator, Op, Prerelease, Version, VersionReq};
use serde::Deserialize;

use super::affected::{Affected, Bound, Interval};
use super::cvss::Cvss;
use super::osv::{Advisory, Kind, OsvError, Record, by_score, summary};
use crate::date::Date;
use crate::evidence::lockfile::Ecosystem;

/// Reads a record. `None` for a Markdown file without such a head.
pub(super) fn parse(text: &str) -> Option<Result<Record, OsvError>> {
    let text = text.trim_start();
    let (head, body) = text.strip_prefix("```toml")?.split_once("```")?;
    Some(
        toml::from_str::<File>(head)
            .map_err(|error| OsvError { reason: error.message().to_owned() })
            .and_then(|file| file.record(body)),
    )
}

#[derive(Deserialize)]
struct File {
    advisory: Head,
    #[serde(default)]
    affected: Where,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    package: String,
    date: Option<String>,
    url: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    cvss: Option<String>,
    informational: Option<String>,
    withdrawn: Option<String>,
}

#[derive(Default, Deserialize)]
struct Where {
    #[serde(default)]
    functions: BTreeMap<String, toml::Value>,
}

#[derive(Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

impl File {
    fn record(self, body: &str) -> Result<Record, OsvError> {
        let modified = self.advisory.date.as_deref().and_then(Date::parse);
        if self.advisory.withdrawn.is_some() {
            return Ok(Record { modified, withdrawn: true, ..Record::default() });
        }
        let mut good = Vec::new();
        for written in self.versions.patched.iter().chain(&self.versions.unaffected) {
            let requirement = VersionReq::parse(written)
                .map_err(|error| OsvError { reason: format!("`{written}` is no range: {error}") })?;
            good.push(span(&requirement));
        }
        let cvss = self.advisory.cvss.as_deref().map(Cvss::new);
        let kind = match self.advisory.informational.as_deref() {
            None | Some("unsound") => Kind::Vulnerability,
            Some(_) => Kind::Informational,
        };
        let severity = cvss.as_ref().and_then(|cvss| by_score(cvss.tenths?));
        let advisory = Advisory {
            id: self.advisory.id,
            aliases: self.advisory.aliases,
            summary: summary("", body),
            kind,
            severity: if kind == Kind::Informational {
                Some(portcullis_rules::Severity::Info)
            } else {
                severity
            },
            cvss,
            functions: self.affected.functions.into_keys().collect(),
            url: self.advisory.url,
            affected: Affected { versions: Vec::new(), intervals: rest(good) },
        };
        Ok(Record {
            advisories: vec![(Ecosystem::Cargo, self.advisory.package, advisory)],
            modified,
            licences: vec!["CC0-1.0".to_owned()],
            ..Record::default()
        })
    }
}

/// From the first version on (`None`: from the beginning), up to the other, which is out (`None`: without end).
type Span = (Option<Version>, Option<Version>);

/// The versions that meet a requirement of Cargo's. As in `RustSec`'s own export, a bound without a prerelease is
/// taken as it stands in the order of versions: `< 2.0.0` lets in `2.0.0-rc.1`.
fn span(requirement: &VersionReq) -> Span {
    requirement
        .comparators
        .iter()
        .map(bounds)
        .fold((None, None), |(from, to), (least, end)| (highest(from, least), lowest(to, end)))
}

fn bounds(comparator: &Comparator) -> Span {
    let (major, minor, patch) = (comparator.major, comparator.minor, comparator.patch);
    let mut low = Version::new(major, minor.unwrap_or(0), patch.unwrap_or(0));
    low.pre = comparator.pre.clone();
    // The first version after all those that share the parts that are written.
    let after = match (minor, patch) {
        (None, _) => Version::new(major + 1, 0, 0),
        (Some(minor), None) => Version::new(major, minor + 1, 0),
        (Some(_), Some(_)) => just_above(&low),
    };
    match comparator.op {
        Op::Exact | Op::Wildcard => (Some(low), Some(after)),
        Op::Greater => (Some(after), None),
        Op::GreaterEq => (Some(low), None),
        Op::Less => (None, Some(low)),
        Op::LessEq => (None, Some(after)),
        Op::Tilde => {
            let end = minor.map_or(Version::new(major + 1, 0, 0), |minor| Version::new(major, minor + 1, 0));
            (Some(low), Some(end))
        }
        _ => {
            let end = match (major, minor, patch) {
                (0, None, _) => Version::new(1, 0, 0),
                (0, Some(0), Some(patch)) => Version::new(0, 0, patch + 1),
                (0, Some(minor), _) => Version::new(0, minor + 1, 0),
                (major, ..) => Version::new(major + 1, 0, 0),
            };
            (Some(low), Some(end))
        }
    }
}

/// The version that follows at once in the order of versions.
fn just_above(version: &Version) -> Version {
    let mut next = version.clone();
    if version.pre.is_empty() {
        next.patch += 1;
        next.pre = Prerelease::new("0").unwrap_or(Prerelease::EMPTY);
    } else {
        next.pre = Prerelease::new(&format!("{}.0", version.pre)).unwrap_or(Prerelease::EMPTY);
    }
    next
}

fn highest(one: Option<Version>, other: Option<Version>) -> Option<Version> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn lowest(one: Option<Version>, other: Option<Version>) -> Option<Version> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What lies in none of the spans.
fn rest(mut good: Vec<Span>) -> Vec<Interval> {
    good.retain(|(from, to)| to.as_ref().is_none_or(|to| from.as_ref().is_none_or(|from| from < to)));
    good.sort();
    let mut intervals = Vec::new();
    let mut from: Option<Version> = None;
    let mut at_start = true;
    for (start, end) in good {
        if let Some(start) = start
            && (at_start || from.as_ref().is_some_and(|from| *from < start))
        {
            intervals.push(Interval { introduced: from.take(), end: Bound::Fixed(start) });
        }
        match end {
            None => return intervals,
            Some(end) => from = highest(from, Some(end)),
        }
        at_start = false;
    }
    intervals.push(Interval { introduced: from, end: Bound::Open });
    intervals
}
