//! No copy of a browser library in a folder that is served has an advisory that affects its version. The version is
//! read from the banner or the file's name; a copy without either is not seen, nor what a bundle contains.

use portcullis_rules::Severity;
use portcullis_rules::dependency::CLIENT_LIB_VULNERABLE;

use crate::checks::Check;
use crate::evidence::project::Project;
use crate::quote::quoted;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&CLIENT_LIB_VULNERABLE, project);

fn project(project: &Project) -> Verdict {
    let mut found = Vec::new();
    for library in &project.client_libraries {
        let known = project.client_advisories.get(&library.name).map_or(&[][..], Vec::as_slice);
        let hits: Vec<_> =
            known.iter().filter(|advisory| advisory.affected.contains(&library.version)).collect();
        let Some(worst) = hits.iter().max_by_key(|advisory| advisory.severity.unwrap_or(Severity::Medium))
        else {
            continue;
        };
        let saw = format!(
            "{} {}: {} advisories, the worst {}: {}",
            library.name,
            library.version,
            hits.len(),
            worst.id,
            quoted(&worst.summary)
        );
        let mut observation = Observation::in_file(&library.location, saw);
        observation.severity = worst.severity;
        found.push(observation);
    }
    let names: Vec<String> = project
        .client_libraries
        .iter()
        .map(|library| format!("{} {}", library.name, library.version))
        .collect();
    let otherwise = if names.is_empty() {
        Verdict::does_not_apply("no copy of a browser library is served")
    } else {
        Verdict::holds(format!("no advisory affects {}", names.join(", ")))
    };
    Verdict::broken_if_any(found, otherwise)
}
