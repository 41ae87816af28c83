//! Which packages of a graph are affected, and by what.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_rules::Severity;

use super::affected::{Affected, version};
use super::cvss::Cvss;
use super::database::{Database, DatabaseError};
use super::osv::{Advisory, Kind};
use crate::evidence::lockfile::{Ecosystem, Graph, PackageId};

/// One vulnerability in one version of a package, wherever that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Match {
    /// Its places in the graph, in order. Never empty.
    pub places: Vec<PackageId>,
    /// The package.
    pub ecosystem: Ecosystem,
    /// Its name in the registry.
    pub name: String,
    /// The version that is installed.
    pub version: String,
    /// The records that tell of it, the best known first. Never empty: one, or twins under different names.
    pub records: Vec<Advisory>,
}

impl Match {
    /// The id by which it is known best.
    pub fn id(&self) -> &str {
        self.records.first().map_or("", |record| &record.id)
    }

    /// Its other ids, sorted.
    pub fn aliases(&self) -> Vec<String> {
        let all: BTreeSet<&String> =
            self.records.iter().flat_map(|record| record.aliases.iter().chain([&record.id])).collect();
        all.into_iter().filter(|id| *id != self.id()).cloned().collect()
    }

    /// What it is in a line.
    pub fn summary(&self) -> &str {
        self.records.iter().map(|record| record.summary.as_str()).find(|text| !text.is_empty()).unwrap_or("")
    }

    /// How bad it is by the record that is known best; [`Severity::High`], the rule's own, if none says.
    pub fn severity(&self) -> Severity {
        if self.kind() == Kind::Malicious {
            return Severity::Critical;
        }
        self.records.iter().find_map(|record| record.severity).unwrap_or(Severity::High)
    }

    /// The CVSS rating, if there is one.
    pub fn cvss(&self) -> Option<&Cvss> {
        self.records.iter().find_map(|record| record.cvss.as_ref())
    }

    /// Malicious if any record says so; informational only if all do.
    pub fn kind(&self) -> Kind {
        let mut kinds = self.records.iter().map(|record| record.kind);
        if kinds.clone().any(|kind| kind == Kind::Malicious) {
            Kind::Malicious
        } else if kinds.all(|kind| kind == Kind::Informational) {
            Kind::Informational
        } else {
            Kind::Vulnerability
        }
    }

    /// A page to read.
    pub fn url(&self) -> Option<&str> {
        self.records.iter().find_map(|record| record.url.as_deref())
    }

    /// The functions that are at fault, where a record names them.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.records.iter().flat_map(|record| &record.functions).map(String::as_str)
    }

    /// The lowest version known above the installed one that no record of it affects.
    pub fn fixed(&self) -> Option<semver::Version> {
        let installed = version(&self.version)?;
        let affected: Vec<&Affected> = self.records.iter().map(|record| &record.affected).collect();
        fixed_above(&installed, &affected)
    }
}

/// The lowest version that one of `affected` names as fixed, above `installed`, and that none of them affects.
pub(crate) fn fixed_above(installed: &semver::Version, affected: &[&Affected]) -> Option<semver::Version> {
    let mut from = installed.clone();
    // Each round goes up to the end of an interval, and no two rounds to the same.
    loop {
        let next = affected
            .iter()
            .filter_map(|one| one.fixed_above(&from))
            .min_by(|one, other| one.cmp_precedence(other))?;
        if affected.iter().all(|one| !one.contains_version(next)) {
            return Some(next.clone());
        }
        from = next.clone();
    }
}

/// Every vulnerability of every installed package, by name and version of the package, then by id.
pub fn find(graph: &Graph, database: &Database) -> Result<Vec<Match>, DatabaseError> {
    let mut packages: BTreeMap<(Ecosystem, &str), BTreeMap<&str, Vec<PackageId>>> = BTreeMap::new();
    for (id, package) in graph.installed().filter(|(_, package)| !package.version.is_empty()) {
        let versions = packages.entry((package.ecosystem, &package.name)).or_default();
        versions.entry(&package.version).or_default().push(id);
    }
    let mut matches = Vec::new();
    for ((ecosystem, name), versions) in packages {
        let advisories = database.advisories(ecosystem, name)?;
        if advisories.is_empty() {
            continue;
        }
        for (version, places) in versions {
            let hits: Vec<Advisory> =
                advisories.iter().filter(|advisory| advisory.affected.contains(version)).cloned().collect();
            let mut of_version: Vec<Match> = twins(hits)
                .into_iter()
                .map(|records| Match {
                    places: places.clone(),
                    ecosystem,
                    name: name.to_owned(),
                    version: version.to_owned(),
                    records,
                })
                .collect();
            of_version.sort_by(|one, other| one.id().cmp(other.id()));
            matches.extend(of_version);
        }
    }
    Ok(matches)
}

/// Puts records of the same vulnerability together: those that share an id, and those whose ids nobody else uses
/// (`NSWG-...`, `RETIRE-...`) with a record that affects the same versions.
fn twins(mut records: Vec<Advisory>) -> Vec<Vec<Advisory>> {
    records.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.id.cmp(&other.id)));
    let mut groups: Vec<Vec<Advisory>> = Vec::new();
    for record in records {
        let related = |group: &Vec<Advisory>| group.iter().any(|other| same(other, &record));
        let (mut joined, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(related);
        groups = apart;
        // The record may be what connects groups that stood apart.
        let mut group: Vec<Advisory> = joined.drain(..).flatten().chain([record]).collect();
        group.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.id.cmp(&other.id)));
        groups.push(group);
    }
    groups
}

fn same(one: &Advisory, other: &Advisory) -> bool {
    let ids = |record: &Advisory| -> BTreeSet<String> {
        record.aliases.iter().chain([&record.id]).cloned().collect()
    };
    !ids(one).is_disjoint(&ids(other))
        || (is_private(one) != is_private(other)
            && !one.affected.intervals.is_empty()
            && one.affected == other.affected)
}

/// Whether none of its ids is known outside the list that it came from.
fn is_private(record: &Advisory) -> bool {
    record.aliases.iter().chain([&record.id]).all(|id| id.starts_with("NSWG-") || id.starts_with("RETIRE-"))
}

/// The order in which ids are known: GitHub's say most and are linked most.
fn rank(record: &Advisory) -> usize {
    const ORDER: [&str; 5] = ["MAL-", "GHSA-", "RUSTSEC-", "CVE-", "NSWG-"];
    ORDER.iter().position(|start| record.id.starts_with(start)).unwrap_or(ORDER.len())
}
