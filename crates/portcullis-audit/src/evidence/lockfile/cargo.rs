//! `Cargo.lock`, versions 1 to 4. It does not tell what only tests and builds need: everything counts as production.
//! <https://doc.rust-lang.org/cargo/reference/resolver.html>

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;

use super::MAX_PACKAGES;
use super::graph::{
    Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Source,
};
use crate::evidence::document::refuse_conflict;
use crate::location::{Lines, Location};

pub(super) fn parse(file: &str, text: &str) -> Result<Graph, LockfileError> {
    refuse_conflict(file, text)?;
    let lines = Lines::new(text);
    let lock: Lock = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| lines.of(span.start));
        LockfileError::new(Location::line(file, line), error.message())
    })?;
    if lock.package.len() > MAX_PACKAGES {
        return Err(LockfileError::new(Location::file(file), format!("more than {MAX_PACKAGES} packages")));
    }
    // Version 1 keeps the checksums apart.
    let checksum = |entry: &Entry| {
        let key =
            format!("checksum {} {} ({})", entry.name.get_ref(), entry.version, entry.source.as_deref()?);
        lock.metadata.get(&key).cloned()
    };
    let mut packages: Vec<Package> = lock
        .package
        .iter()
        .map(|entry| Package {
            name: entry.name.get_ref().clone(),
            version: entry.version.clone(),
            source: source(entry.source.as_deref()),
            resolved: entry.source.clone(),
            integrity: entry.checksum.clone().or_else(|| checksum(entry)).filter(|sum| sum != "<none>"),
            dependencies: entry
                .dependencies
                .iter()
                .map(|asked| Dependency::new(asked, "", DependencyKind::Normal))
                .collect(),
            ..Package::new(
                Ecosystem::Cargo,
                &format!(
                    "{} {} {}",
                    entry.name.get_ref(),
                    entry.version,
                    entry.source.as_deref().unwrap_or_default()
                ),
                Location::line(file, lines.of(entry.name.span().start)),
            )
        })
        .collect();
    // The root comes first: the only package of the project's own, or one that stands for the workspace.
    let own: Vec<usize> = (0..packages.len())
        .filter(|index| packages.get(*index).is_some_and(|package| package.source == Source::Project))
        .collect();
    match own.as_slice() {
        [only] => packages.swap(0, *only),
        _ => {
            let mut root = Package::new(Ecosystem::Cargo, "", Location::file(file));
            root.source = Source::Project;
            packages.insert(0, root);
        }
    }
    let mut by_name: HashMap<String, Vec<PackageId>> = HashMap::new();
    for (index, package) in packages.iter().enumerate() {
        by_name.entry(package.name.clone()).or_default().push(PackageId(index));
    }
    let versions: Vec<(String, Option<String>)> =
        packages.iter().map(|package| (package.version.clone(), package.resolved.clone())).collect();
    for dependency in packages.iter_mut().flat_map(|package| &mut package.dependencies) {
        // `name`, `name version` or `name version (source)`: as much as it takes to be unique.
        let asked = std::mem::take(&mut dependency.name);
        let mut words = asked.splitn(3, ' ');
        let name = words.next().unwrap_or_default();
        let (version, source) = (words.next(), words.next().map(|source| source.trim_matches(['(', ')'])));
        name.clone_into(&mut dependency.name);
        dependency.target = by_name.get(name).and_then(|ids| {
            ids.iter().copied().find(|PackageId(index)| {
                versions.get(*index).is_some_and(|(has, from)| {
                    version.is_none_or(|version| version == has)
                        && source.is_none_or(|source| from.as_deref() == Some(source))
                })
            })
        });
    }
    Ok(Graph::new(Format::Cargo, file, packages))
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Entry>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Entry {
    name: Spanned<String>,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

fn source(source: Option<&str>) -> Source {
    match source {
        None => Source::Project,
        Some(source) if source.starts_with("git+") => Source::Git,
        Some(_) => Source::Registry,
    }
}
