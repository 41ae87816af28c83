//! Yarn's way to say who gets what: an entry answers for descriptors, `name@range`.

use std::collections::HashMap;

use nodejs_semver::{Range, Version};

use super::graph::{Dependency, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Source};
use super::{MAX_PACKAGES, npm};
use crate::evidence::manifest::Manifest;
use crate::location::Location;

/// The entries of one lockfile in the making.
pub(super) struct Descriptors {
    packages: Vec<Package>,
    by_descriptor: HashMap<String, PackageId>,
    by_name: HashMap<String, Vec<PackageId>>,
    workspaces: HashMap<String, PackageId>,
}

impl Descriptors {
    /// Begins with the project and its workspaces, of which yarn leaves to the manifests what they ask for.
    pub(super) fn new(file: &str, manifests: &[Manifest]) -> Self {
        let folder = folder(file);
        let mut packages = Vec::new();
        let mut workspaces = HashMap::new();
        let below = |manifest: &Manifest| {
            let own = self::folder(&manifest.file);
            let rest = if folder.is_empty() {
                own
            } else {
                own.strip_prefix(folder)?.strip_prefix('/').unwrap_or("")
            };
            Some(rest.to_owned())
        };
        let mut members: Vec<(String, &Manifest)> =
            manifests.iter().filter_map(|manifest| Some((below(manifest)?, manifest))).collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        if members.first().is_none_or(|(key, _)| !key.is_empty()) {
            // Without a manifest beside the lockfile, the project itself is not known.
            let mut root = Package::new(Ecosystem::Npm, "", Location::file(file));
            root.source = Source::Project;
            packages.push(root);
        }
        for (key, manifest) in members {
            let mut member = Package::new(Ecosystem::Npm, &key, Location::file(&manifest.file));
            member.name = manifest.name.clone().unwrap_or_default();
            member.version = manifest.version.clone().unwrap_or_default();
            member.source = Source::Project;
            member.dependencies = manifest.dependencies();
            if !member.name.is_empty() {
                workspaces.insert(member.name.clone(), PackageId(packages.len()));
            }
            packages.push(member);
        }
        Self { packages, by_descriptor: HashMap::new(), by_name: HashMap::new(), workspaces }
    }

    /// Adds an entry that answers for `descriptors`.
    pub(super) fn push(
        &mut self,
        package: Package,
        descriptors: impl IntoIterator<Item = String>,
    ) -> Result<(), LockfileError> {
        if self.packages.len() >= MAX_PACKAGES {
            return Err(LockfileError::new(package.location, format!("more than {MAX_PACKAGES} packages")));
        }
        let id = PackageId(self.packages.len());
        for descriptor in descriptors {
            if let Some((name, _)) = split(&descriptor) {
                self.by_name.entry(name.to_owned()).or_default().push(id);
            }
            self.by_descriptor.insert(descriptor, id);
        }
        self.packages.push(package);
        Ok(())
    }

    /// Finds who gets what. A descriptor that no entry answers for was changed by `resolutions`: then the version that
    /// its range allows is taken, else the only one that there is.
    pub(super) fn resolve(self, format: Format, file: &str) -> Graph {
        let Self { mut packages, by_descriptor, by_name, workspaces } = self;
        let versions: Vec<String> = packages.iter().map(|package| package.version.clone()).collect();
        let find = |asked: &Dependency| {
            let exact = by_descriptor.get(&format!("{}@{}", asked.name, asked.range));
            let with_protocol = || by_descriptor.get(&format!("{}@npm:{}", asked.name, asked.range));
            if let Some(id) = exact.or_else(with_protocol) {
                return Some(*id);
            }
            if let Some(id) = workspaces.get(&asked.name) {
                return Some(*id);
            }
            let candidates = by_name.get(&asked.name)?;
            let range = asked.range.strip_prefix("npm:").unwrap_or(&asked.range);
            let range = Range::parse(range).ok();
            let mut allowed = candidates.iter().filter(|PackageId(index)| {
                let version = versions.get(*index).and_then(|version| Version::parse(version).ok());
                range.as_ref().zip(version).is_some_and(|(range, version)| range.satisfies(&version))
            });
            allowed.next_back().or(candidates.first().filter(|_| candidates.len() == 1)).copied()
        };
        let mut archives = Vec::new();
        for package in &mut packages {
            for dependency in &mut package.dependencies {
                dependency.target = find(dependency);
                if let Some(PackageId(target)) = dependency.target
                    && (dependency.range.starts_with("http:") || dependency.range.starts_with("https:"))
                    && !npm::is_git(&dependency.range)
                {
                    archives.push(target);
                }
            }
        }
        for archive in archives {
            if let Some(package) = packages.get_mut(archive).filter(|found| found.source == Source::Registry)
            {
                package.source = Source::Archive;
            }
        }
        Graph::new(format, file, packages)
    }
}

/// Name and range of `@scope/name@range`.
pub(super) fn split(descriptor: &str) -> Option<(&str, &str)> {
    let at = descriptor.char_indices().skip(1).find(|(_, sign)| *sign == '@')?.0;
    Some((descriptor.get(..at)?, descriptor.get(at + 1..)?))
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}
