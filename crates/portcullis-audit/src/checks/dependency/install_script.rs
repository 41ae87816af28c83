//! No installed package runs a script when it is installed. package-lock (v2, v3) says which do; other lockfiles
//! do not, or only at times, and what they do say is taken.

use portcullis_rules::dependency::INSTALL_SCRIPT;

use super::{label, observed_package};
use crate::checks::Check;
use crate::evidence::lockfile::Format;
use crate::evidence::project::Project;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_project(&INSTALL_SCRIPT, project);

fn project(project: &Project) -> Verdict {
    let mut found = Vec::new();
    let mut silent = None;
    for installed in &project.installed {
        if !matches!(installed.graph.format, Format::PackageLock(2 | 3)) {
            silent = Some(installed.graph.format);
        }
        for (id, package) in installed.graph.installed().filter(|(_, package)| package.install_script) {
            found.push(observed_package(
                &installed.graph,
                id,
                package,
                format!("{} runs an install script", label(package)),
            ));
        }
    }
    let otherwise = match silent {
        Some(format) => Verdict::out_of_sight(format!("{format} does not say which packages run scripts")),
        None => Verdict::holds("no installed package runs a script"),
    };
    Verdict::broken_if_any(found, otherwise)
}
