//! `pnpm-lock.yaml`, versions 5 to 9.
//!
//! Keys of packages are `/name/1.0.0_peer@2` up to version 5, `/name@1.0.0(peer@2.0.0)` in 6, and the same without the
//! slash in 9, where `packages` holds what is the same for all peers, and `snapshots` what is asked for.

use std::collections::HashMap;

use super::graph::{
    Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Source,
};
use super::yaml::{self, Yaml};
use super::{MAX_PACKAGES, npm};
use crate::evidence::manifest::Manifest;
use crate::location::Location;

const SECTIONS: [(&str, DependencyKind); 3] = [
    ("dependencies", DependencyKind::Normal),
    ("devDependencies", DependencyKind::Development),
    ("optionalDependencies", DependencyKind::Optional),
];

pub(super) fn parse(file: &str, text: &str, own: Option<&Manifest>) -> Result<Graph, LockfileError> {
    let document = yaml::parse(file, text)?;
    let version = document.text_of("lockfileVersion").unwrap_or_default();
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    if !(5..=9).contains(&major) {
        let reason = format!("`lockfileVersion` is `{version}`: 5 to 9 can be read");
        return Err(LockfileError::new(Location::line(file, 1), reason));
    }
    let mut lock =
        Lock { file, old: major < 6, packages: Vec::new(), ids: HashMap::new(), asked: Vec::new() };
    lock.read_importers(&document, own);
    let descriptions = document.get("packages");
    // Version 9 takes what is asked for from the snapshots; before, one entry has it all.
    let entries = document.get("snapshots").or(descriptions);
    for (key, line, entry) in entries.map_or(&[][..], Yaml::entries) {
        let bare = key.split('(').next().unwrap_or(key);
        let description =
            descriptions.and_then(|all| all.get(key).or_else(|| all.get(bare))).unwrap_or(entry);
        lock.read_package(key, *line, entry, description)?;
    }
    Ok(lock.resolve())
}

struct Lock<'a> {
    file: &'a str,
    old: bool,
    packages: Vec<Package>,
    ids: HashMap<String, PackageId>,
    /// For each package, the names of what it asks for with pnpm's words for what answers.
    asked: Vec<Vec<String>>,
}

impl Lock<'_> {
    fn read_importers(&mut self, document: &Yaml, own: Option<&Manifest>) {
        let alone = [(".".to_owned(), 1, Yaml::Map(Vec::new()))];
        let importers = document.get("importers").map_or(&alone[..], Yaml::entries);
        let mut sorted: Vec<_> = importers.iter().collect();
        sorted.sort_by_key(|(key, ..)| (key != ".", key.clone()));
        for (key, line, importer) in sorted {
            // Without `importers`, the project's own stands at the top.
            let importer = if document.get("importers").is_none() { document } else { importer };
            let folder = if key == "." { "" } else { key };
            let mut member = Package::new(Ecosystem::Npm, folder, Location::line(self.file, *line));
            member.source = Source::Project;
            match own.filter(|_| folder.is_empty()) {
                Some(manifest) => {
                    member.name = manifest.name.clone().unwrap_or_default();
                    member.version = manifest.version.clone().unwrap_or_default();
                }
                None => folder.rsplit('/').next().unwrap_or_default().clone_into(&mut member.name),
            }
            let specifiers = importer.get("specifiers");
            let mut answers = Vec::new();
            for (section, kind) in SECTIONS {
                for (name, _, value) in importer.get(section).map_or(&[][..], Yaml::entries) {
                    let range = value.text_of("specifier").or(specifiers.and_then(|all| all.text_of(name)));
                    member.dependencies.push(Dependency::new(name, range.unwrap_or_default(), kind));
                    answers.push(value.text_of("version").or(value.text()).unwrap_or_default().to_owned());
                }
            }
            self.ids.insert(format!("link:{folder}"), PackageId(self.packages.len()));
            self.packages.push(member);
            self.asked.push(answers);
        }
    }

    fn read_package(
        &mut self,
        key: &str,
        line: u32,
        entry: &Yaml,
        description: &Yaml,
    ) -> Result<(), LockfileError> {
        let location = Location::line(self.file, line);
        if self.packages.len() >= MAX_PACKAGES {
            return Err(LockfileError::new(location, format!("more than {MAX_PACKAGES} packages")));
        }
        let (name, version) = self.name_and_version(key);
        let name = description.text_of("name").unwrap_or(name);
        let version = description.text_of("version").unwrap_or(version);
        if name.is_empty() || version.is_empty() {
            let reason = format!("`{key}` names no package and version: run `pnpm install`");
            return Err(LockfileError::new(location, reason));
        }
        let resolution = description.get("resolution");
        let of =
            |part: &str| resolution.and_then(|resolution| resolution.text_of(part)).map(ToOwned::to_owned);
        let source = if resolution.is_some_and(|resolution| resolution.get("commit").is_some())
            || of("tarball").is_some_and(|url| url.contains("codeload.github.com"))
        {
            Source::Git
        } else if resolution.is_some_and(|resolution| resolution.get("directory").is_some())
            || version.starts_with("file:")
        {
            Source::File
        } else if version.starts_with("http") || key.contains("@http") {
            Source::Archive
        } else {
            Source::Registry
        };
        let mut package = Package {
            name: name.to_owned(),
            version: version.to_owned(),
            source,
            resolved: of("tarball").or_else(|| Some(format!("{}#{}", of("repo")?, of("commit")?))),
            integrity: of("integrity"),
            install_script: description.is_true("requiresBuild"),
            deprecated: description.text_of("deprecated").map(ToOwned::to_owned),
            ..Package::new(Ecosystem::Npm, key, location)
        };
        let mut answers = Vec::new();
        let peers = description.get("peerDependencies");
        let meta = description.get("peerDependenciesMeta");
        for (section, kind) in SECTIONS {
            for (name, _, value) in entry.get(section).map_or(&[][..], Yaml::entries) {
                let peer = peers.and_then(|peers| peers.text_of(name));
                let optional_peer =
                    meta.and_then(|meta| meta.get(name)).is_some_and(|meta| meta.is_true("optional"));
                let kind = match (peer, optional_peer) {
                    (Some(_), true) => DependencyKind::OptionalPeer,
                    (Some(_), false) => DependencyKind::Peer,
                    (None, _) => kind,
                };
                // pnpm writes what answers and not what was asked for, but for peers.
                package.dependencies.push(Dependency::new(name, peer.unwrap_or_default(), kind));
                answers.push(value.text().unwrap_or_default().to_owned());
            }
        }
        self.ids.insert(key.to_owned(), PackageId(self.packages.len()));
        self.packages.push(package);
        self.asked.push(answers);
        Ok(())
    }

    /// Name and version in a key of this version.
    fn name_and_version<'k>(&self, key: &'k str) -> (&'k str, &'k str) {
        let bare = key.split('(').next().unwrap_or(key);
        let bare = bare.strip_prefix('/').unwrap_or(bare);
        if self.old {
            let (name, version) = bare.rsplit_once('/').unwrap_or((bare, ""));
            return (name, version.split('_').next().unwrap_or(version));
        }
        super::descriptor::split(bare).unwrap_or((bare, ""))
    }

    fn resolve(mut self) -> Graph {
        for (package, answers) in self.packages.iter_mut().zip(&self.asked) {
            for (dependency, answer) in package.dependencies.iter_mut().zip(answers) {
                dependency.target = if let Some(path) = answer.strip_prefix("link:") {
                    self.ids.get(&format!("link:{}", joined(&package.key, path))).copied()
                } else {
                    let name = &dependency.name;
                    let keys = [
                        format!("{name}@{answer}"),
                        format!("/{name}@{answer}"),
                        format!("/{name}/{answer}"),
                        answer.clone(),
                        format!("/{answer}"),
                    ];
                    keys.iter().find_map(|key| self.ids.get(key)).copied()
                };
            }
        }
        let aliases: Vec<(PackageId, String)> = self
            .packages
            .iter()
            .flat_map(|package| &package.dependencies)
            .filter_map(|dependency| {
                let target = dependency.target?;
                let package = self.packages.get(target.0)?;
                let is_alias = package.name != dependency.name && package.source != Source::Project;
                is_alias.then(|| (target, dependency.name.clone()))
            })
            .collect();
        for (PackageId(index), alias) in aliases {
            if let Some(package) = self.packages.get_mut(index) {
                package.alias = Some(alias);
            }
        }
        for package in &mut self.packages {
            if package.source == Source::Registry && package.resolved.as_deref().is_some_and(npm::is_git) {
                package.source = Source::Git;
            }
        }
        Graph::new(Format::Pnpm, self.file, self.packages)
    }
}

/// `path` as seen from `folder`, both relative to the lockfile.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
