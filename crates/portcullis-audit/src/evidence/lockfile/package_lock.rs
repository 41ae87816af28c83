//! `package-lock.json` and `npm-shrinkwrap.json`, `lockfileVersion` 1, 2 and 3.
//!
//! Version 3 holds `packages`, by the folder of each. Version 1 holds `dependencies`, nested as the folders are.
//! Version 2 holds both, and npm reads `packages`. In either, who gets what follows from the folders, by the rule
//! of `require`: the nearest `node_modules` upwards.
//! <https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{
    Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Source,
};
use super::{MAX_PACKAGES, npm};
use crate::evidence::document::{Document, Entries, Text};
use crate::evidence::manifest::Manifest;
use crate::location::Location;

/// How deep version 1 may nest. npm itself stays far below.
const MAX_DEPTH: usize = 64;

/// Reads a lockfile. Version 1 does not say what the project asks for: that stands in its `manifest`.
pub(super) fn parse(file: &str, text: &str, manifest: Option<&Manifest>) -> Result<Graph, LockfileError> {
    let document = Document::new(file, text)?;
    let lock: Lock<'_> = document.whole()?;
    let version = match (lock.lockfile_version, &lock.packages) {
        (Some(version @ 1..=3), _) => version,
        // npm 5 and 6 take a missing version for 1; npm 7 writes `packages` with it.
        (None, packages) => {
            if packages.is_some() {
                3
            } else {
                1
            }
        }
        (Some(version), _) => {
            return Err(LockfileError::new(
                Location::file(file),
                format!("`lockfileVersion` is {version}: 1, 2 and 3 can be read"),
            ));
        }
    };
    let mut tree = Tree { document: &document, packages: Vec::new(), links: Vec::new() };
    match (lock.packages, lock.dependencies) {
        (Some(packages), _) => tree.read_packages(packages)?,
        (None, _) if version == 3 => {
            return Err(LockfileError::new(Location::file(file), "`packages` is missing: run `npm install`"));
        }
        (None, dependencies) => {
            tree.root(&lock.name, &lock.version, manifest);
            tree.read_nested(dependencies.unwrap_or_default(), "", 0)?;
            tree.ask_for_the_rest(manifest.is_none());
        }
    }
    Ok(tree.resolve(Format::PackageLock(version), file))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock<'a> {
    lockfile_version: Option<u8>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow)]
    packages: Option<Entries<'a, &'a RawValue>>,
    #[serde(borrow)]
    dependencies: Option<Entries<'a, &'a RawValue>>,
}

/// An entry of `packages`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    resolved: Text<'a>,
    #[serde(borrow, default)]
    integrity: Text<'a>,
    #[serde(borrow, default)]
    license: Text<'a>,
    #[serde(borrow, default)]
    deprecated: Text<'a>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
    #[serde(default)]
    has_install_script: bool,
    #[serde(borrow, default)]
    dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    dev_dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    optional_dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    peer_dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    peer_dependencies_meta: Entries<'a, PeerMeta>,
}

#[derive(Deserialize)]
struct PeerMeta {
    #[serde(default)]
    optional: bool,
}

/// An entry of `dependencies` in version 1.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Nested<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    resolved: Text<'a>,
    #[serde(borrow, default)]
    integrity: Text<'a>,
    #[serde(default)]
    bundled: bool,
    #[serde(default)]
    optional: bool,
    #[serde(borrow, default)]
    requires: Option<&'a RawValue>,
    #[serde(borrow, default)]
    dependencies: Entries<'a, &'a RawValue>,
}

/// The packages by folder, and the links among them.
struct Tree<'a, 'd> {
    document: &'d Document<'a>,
    packages: Vec<Package>,
    /// Folder of the link, folder that it leads to.
    links: Vec<(String, String)>,
}

impl<'a> Tree<'a, '_> {
    fn read_packages(&mut self, entries: Entries<'a, &'a RawValue>) -> Result<(), LockfileError> {
        let (mut root, rest): (Vec<_>, Vec<_>) = entries.0.into_iter().partition(|(key, _)| key.is_empty());
        let Some((_, root)) = root.pop() else {
            let first =
                rest.first().map_or(Location::line("", 1), |(_, raw)| self.document.location(raw.get()));
            return Err(LockfileError::new(
                first,
                "`packages` has no entry \"\" for the project itself: run `npm install`",
            ));
        };
        self.read_entry("", root)?;
        for (key, raw) in rest {
            self.read_entry(&key, raw)?;
        }
        Ok(())
    }

    fn read_entry(&mut self, key: &str, raw: &'a RawValue) -> Result<(), LockfileError> {
        let location = self.document.location(raw.get());
        let entry: Entry<'_> = self.document.read(raw)?;
        if entry.link {
            let target = entry.resolved.owned().ok_or_else(|| {
                LockfileError::new(
                    location,
                    format!("the link `{key}` does not say where to: `resolved` is missing"),
                )
            })?;
            self.links.push((key.to_owned(), target));
            return Ok(());
        }
        let installed = npm::name_in_folder(key);
        let resolved = entry.resolved.owned();
        let version = entry.version.owned().unwrap_or_default();
        let source = match (installed, key.starts_with("..")) {
            (Some(_), _) => npm::source(resolved.as_deref()),
            (None, true) => Source::File,
            (None, false) => Source::Project,
        };
        if installed.is_some() && version.is_empty() && source == Source::Registry {
            return Err(LockfileError::new(location, format!("`{key}` has no `version`: run `npm install`")));
        }
        let name = entry
            .name
            .owned()
            .or_else(|| installed.map(ToOwned::to_owned))
            .unwrap_or_else(|| key.rsplit('/').next().unwrap_or_default().to_owned());
        let dependencies = dependencies(&entry);
        self.push(Package {
            alias: installed.filter(|installed| *installed != name).map(ToOwned::to_owned),
            name,
            version,
            source,
            resolved,
            integrity: entry.integrity.owned(),
            bundled: entry.in_bundle,
            install_script: entry.has_install_script,
            deprecated: entry.deprecated.owned(),
            licence: entry.license.owned(),
            dependencies,
            ..Package::new(Ecosystem::Npm, key, location)
        })
    }

    fn root(&mut self, name: &Text<'_>, version: &Text<'_>, manifest: Option<&Manifest>) {
        let mut root = Package::new(Ecosystem::Npm, "", self.document.location(""));
        root.source = Source::Project;
        root.name = name.owned().unwrap_or_default();
        root.version = version.owned().unwrap_or_default();
        root.dependencies = manifest.map(Manifest::dependencies).unwrap_or_default();
        self.packages.push(root);
    }

    fn read_nested(
        &mut self,
        entries: Entries<'a, &'a RawValue>,
        folder: &str,
        depth: usize,
    ) -> Result<(), LockfileError> {
        for (installed, raw) in entries.0 {
            let location = self.document.location(raw.get());
            if depth > MAX_DEPTH {
                return Err(LockfileError::new(
                    location,
                    format!("packages are nested deeper than {MAX_DEPTH}"),
                ));
            }
            let key = if folder.is_empty() {
                format!("node_modules/{installed}")
            } else {
                format!("{folder}/node_modules/{installed}")
            };
            let nested: Nested<'_> = self.document.read(raw)?;
            let Some(stated) = nested.version.owned() else {
                return Err(LockfileError::new(
                    location,
                    format!("`{key}` has no `version`: run `npm install`"),
                ));
            };
            let (name, version, source) = npm::stated_version(&installed, &stated);
            let requires = match nested.requires {
                Some(raw) if raw.get().starts_with('{') => {
                    self.document.read::<Entries<'_, Text<'_>>>(raw)?
                }
                _ => Entries::default(),
            };
            self.push(Package {
                alias: (name != *installed).then(|| installed.clone().into_owned()),
                name,
                version,
                source,
                resolved: nested.resolved.owned().or_else(|| (source != Source::Registry).then_some(stated)),
                integrity: nested.integrity.owned(),
                bundled: nested.bundled,
                optional: nested.optional,
                dependencies: asked(&requires, DependencyKind::Normal),
                ..Package::new(Ecosystem::Npm, &key, location)
            })?;
            self.read_nested(nested.dependencies, &key, depth + 1)?;
        }
        Ok(())
    }

    fn push(&mut self, package: Package) -> Result<(), LockfileError> {
        if self.packages.len() == MAX_PACKAGES {
            return Err(LockfileError::new(package.location, format!("more than {MAX_PACKAGES} packages")));
        }
        self.packages.push(package);
        Ok(())
    }

    /// Without a manifest, the project of version 1 is taken to ask for every package at the top that no other
    /// one requires.
    fn ask_for_the_rest(&mut self, no_manifest: bool) {
        if !no_manifest {
            return;
        }
        let required: std::collections::HashSet<String> = self
            .packages
            .iter()
            .flat_map(|package| &package.dependencies)
            .map(|asked| asked.name.clone())
            .collect();
        let rest: Vec<Dependency> = self
            .packages
            .iter()
            .filter_map(|package| package.key.strip_prefix("node_modules/"))
            .filter(|name| !name.contains("/node_modules/") && !required.contains(*name))
            .map(|name| Dependency::new(name, "", DependencyKind::Normal))
            .collect();
        if let Some(root) = self.packages.first_mut() {
            root.dependencies = rest;
        }
    }

    /// Finds who gets what, by the rule of `require`.
    fn resolve(mut self, format: Format, file: &str) -> Graph {
        let mut folders: HashMap<String, PackageId> = self
            .packages
            .iter()
            .enumerate()
            .map(|(index, package)| (package.key.clone(), PackageId(index)))
            .collect();
        for (link, target) in &self.links {
            if let Some(id) = folders.get(target.as_str()).copied() {
                folders.insert(link.clone(), id);
            }
        }
        let optional: Vec<bool> = self.packages.iter().map(|package| package.optional).collect();
        let mut archives = Vec::new();
        let mut at = String::new();
        for package in &mut self.packages {
            for dependency in &mut package.dependencies {
                dependency.target = nearest(&folders, &package.key, &dependency.name, &mut at);
                let Some(PackageId(target)) = dependency.target else { continue };
                // Version 1 marks the package that may be missing, and not who asks for it.
                if optional.get(target) == Some(&true) && dependency.kind == DependencyKind::Normal {
                    dependency.kind = DependencyKind::Optional;
                }
                if dependency.range.starts_with("http:") || dependency.range.starts_with("https:") {
                    archives.push(target);
                }
            }
        }
        for archive in archives {
            if let Some(package) =
                self.packages.get_mut(archive).filter(|found| found.source == Source::Registry)
            {
                package.source = Source::Archive;
            }
        }
        Graph::new(format, file, self.packages)
    }
}

/// The package that `require(name)` finds from `folder`. `at` is room to write in.
fn nearest(
    folders: &HashMap<String, PackageId>,
    folder: &str,
    name: &str,
    at: &mut String,
) -> Option<PackageId> {
    let mut folder = folder;
    loop {
        if folder != "node_modules" && !folder.ends_with("/node_modules") {
            at.clear();
            at.push_str(folder);
            if !folder.is_empty() {
                at.push('/');
            }
            at.push_str("node_modules/");
            at.push_str(name);
            if let Some(found) = folders.get(at.as_str()) {
                return Some(*found);
            }
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

/// What an entry asks for. What stands in `optionalDependencies` as well is optional, as npm has it.
fn dependencies(entry: &Entry<'_>) -> Vec<Dependency> {
    let mut all = asked(&entry.dependencies, DependencyKind::Normal);
    all.retain(|dependency| entry.optional_dependencies.get(&dependency.name).is_none());
    all.extend(asked(&entry.optional_dependencies, DependencyKind::Optional));
    all.extend(asked(&entry.dev_dependencies, DependencyKind::Development));
    all.extend(asked(&entry.peer_dependencies, DependencyKind::Peer).into_iter().map(|mut peer| {
        if entry.peer_dependencies_meta.get(&peer.name).is_some_and(|meta| meta.optional) {
            peer.kind = DependencyKind::OptionalPeer;
        }
        peer
    }));
    all
}

fn asked(entries: &Entries<'_, Text<'_>>, kind: DependencyKind) -> Vec<Dependency> {
    entries
        .0
        .iter()
        .map(|(name, range)| Dependency::new(name, range.as_deref().unwrap_or_default(), kind))
        .collect()
}
