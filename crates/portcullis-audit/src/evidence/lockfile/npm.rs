//! What npm's lockfiles have in common: names in folders, addresses, aliases.

use std::ffi::OsStr;
use std::path::Path;

use super::graph::{Dependency, DependencyKind, Ecosystem, Package, Scope, Source};
use crate::location::Location;

/// The name under which a folder is installed: `@a/b` of `node_modules/c/node_modules/@a/b`. `None` for a folder
/// that is not below `node_modules`.
pub(super) fn name_in_folder(folder: &str) -> Option<&str> {
    let (before, name) = folder.rsplit_once("node_modules/")?;
    (before.is_empty() || before.ends_with('/')).then_some(name)
}

/// Where a package comes from, by the address that the lockfile names.
pub(super) fn source(resolved: Option<&str>) -> Source {
    match resolved {
        Some(url) if is_git(url) => Source::Git,
        Some(url) if url.starts_with("file:") => Source::File,
        _ => Source::Registry,
    }
}

/// Name, version and source from the version as package-lock v1 states it: a version, `npm:name@version`, or an
/// address.
pub(super) fn stated_version(installed: &str, stated: &str) -> (String, String, Source) {
    if let Some((name, version)) = alias(stated) {
        return (name.to_owned(), version.to_owned(), Source::Registry);
    }
    let source = if stated.starts_with("http:") || stated.starts_with("https:") {
        Source::Archive
    } else {
        source(Some(stated))
    };
    (installed.to_owned(), stated.to_owned(), source)
}

/// Name and range of `npm:name@range`; the range may be missing.
pub(super) fn alias(range: &str) -> Option<(&str, &str)> {
    let spec = range.strip_prefix("npm:")?;
    Some(match spec.char_indices().skip(1).find(|(_, character)| *character == '@') {
        Some((at, _)) => (spec.get(..at)?, spec.get(at + 1..)?),
        None => (spec, ""),
    })
}

/// Whether npm would fetch it with git. <https://docs.npmjs.com/cli/v11/configuring-npm/package-json#git-urls-as-dependencies>
pub(crate) fn is_git(address: &str) -> bool {
    const SCHEMES: [&str; 7] = ["git:", "git+", "git@", "github:", "gitlab:", "bitbucket:", "gist:"];
    SCHEMES.iter().any(|scheme| address.starts_with(scheme))
        || (address.starts_with("http")
            && address
                .split('#')
                .next()
                .is_some_and(|url| Path::new(url).extension() == Some(OsStr::new("git"))))
}

impl Package {
    /// A package of which nothing but its place is known.
    pub(super) fn new(ecosystem: Ecosystem, key: &str, location: Location) -> Self {
        Self {
            ecosystem,
            name: String::new(),
            alias: None,
            version: String::new(),
            source: Source::Registry,
            resolved: None,
            integrity: None,
            scope: Scope::Production,
            optional: false,
            peer: false,
            bundled: false,
            install_script: false,
            deprecated: None,
            licence: None,
            key: key.to_owned(),
            location,
            dependencies: Vec::new(),
        }
    }
}

impl Dependency {
    pub(in crate::evidence) fn new(name: &str, range: &str, kind: DependencyKind) -> Self {
        Self { name: name.to_owned(), range: range.to_owned(), kind, target: None }
    }
}
