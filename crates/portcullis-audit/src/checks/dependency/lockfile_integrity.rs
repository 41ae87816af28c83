//! Every package from a registry has a checksum of SHA-256 or better, and none comes over plain HTTP or from a host
//! that stands alone among the others. Git dependencies have no checksum: those must name a full commit. Bundled
//! packages are covered by the archive that holds them.

use std::collections::BTreeMap;

use portcullis_rules::Severity;
use portcullis_rules::dependency::LOCKFILE_INTEGRITY;

use super::{label, observed_package};
use crate::checks::Check;
use crate::evidence::lockfile::{Format, Graph, Package, Source};
use crate::evidence::project::Project;
use crate::quote::quoted;
use crate::verdict::{Fault, Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&LOCKFILE_INTEGRITY, project);

/// Hosts of the public registries.
const REGISTRIES: [&str; 5] = [
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "registry.npmmirror.com",
    "npm.pkg.github.com",
    "npm.jsr.io",
];

/// The most that are shown of a fault that all entries may share.
const MAX_SHOWN: usize = 50;

fn project(project: &Project) -> Verdict {
    let mut serious = Vec::new();
    let mut weak = Vec::new();
    let mut judged = 0;
    for installed in project.installed.iter().filter(|installed| installed.graph.format != Format::Manifest) {
        let graph = &installed.graph;
        let private = private_host(graph);
        for (id, package) in graph.installed().filter(|(_, package)| !package.bundled) {
            judged += 1;
            let see = |list: &mut Vec<Observation>, saw: String| {
                list.push(observed_package(graph, id, package, format!("{}: {saw}", label(package))));
            };
            let resolved = package.resolved.as_deref().unwrap_or_default();
            if resolved.starts_with("http:") {
                see(&mut serious, format!("comes over plain HTTP: {}", quoted(resolved)));
            } else if let Some(host) = host(resolved).filter(|_| package.source == Source::Registry)
                && !REGISTRIES.contains(&host)
                && private.as_deref() != Some(host)
            {
                see(&mut serious, format!("comes from {}, unlike the others", quoted(host)));
            }
            match package.source {
                Source::Git if !names_commit(package) => {
                    see(&mut serious, "comes from git without a full commit".to_owned());
                }
                Source::Registry | Source::Archive => match strength(graph.format, package) {
                    Strength::Strong => {}
                    Strength::Sha1 => see(&mut weak, "has a SHA-1 checksum alone".to_owned()),
                    Strength::None => see(&mut serious, "has no checksum".to_owned()),
                },
                Source::Git | Source::File | Source::Project => {}
            }
        }
    }
    if judged == 0 {
        return Verdict::does_not_apply("no lockfile has a package");
    }
    let severity = if serious.is_empty() { Severity::Low } else { LOCKFILE_INTEGRITY.severity };
    let observations: Vec<Observation> = serious.into_iter().chain(weak).take(MAX_SHOWN).collect();
    if observations.is_empty() {
        return Verdict::holds(format!("{judged} packages have a checksum and come from where they should"));
    }
    Verdict::Broken(Fault { observations, severity: Some(severity) })
}

enum Strength {
    Strong,
    Sha1,
    None,
}

/// What the checksum is made of. Bun and yarn berry write their own for every archive; pnpm and npm write SRI, Cargo
/// SHA-256; yarn v1 may have the SHA-1 of the registry's old field behind a `#` in the address alone.
fn strength(format: Format, package: &Package) -> Strength {
    // Yarn berry knows the checksum of what it has fetched, and does not fetch what is for another system.
    if format == Format::YarnBerry && package.optional {
        return Strength::Strong;
    }
    let Some(integrity) = package.integrity.as_deref().filter(|text| !text.is_empty()) else {
        let resolved = package.resolved.as_deref().unwrap_or_default();
        let fragment = resolved.rsplit_once('#').map_or("", |(_, fragment)| fragment);
        let is_sha1 = format == Format::YarnV1
            && fragment.len() == 40
            && fragment.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_sha1 { Strength::Sha1 } else { Strength::None };
    };
    let weak = integrity.split_whitespace().all(|one| one.starts_with("sha1-") || one.starts_with("md5-"));
    if weak { Strength::Sha1 } else { Strength::Strong }
}

/// Whether a git dependency names all 40 (or 64) digits of its commit.
fn names_commit(package: &Package) -> bool {
    let resolved = package.resolved.as_deref().unwrap_or(&package.version);
    let commit = resolved.rsplit(['#', '=', '/']).next().unwrap_or_default();
    matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The host from which most packages come, if it is none of the public registries: then it is the team's own.
fn private_host(graph: &Graph) -> Option<String> {
    let mut hosts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, package) in graph.installed().filter(|(_, package)| package.source == Source::Registry) {
        if let Some(host) = package.resolved.as_deref().and_then(host) {
            *hosts.entry(host).or_default() += 1;
        }
    }
    let all: usize = hosts.values().sum();
    let (host, count) = hosts.into_iter().max_by_key(|(_, count)| *count)?;
    (count * 2 > all).then(|| host.to_owned())
}

fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split('/').next()?;
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}
