//! Neither Express nor a package that it brings has an advisory that affects its version. What another package brings
//! as well is counted only where Express itself gets it.

use std::collections::BTreeSet;

use portcullis_rules::dependency::EXPRESS_VULNERABLE;

use super::{broken_by, observed, only_ranges};
use crate::advisory::Kind;
use crate::checks::Check;
use crate::evidence::lockfile::{Ecosystem, Graph, PackageId, Scope};
use crate::evidence::project::Project;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_project(&EXPRESS_VULNERABLE, project);

fn project(project: &Project) -> Verdict {
    let mut any = false;
    let mut found = Vec::new();
    for installed in &project.installed {
        let parts = of_express(&installed.graph);
        any |= !parts.is_empty();
        let matches = installed.matches.iter().filter(|found| found.kind() == Kind::Vulnerability);
        found.extend(
            matches
                .filter(|found| found.places.iter().any(|place| parts.contains(place)))
                .map(|found| observed(project, installed, found)),
        );
    }
    if !found.is_empty() {
        return broken_by(found);
    }
    if any {
        return only_ranges(project)
            .unwrap_or_else(|| Verdict::holds("no advisory affects Express or a package that it brings"));
    }
    Verdict::does_not_apply("Express is not installed")
}

/// The installed copies of Express that the application runs with, and what they ask for, through and through.
fn of_express(graph: &Graph) -> BTreeSet<PackageId> {
    let mut queue: Vec<PackageId> = graph
        .installed()
        .filter(|(_, package)| package.ecosystem == Ecosystem::Npm && package.name == "express")
        .filter(|(_, package)| package.scope == Scope::Production)
        .map(|(id, _)| id)
        .collect();
    let mut parts = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if parts.insert(id) {
            let asked = graph.package(id).map_or(&[][..], |package| &package.dependencies);
            queue.extend(asked.iter().filter_map(|dependency| dependency.target));
        }
    }
    parts
}
