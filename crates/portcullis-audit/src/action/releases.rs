//! What the releases of Express and its kin ask for: enough to tell whether raising one also raises what it brings.

use std::collections::BTreeMap;

use nodejs_semver::Range;
use semver::Version;

/// By package, release and dependency: a range. As the registry had it when this program was built.
static EMBEDDED: &str = include_str!("../../data/express-releases.json");

/// How deep packages of the table bring each other.
const MAX_DEPTH: usize = 8;

type Asked = BTreeMap<String, String>;

/// Releases and what they ask for.
#[derive(Debug, Default)]
pub(super) struct Releases(BTreeMap<String, BTreeMap<Version, Asked>>);

impl Releases {
    /// The table that this program brings along.
    pub(super) fn embedded() -> Self {
        Self(serde_json::from_str(EMBEDDED).unwrap_or_default())
    }

    /// The releases of a package above a version, the lowest first.
    pub(super) fn above(&self, name: &str, version: &Version) -> Vec<Version> {
        self.0
            .get(name)
            .into_iter()
            .flat_map(BTreeMap::keys)
            .filter(|release| *release > version)
            .cloned()
            .collect()
    }

    /// Every range by which `name` at `release`, and the newest of what that brings, asks for `wanted`. `None` if that
    /// cannot be told, because a package brings it whose releases are not known.
    pub(super) fn all_asked(
        &self,
        name: &str,
        release: &Version,
        wanted: &str,
        brings: &dyn Fn(&str) -> bool,
    ) -> Option<Vec<&str>> {
        let mut ranges = Vec::new();
        self.collect(name, release, wanted, brings, 0, &mut ranges)?;
        Some(ranges)
    }

    fn collect<'a>(
        &'a self,
        name: &str,
        release: &Version,
        wanted: &str,
        brings: &dyn Fn(&str) -> bool,
        depth: usize,
        ranges: &mut Vec<&'a str>,
    ) -> Option<()> {
        let asked = self.0.get(name)?.get(release)?;
        for (dependency, range) in asked {
            if dependency == wanted {
                ranges.push(range);
            } else if let Some(newest) = self.newest(dependency, range).filter(|_| depth < MAX_DEPTH) {
                self.collect(dependency, &newest, wanted, brings, depth + 1, ranges)?;
            } else if brings(dependency) {
                return None;
            }
        }
        Some(())
    }

    /// The newest release that a range allows.
    fn newest(&self, name: &str, range: &str) -> Option<Version> {
        let range = Range::parse(range).ok()?;
        let releases = self.0.get(name)?.keys().rev();
        releases
            .filter(|release| {
                nodejs_semver::Version::parse(release.to_string())
                    .is_ok_and(|release| range.satisfies(&release))
            })
            .max()
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_knows_express() {
        let releases = Releases::embedded();
        let above = releases.above("express", &Version::new(4, 16, 4));
        assert!(above.contains(&Version::new(4, 22, 3)) && !above.contains(&Version::new(4, 16, 4)));
        let ranges = releases.all_asked("express", &Version::new(4, 21, 2), "qs", &|_| false).unwrap();
        assert_eq!(ranges, ["6.13.0", "6.13.0"], "by body-parser and by express");
        assert_eq!(
            releases.all_asked("express", &Version::new(4, 21, 2), "qs", &|name| name == "depd"),
            None
        );
    }
}
