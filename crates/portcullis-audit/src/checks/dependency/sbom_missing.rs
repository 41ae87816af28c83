//! A bill of materials lies in the project, or a script, image or workflow mentions a tool that makes one. One that is
//! made elsewhere cannot be seen.

use portcullis_rules::dependency::SBOM_MISSING;

use crate::checks::Check;
use crate::evidence::project::Project;
use crate::location::Location;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&SBOM_MISSING, project);

fn project(project: &Project) -> Verdict {
    if let Some(bill) = project.bills.first() {
        return Verdict::holds(format!("{bill} is one, or makes one"));
    }
    let place = project.manifests.first().map(|manifest| manifest.file.as_str());
    let place =
        place.or(project.installed.first().map(|installed| installed.graph.file.as_str())).unwrap_or(".");
    let saw = "no CycloneDX or SPDX file, and nothing that makes one";
    Verdict::broken_if_any(vec![Observation::in_file(&Location::file(place), saw)], Verdict::holds(""))
}
