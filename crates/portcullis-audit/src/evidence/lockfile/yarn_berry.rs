//! `yarn.lock` of yarn 2 and later: YAML. Entries answer for descriptors with a protocol, `name@npm:^1.0.0`.
//!
//! A package that yarn patches (`patch:`) stands there twice, patched and not; either is installed as its version.

use super::descriptor::{Descriptors, split};
use super::graph::{Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, Source};
use super::npm;
use super::yaml::{self, Yaml};
use crate::evidence::manifest::Manifest;
use crate::location::Location;

/// Whether a `yarn.lock` is of yarn 2 or later.
pub(super) fn is_berry(text: &str) -> bool {
    text.lines().take(20).any(|line| line.starts_with("__metadata:"))
}

pub(super) fn parse(file: &str, text: &str, manifests: &[Manifest]) -> Result<Graph, LockfileError> {
    let document = yaml::parse(file, text)?;
    let mut descriptors = Descriptors::new(file, manifests);
    for (key, line, entry) in document.entries() {
        let location = Location::line(file, *line);
        let resolution = entry.text_of("resolution").unwrap_or_default();
        if key == "__metadata" || resolution.contains("@workspace:") {
            continue;
        }
        let Some((name, reference)) = split(resolution) else {
            let reason = format!("the entry for `{key}` has no `resolution`: run `yarn install`");
            return Err(LockfileError::new(location, reason));
        };
        let version = entry.text_of("version").unwrap_or_default();
        if version.is_empty() {
            let reason = format!("the entry for `{key}` has no `version`: run `yarn install`");
            return Err(LockfileError::new(location, reason));
        }
        let keys: Vec<String> = key.split(", ").map(ToOwned::to_owned).collect();
        let installed = keys.first().and_then(|key| split(key)).map_or(name, |(installed, _)| installed);
        let package = Package {
            alias: (installed != name).then(|| installed.to_owned()),
            name: name.to_owned(),
            version: version.to_owned(),
            source: source(reference),
            resolved: Some(reference.to_owned()).filter(|reference| !reference.starts_with("npm:")),
            integrity: entry.text_of("checksum").map(ToOwned::to_owned),
            dependencies: dependencies(entry),
            ..Package::new(Ecosystem::Npm, resolution, location)
        };
        descriptors.push(package, keys)?;
    }
    Ok(descriptors.resolve(Format::YarnBerry, file))
}

fn source(reference: &str) -> Source {
    if reference.starts_with("npm:") || reference.starts_with("patch:") {
        Source::Registry
    } else if npm::is_git(reference) || reference.contains("#commit=") {
        Source::Git
    } else if reference.starts_with("http") {
        Source::Archive
    } else {
        Source::File
    }
}

fn dependencies(entry: &Yaml) -> Vec<Dependency> {
    let meta = |section: &str, name: &str| {
        entry.get(section).and_then(|section| section.get(name)).is_some_and(|meta| meta.is_true("optional"))
    };
    let mut all = Vec::new();
    for (name, _, range) in entry.get("dependencies").map_or(&[][..], Yaml::entries) {
        let kind =
            if meta("dependenciesMeta", name) { DependencyKind::Optional } else { DependencyKind::Normal };
        all.push(Dependency::new(name, range.text().unwrap_or_default(), kind));
    }
    for (name, _, range) in entry.get("peerDependencies").map_or(&[][..], Yaml::entries) {
        let kind = if meta("peerDependenciesMeta", name) {
            DependencyKind::OptionalPeer
        } else {
            DependencyKind::Peer
        };
        all.push(Dependency::new(name, range.text().unwrap_or_default(), kind));
    }
    all
}
