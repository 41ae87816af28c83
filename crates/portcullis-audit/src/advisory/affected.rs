//! Which versions of a package an advisory affects.

use std::cmp::Ordering;

use semver::Version;
use serde::{Deserialize, Serialize};

/// The versions of one package that are affected: those that are listed, and those in an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// Versions that are named one by one, as written.
    #[serde(default, rename = "v", skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Intervals, from the lowest on, apart from each other.
    #[serde(default, rename = "r", skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
}

/// From a version on, up to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The first version affected; `None` means from the beginning.
    #[serde(default, rename = "i", skip_serializing_if = "Option::is_none")]
    pub introduced: Option<Version>,
    /// Where it ends.
    #[serde(rename = "e")]
    pub end: Bound,
}

/// Where an interval ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
    /// This version is the first that is not affected.
    #[serde(rename = "f")]
    Fixed(Version),
    /// This version is the last that is affected.
    #[serde(rename = "l")]
    LastAffected(Version),
    /// No version is known that is not affected.
    #[serde(rename = "o")]
    Open,
}

impl Affected {
    /// Whether the version is affected. A version that is none (the address of a git repository) is affected if it is
    /// named.
    pub fn contains(&self, written: &str) -> bool {
        self.versions.iter().any(|named| named == written)
            || version(written).is_some_and(|version| self.contains_version(&version))
    }

    /// Whether the version is affected, by the precedence of Semantic Versioning: `1.0.0-rc.1` comes before `1.0.0`,
    /// and build metadata counts for nothing.
    pub fn contains_version(&self, version: &Version) -> bool {
        self.intervals.iter().any(|interval| interval.contains(version))
            || self
                .versions
                .iter()
                .any(|named| self::version(named).is_some_and(|named| named.cmp_precedence(version).is_eq()))
    }

    /// The lowest version known to be above `from` and not affected.
    pub fn fixed_above(&self, from: &Version) -> Option<&Version> {
        let ends = self.intervals.iter().filter_map(|interval| match &interval.end {
            Bound::Fixed(fixed) => Some(fixed),
            Bound::LastAffected(_) | Bound::Open => None,
        });
        ends.filter(|fixed| fixed.cmp_precedence(from).is_gt() && !self.contains_version(fixed))
            .min_by(|one, other| one.cmp_precedence(other))
    }
}

impl Interval {
    /// Whether the version lies in it.
    pub fn contains(&self, version: &Version) -> bool {
        self.introduced.as_ref().is_none_or(|introduced| version.cmp_precedence(introduced).is_ge())
            && match &self.end {
                Bound::Fixed(fixed) => version.cmp_precedence(fixed).is_lt(),
                Bound::LastAffected(last) => version.cmp_precedence(last).is_le(),
                Bound::Open => true,
            }
    }
}

/// What happens at a version of an OSV range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// `introduced`; `None` is `0`, the beginning.
    Introduced(Option<Version>),
    /// `fixed`.
    Fixed(Version),
    /// `last_affected`.
    LastAffected(Version),
    /// `limit`: nothing from here on is spoken of.
    Limit(Version),
}

/// The intervals of one range: its events in the order of their versions, of which each switches.
/// <https://ossf.github.io/osv-schema/#evaluation>
pub(super) fn intervals(mut events: Vec<Event>) -> Vec<Interval> {
    // At the same version, an end comes before a beginning, and that before a last version.
    events
        .sort_by(|one, other| precedence(one.version(), other.version()).then(one.rank().cmp(&other.rank())));
    let mut intervals = Vec::new();
    let mut open: Option<Option<Version>> = None;
    for event in events {
        match event {
            Event::Introduced(version) => {
                open.get_or_insert(version);
            }
            Event::Fixed(version) | Event::Limit(version) => {
                if let Some(introduced) = open.take() {
                    intervals.push(Interval { introduced, end: Bound::Fixed(version) });
                }
            }
            Event::LastAffected(version) => {
                if let Some(introduced) = open.take() {
                    intervals.push(Interval { introduced, end: Bound::LastAffected(version) });
                }
            }
        }
    }
    intervals.extend(open.map(|introduced| Interval { introduced, end: Bound::Open }));
    intervals
}

impl Event {
    fn version(&self) -> Option<&Version> {
        match self {
            Self::Introduced(version) => version.as_ref(),
            Self::Fixed(version) | Self::LastAffected(version) | Self::Limit(version) => Some(version),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Fixed(_) | Self::Limit(_) => 0,
            Self::Introduced(_) => 1,
            Self::LastAffected(_) => 2,
        }
    }
}

fn precedence(one: Option<&Version>, other: Option<&Version>) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(one), Some(other)) => one.cmp_precedence(other),
    }
}

/// A version as it is written in the wild: `v1.2.3`, `=1.2.3` and `1.2.3beta` are read as npm reads them, `1` and
/// `1.2` with zeros for what is missing. `None` for what is no version.
pub fn version(written: &str) -> Option<Version> {
    let written = written.trim();
    if let Ok(version) = Version::parse(written) {
        return Some(version);
    }
    let bare = written.trim_start_matches(['v', 'V', '=', ' ']);
    let (bare, build) = bare.split_once('+').map_or((bare, ""), |(bare, build)| (bare, build));
    let digits_end =
        bare.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(digits_end);
    let mut parts = numbers.trim_end_matches('.').split('.');
    let number = |part: Option<&str>| part.map_or(Some(0), |part| part.parse::<u64>().ok());
    let mut version = Version::new(parts.next()?.parse().ok()?, number(parts.next())?, number(parts.next())?);
    if parts.next().is_some() {
        return None;
    }
    let pre = rest.trim_start_matches('-');
    if !pre.is_empty() {
        version.pre = semver::Prerelease::new(pre).ok()?;
    }
    if !build.is_empty() {
        version.build = semver::BuildMetadata::new(build).ok()?;
    }
    Some(version)
}
