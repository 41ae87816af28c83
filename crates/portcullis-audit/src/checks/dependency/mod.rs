//! What the application is built from: its lockfiles and manifests, and known advisories.

pub(super) mod client_lib_vulnerable;
pub(super) mod deprecated_package;
pub(super) mod express_eol;
pub(super) mod express_vulnerable;
pub(super) mod install_script;
pub(super) mod lockfile_integrity;
pub(super) mod malicious;
pub(super) mod no_lockfile;
pub(super) mod node_eol;
pub(super) mod sbom_missing;
pub(super) mod unpinned;
pub(super) mod unused_security_package;
pub(super) mod vulnerable;

pub(crate) use deprecated_package::REPLACEMENTS;

use portcullis_rules::Severity;

use crate::advisory::Match;
use crate::evidence::lockfile::{Format, Graph, Package, PackageId, Scope};
use crate::evidence::project::{Installed, Project};
use crate::location::Location;
use crate::priority::Priority;
use crate::quote::quoted;
use crate::verdict::{AdvisorySeen, Fault, Observation, PackageSeen, Verdict};

/// A vulnerability as an observation at the entry of the lockfile.
fn observed(project: &Project, installed: &Installed, found: &Match) -> Observation {
    let graph = &installed.graph;
    // The place where it matters most stands for all.
    let place = found.places.iter().min_by_key(|place| graph.package(**place).map(|package| package.scope));
    let package = place.and_then(|place| graph.package(*place));
    let location = package.map_or_else(|| Location::file(&graph.file), |package| package.location.clone());
    let severity = found.severity();
    let fixed = found.fixed();
    let lowest = if graph.format == Format::Manifest { "allows " } else { "" };
    let mut saw = format!("{lowest}{}@{}: {}", found.name, found.version, found.id());
    for (part, text) in [(", ", severity.as_str()), (": ", found.summary())] {
        if !text.is_empty() {
            saw.push_str(part);
            saw.push_str(text);
        }
    }
    let mut observation = Observation::in_file(&location, saw);
    observation.severity = Some(severity);
    observation.package = package.zip(place).map(|(package, place)| seen(graph, *place, package));
    observation.advisory = Some(AdvisorySeen {
        id: quoted(found.id()),
        aliases: found.aliases().iter().map(|id| quoted(id)).collect(),
        summary: quoted(found.summary()),
        url: found.url().map(quoted),
        fixed: fixed.map(|fixed| fixed.to_string()),
        priority: Priority::of(project, installed, found),
    });
    observation
}

/// A package as an observation at its entry.
fn observed_package(graph: &Graph, id: PackageId, package: &Package, saw: impl AsRef<str>) -> Observation {
    let mut observation = Observation::in_file(&package.location, saw);
    observation.package = Some(seen(graph, id, package));
    observation
}

fn seen(graph: &Graph, id: PackageId, package: &Package) -> PackageSeen {
    let path = graph.ways_to(id).into_iter().next().unwrap_or_else(|| vec![id]);
    PackageSeen {
        ecosystem: package.ecosystem,
        name: quoted(&package.name),
        version: quoted(&package.version),
        scope: package.scope,
        path: path.iter().filter_map(|id| graph.package(*id)).map(label).collect(),
    }
}

/// `name@version`, fit to be shown.
pub(crate) fn label(package: &Package) -> String {
    if package.version.is_empty() {
        return quoted(&package.name);
    }
    quoted(&format!("{}@{}", package.name, package.version))
}

/// Broken at the severity of the worst vulnerability that the application runs with; what only its developers have is
/// low at most. The most pressing first.
fn broken_by(mut observations: Vec<Observation>) -> Verdict {
    let priority = |observation: &Observation| {
        observation.advisory.as_ref().map_or(0, |advisory| advisory.priority.score)
    };
    observations.sort_by(|one, other| {
        priority(other)
            .cmp(&priority(one))
            .then_with(|| one.saw.cmp(&other.saw))
            .then_with(|| one.place.cmp(&other.place))
    });
    let severity = observations
        .iter()
        .map(|observation| {
            let severity = observation.severity.unwrap_or(Severity::High);
            match observation.package.as_ref().map(|package| package.scope) {
                Some(Scope::Development) => severity.min(Severity::Low),
                _ => severity,
            }
        })
        .max();
    Verdict::Broken(Fault { observations, severity })
}

/// How many packages of npm and Cargo there are, in words.
fn counted(project: &Project) -> String {
    let packages: usize = project.installed.iter().map(|installed| installed.graph.installed().count()).sum();
    format!("{packages} packages in {} lockfiles", project.installed.len() - project.without_lockfile.len())
}

/// What is not proven by looking at ranges alone.
fn only_ranges(project: &Project) -> Option<Verdict> {
    (!project.without_lockfile.is_empty()).then(|| {
        Verdict::out_of_sight("there is no lockfile: which versions are installed is decided at each install")
    })
}

/// Why nothing can be said of packages that no advisory speaks of.
fn uncovered(project: &Project) -> Option<Verdict> {
    project.installed.iter().find_map(|installed| {
        let ecosystem = installed.graph.installed().next()?.1.ecosystem;
        let any =
            project.advisories.records.iter().any(|(name, count)| name == ecosystem.osv() && *count > 0);
        (!any).then(|| Verdict::out_of_sight(format!("there are no advisories for {}", ecosystem.osv())))
    })
}
