//! No installed package is one that was published to do harm, by the `MAL-` records of OSV. Names that only resemble a
//! well-known one are not judged.

use portcullis_rules::dependency::MALICIOUS;

use super::{broken_by, counted, observed, only_ranges, uncovered};
use crate::advisory::Kind;
use crate::checks::Check;
use crate::evidence::project::Project;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_project(&MALICIOUS, project);

fn project(project: &Project) -> Verdict {
    let found: Vec<_> = project
        .matches()
        .filter(|(_, found)| found.kind() == Kind::Malicious)
        .map(|(installed, found)| observed(project, installed, found))
        .collect();
    if !found.is_empty() {
        // Malware harms the developer's machine as well.
        return broken_by(found).at(MALICIOUS.severity);
    }
    only_ranges(project)
        .or_else(|| uncovered(project))
        .unwrap_or_else(|| Verdict::holds(format!("none of {} is known as malware", counted(project))))
}
