//! No installed package has an advisory that affects its version. Which those are, the lockfile says; without one, the
//! lowest version that each range allows is judged, and nothing can be shown to hold. Malware is a rule of its own.

use portcullis_rules::dependency::VULNERABLE;

use super::{broken_by, counted, observed, only_ranges, uncovered};
use crate::advisory::Kind;
use crate::checks::Check;
use crate::evidence::project::Project;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_project(&VULNERABLE, project);

fn project(project: &Project) -> Verdict {
    let found: Vec<_> = project
        .matches()
        .filter(|(_, found)| found.kind() != Kind::Malicious)
        .map(|(installed, found)| observed(project, installed, found))
        .collect();
    if !found.is_empty() {
        return broken_by(found);
    }
    only_ranges(project).or_else(|| uncovered(project)).unwrap_or_else(|| {
        Verdict::holds(format!(
            "no advisory of {} affects any of {}",
            project.advisories.newest,
            counted(project)
        ))
    })
}
