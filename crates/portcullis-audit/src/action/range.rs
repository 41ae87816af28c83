//! Whether a version lies in a range that somebody asks for.

use nodejs_semver::Range;
use semver::{Version, VersionReq};

use crate::evidence::lockfile::Ecosystem;

/// Whether `range` allows `version`, by the rules of its ecosystem: node-semver's for npm, Cargo's for crates. A range
/// that is none, or not known, allows nothing.
pub(super) fn satisfies(ecosystem: Ecosystem, range: &str, version: &Version) -> bool {
    match ecosystem {
        Ecosystem::Npm => {
            let range = range.strip_prefix("npm:").map_or(range, |alias| {
                alias.get(1..).and_then(|rest| rest.split_once('@')).map_or("", |(_, range)| range)
            });
            let range = range.strip_prefix("workspace:").unwrap_or(range);
            if range.is_empty() {
                return false;
            }
            match (Range::parse(range), nodejs_semver::Version::parse(version.to_string())) {
                (Ok(range), Ok(version)) => range.satisfies(&version),
                _ => false,
            }
        }
        Ecosystem::Cargo => VersionReq::parse(range).is_ok_and(|range| range.matches(version)),
    }
}

/// The lowest version of an npm range.
pub(super) fn floor(range: &str) -> Option<Version> {
    Version::parse(&Range::parse(range).ok()?.min_version()?.to_string()).ok()
}

/// Whether going from one to the other keeps what Semantic Versioning promises: the same major version, or for `0.x` the
/// same minor one.
pub(super) fn same_line(one: &Version, other: &Version) -> bool {
    one.major == other.major && (one.major > 0 || one.minor == other.minor)
}
