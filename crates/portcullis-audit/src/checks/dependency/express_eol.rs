//! No installed copy of Express is of major version 3 or below. A range in a manifest counts only where no lockfile
//! says what is installed.

use portcullis_rules::dependency::EXPRESS_EOL;

use super::{label, observed_package, only_ranges};
use crate::advisory::version;
use crate::checks::Check;
use crate::evidence::lockfile::Ecosystem;
use crate::evidence::project::Project;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_project(&EXPRESS_EOL, project);

/// Express 4 is maintained still.
const FIRST_MAINTAINED: u64 = 4;

fn project(project: &Project) -> Verdict {
    let mut old = Vec::new();
    let mut current = Vec::new();
    for installed in &project.installed {
        for (id, package) in installed.graph.installed() {
            if package.ecosystem != Ecosystem::Npm || package.name != "express" {
                continue;
            }
            match version(&package.version) {
                Some(version) if version.major < FIRST_MAINTAINED => {
                    old.push(observed_package(
                        &installed.graph,
                        id,
                        package,
                        format!("{} is installed", label(package)),
                    ));
                }
                Some(_) => current.push(label(package)),
                None => {}
            }
        }
    }
    let otherwise = match current.first() {
        Some(label) => Verdict::holds(format!("{label} is of a line that is maintained")),
        None => only_ranges(project)
            .filter(|_| project.manifests.iter().any(|manifest| manifest.line("express").is_some()))
            .unwrap_or_else(|| Verdict::does_not_apply("Express is not installed")),
    };
    Verdict::broken_if_any(old, otherwise)
}
