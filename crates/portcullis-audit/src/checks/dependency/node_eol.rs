//! No release of Node.js that the project names (Dockerfile, `.nvmrc`, workflows, `engines` with an upper end) is past
//! its end. `engines: ">=12"` is a floor and names none.

use portcullis_rules::dependency::NODE_EOL;

use crate::checks::Check;
use crate::evidence::project::{Project, end_of_life, maintained};
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&NODE_EOL, project);

fn project(project: &Project) -> Verdict {
    if project.node.is_empty() {
        return Verdict::out_of_sight(
            "no Dockerfile, .nvmrc, workflow or `engines` names a release of Node.js",
        );
    }
    let current = maintained(project.today).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let old = project.node.iter().filter_map(|release| {
        let end = end_of_life(release.major).filter(|end| *end < project.today)?;
        let saw = format!("`{}`: reached its end on {end}; maintained: {current}", release.written);
        Some(Observation::in_file(&release.location, saw))
    });
    let old: Vec<_> = old.collect();
    let named: Vec<String> = project.node.iter().map(|release| release.major.to_string()).collect();
    let unknown = project.node.iter().find(|release| end_of_life(release.major).is_none());
    let otherwise = match unknown {
        Some(release) => {
            Verdict::out_of_sight(format!("the schedule does not know Node.js {}", release.major))
        }
        None => Verdict::holds(format!("maintained on {}: Node.js {}", project.today, named.join(", "))),
    };
    Verdict::broken_if_any(old, otherwise)
}
