//! Every manifest is covered by a lockfile beside it or, for a workspace, at its root. A library, which is published
//! (not `private`, with a name and a version) and starts no server, may do without.

use portcullis_rules::dependency::NO_LOCKFILE;

use crate::checks::Check;
use crate::evidence::lockfile::Format;
use crate::evidence::manifest::Manifest;
use crate::evidence::project::Project;
use crate::location::Location;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&NO_LOCKFILE, project);

fn project(project: &Project) -> Verdict {
    let bare: Vec<&Manifest> =
        project.without_lockfile.iter().filter_map(|index| project.manifests.get(*index)).collect();
    let asks = |manifest: &&Manifest| manifest.declared.iter().any(|line| !line.kind.is_peer());
    let found: Vec<Observation> = bare
        .iter()
        .copied()
        .filter(asks)
        .filter(|manifest| !is_library(manifest, project))
        .map(|manifest| {
            let saw = format!(
                "{} packages are asked for, and no lockfile says which versions",
                manifest.declared.len()
            );
            Observation::in_file(&Location::file(&manifest.file), saw)
        })
        .collect();
    let locked: Vec<String> = project
        .installed
        .iter()
        .filter(|installed| installed.graph.format != Format::Manifest)
        .map(|installed| installed.graph.file.clone())
        .collect();
    let otherwise = if !locked.is_empty() {
        Verdict::holds(format!("versions are written down in {}", locked.join(", ")))
    } else if bare.iter().copied().any(|manifest| is_library(manifest, project)) {
        Verdict::does_not_apply("a library, which may leave versions to those who use it")
    } else {
        Verdict::does_not_apply("no package is asked for")
    };
    Verdict::broken_if_any(found, otherwise)
}

fn is_library(manifest: &Manifest, project: &Project) -> bool {
    let starts = manifest.scripts.iter().any(|(name, _)| name == "start");
    let serves = ["express", "koa", "fastify", "@nestjs/core"].iter().any(|server| {
        manifest
            .line(server)
            .is_some_and(|line| line.kind == crate::evidence::lockfile::DependencyKind::Normal)
    });
    let runs =
        project.node.iter().any(|release| release.location.file.to_ascii_lowercase().contains("dockerfile"));
    !manifest.private && manifest.name.is_some() && manifest.version.is_some() && !starts && !serves && !runs
}
