//! Records in the format of OSV, up to version 1.7. <https://ossf.github.io/osv-schema/>

use std::error::Error;
use std::fmt;

use portcullis_rules::Severity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::affected::{Affected, Event, intervals, version};
use super::cvss::Cvss;
use crate::date::Date;
use crate::evidence::lockfile::Ecosystem;

/// The most characters of a summary that are kept.
const MAX_SUMMARY: usize = 200;

/// What is kept of a record, for one of the packages that it affects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Advisory {
    /// The record's id, `GHSA-...`, `MAL-...`, `RUSTSEC-...`.
    #[serde(rename = "id")]
    pub id: String,
    /// Other ids of the same vulnerability.
    #[serde(default, rename = "al", skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What it is in a line; may be empty.
    #[serde(default, rename = "su", skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What it tells of.
    #[serde(default, rename = "k", skip_serializing_if = "Kind::is_vulnerability")]
    pub kind: Kind,
    /// The severity in the record's own word, else by its score. `None` if it has neither.
    #[serde(default, rename = "se", skip_serializing_if = "Option::is_none", with = "severity_word")]
    pub severity: Option<Severity>,
    /// The CVSS rating, of version 3 rather than 4.
    #[serde(default, rename = "c", skip_serializing_if = "Option::is_none")]
    pub cvss: Option<Cvss>,
    /// The functions that are at fault, if the record names any.
    #[serde(default, rename = "f", skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// A page to read.
    #[serde(default, rename = "u", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The affected versions.
    #[serde(rename = "af")]
    pub affected: Affected,
}

/// What an advisory tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A fault that somebody may exploit.
    #[default]
    Vulnerability,
    /// The package was published to do harm.
    Malicious,
    /// Nobody maintains it (`RustSec`'s `unmaintained`), or something else to know.
    Informational,
}

impl Kind {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_vulnerability(&self) -> bool {
        *self == Self::Vulnerability
    }
}

/// A record, taken apart by the packages that it affects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) advisories: Vec<(Ecosystem, String, Advisory)>,
    pub(super) modified: Option<Date>,
    pub(super) withdrawn: bool,
    pub(super) licences: Vec<String>,
    /// Events with a version that is none, and so passed over.
    pub(super) unreadable_events: usize,
}

/// Reads a record. What concerns other ecosystems is left out; a withdrawn record has no advisories.
pub(super) fn parse(text: &str) -> Result<Record, OsvError> {
    let record: OsvRecord =
        serde_json::from_str(text).map_err(|error| OsvError { reason: error.to_string() })?;
    if record.id.is_empty() {
        return Err(OsvError { reason: "`id` is empty".to_owned() });
    }
    let mut taken = Record {
        modified: record.modified.as_deref().and_then(Date::parse),
        withdrawn: record.withdrawn.is_some(),
        licences: strings(record.database_specific.get("licences")),
        ..Record::default()
    };
    if taken.withdrawn {
        return Ok(taken);
    }
    for affected in &record.affected {
        let Some(package) = &affected.package else { continue };
        let Some(ecosystem) = ecosystem(&package.ecosystem) else { continue };
        let versions = affected.read(&mut taken.unreadable_events);
        let functions = affected.functions();
        let known =
            taken.advisories.iter_mut().find(|(of, name, _)| *of == ecosystem && *name == package.name);
        if let Some((_, _, advisory)) = known {
            // Several blocks may speak of one package: it is affected if any says so.
            advisory.affected.versions.extend(versions.versions);
            advisory.affected.intervals.extend(versions.intervals);
            advisory.functions.extend(functions);
        } else {
            let advisory = record.advisory(affected, versions, functions);
            taken.advisories.push((ecosystem, package.name.clone(), advisory));
        }
    }
    for (_, _, advisory) in &mut taken.advisories {
        advisory.functions.sort();
        advisory.functions.dedup();
    }
    Ok(taken)
}

#[derive(Deserialize)]
struct OsvRecord {
    id: String,
    modified: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    severity: Vec<OsvSeverity>,
    #[serde(default)]
    affected: Vec<OsvAffected>,
    #[serde(default)]
    references: Vec<OsvReference>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct OsvSeverity {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Deserialize)]
struct OsvReference {
    #[serde(rename = "type")]
    kind: String,
    url: String,
}

#[derive(Deserialize)]
struct OsvAffected {
    package: Option<OsvPackage>,
    #[serde(default)]
    severity: Vec<OsvSeverity>,
    #[serde(default)]
    ranges: Vec<OsvRange>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
struct OsvEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

impl OsvRecord {
    fn advisory(&self, affected: &OsvAffected, versions: Affected, functions: Vec<String>) -> Advisory {
        let ratings = || self.severity.iter().chain(&affected.severity);
        let cvss = ["CVSS_V3", "CVSS_V4"]
            .iter()
            .find_map(|kind| ratings().find(|rating| rating.kind == *kind))
            .map(|rating| Cvss::new(&rating.score));
        let informational = affected.database_specific.get("informational").and_then(Value::as_str);
        let kind = if self.id.starts_with("MAL-") || self.aliases.iter().any(|id| id.starts_with("MAL-")) {
            Kind::Malicious
        } else if informational.is_some_and(|word| word != "unsound") {
            Kind::Informational
        } else {
            Kind::Vulnerability
        };
        let word = self.database_specific.get("severity").and_then(Value::as_str);
        Advisory {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            summary: summary(&self.summary, &self.details),
            kind,
            severity: word.and_then(severity).or_else(|| by_score(cvss.as_ref()?.tenths?)),
            cvss,
            functions,
            url: self
                .references
                .iter()
                .find(|reference| reference.kind == "ADVISORY")
                .or(self.references.first())
                .map(|reference| reference.url.clone()),
            affected: versions,
        }
    }
}

impl OsvAffected {
    fn read(&self, unreadable: &mut usize) -> Affected {
        let mut read = Affected { versions: self.versions.clone(), intervals: Vec::new() };
        for range in self.ranges.iter().filter(|range| range.kind != "GIT") {
            let events = range.events.iter().filter_map(|event| {
                let read = event.read();
                *unreadable += usize::from(read.is_none());
                read
            });
            read.intervals.extend(intervals(events.collect()));
        }
        read
    }

    /// GitHub lists them under `affected_functions`, `RustSec` as the keys of `affects.functions`.
    fn functions(&self) -> Vec<String> {
        let mut all = strings(self.ecosystem_specific.get("affected_functions"));
        all.extend(strings(self.database_specific.get("affected_functions")));
        let of_rustsec = self.ecosystem_specific.get("affects").and_then(|affects| affects.get("functions"));
        all.extend(strings(of_rustsec));
        all
    }
}

impl OsvEvent {
    fn read(&self) -> Option<Event> {
        match (&self.introduced, &self.fixed, &self.last_affected, &self.limit) {
            (Some(zero), ..) if zero == "0" => Some(Event::Introduced(None)),
            (Some(introduced), ..) => Some(Event::Introduced(Some(version(introduced)?))),
            (None, Some(fixed), ..) => Some(Event::Fixed(version(fixed)?)),
            (None, None, Some(last), _) => Some(Event::LastAffected(version(last)?)),
            (None, None, None, Some(limit)) => Some(Event::Limit(version(limit)?)),
            (None, None, None, None) => None,
        }
    }
}

/// The ecosystem that OSV calls so; what follows a colon is a variant of it.
fn ecosystem(name: &str) -> Option<Ecosystem> {
    match name.split(':').next() {
        Some("npm") => Some(Ecosystem::Npm),
        Some("crates.io") => Some(Ecosystem::Cargo),
        _ => None,
    }
}

/// The words of GitHub and of the others.
pub(super) fn severity(word: &str) -> Option<Severity> {
    match word.to_ascii_lowercase().as_str() {
        "critical" => Some(Severity::Critical),
        "high" | "important" => Some(Severity::High),
        "moderate" | "medium" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        "none" | "info" => Some(Severity::Info),
        _ => None,
    }
}

/// The words of CVSS 3.1, section 5.
pub(super) fn by_score(tenths: u32) -> Option<Severity> {
    Some(match tenths {
        0 => Severity::Info,
        1..=39 => Severity::Low,
        40..=69 => Severity::Medium,
        70..=89 => Severity::High,
        90..=100 => Severity::Critical,
        _ => return None,
    })
}

/// The summary, or the first line of the details that says something.
pub(super) fn summary(summary: &str, details: &str) -> String {
    let text = if summary.trim().is_empty() {
        details
            .lines()
            .map(|line| line.trim_start_matches('#').trim())
            .find(|line| line.contains(' '))
            .unwrap_or("")
    } else {
        summary.trim()
    };
    text.chars().take(MAX_SUMMARY).collect()
}

/// The strings in a list, or the keys of an object.
fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        Some(Value::Object(entries)) => entries.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

mod severity_word {
    //! A severity as its word.

    use portcullis_rules::Severity;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde asks for this reference")]
    pub(super) fn serialize<S: Serializer>(severity: &Option<Severity>, to: S) -> Result<S::Ok, S::Error> {
        match severity {
            Some(severity) => to.serialize_str(severity.as_str()),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Severity>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.and_then(|word| super::severity(&word)))
    }
}

/// Why a record could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OsvError {
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for OsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no OSV record: {}", self.reason)
    }
}

impl Error for OsvError {}
