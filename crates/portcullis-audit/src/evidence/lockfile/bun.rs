//! `bun.lock`: JSON with comments and commas at the end. Keys of packages are the folders of `node_modules` without that
//! word: `a/b` is what `a` gets as `b`.
//! <https://bun.sh/docs/install/lockfile>

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::graph::{
    Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Source,
};
use super::{MAX_PACKAGES, descriptor, npm};
use crate::evidence::document::{Document, Entries, Text};
use crate::location::Location;

pub(super) fn parse(file: &str, text: &str) -> Result<Graph, LockfileError> {
    let json = plain_json(text);
    let document = Document::new(file, &json)?;
    let lock: Lock<'_> = document.whole()?;
    if !(0..=2).contains(&lock.lockfile_version) {
        let reason = format!("`lockfileVersion` is {}: 0 to 2 can be read", lock.lockfile_version);
        return Err(LockfileError::new(Location::line(file, 1), reason));
    }
    let mut packages = Vec::new();
    let mut ids: HashMap<String, PackageId> = HashMap::new();
    let mut workspaces: HashMap<String, PackageId> = HashMap::new();
    let mut members = lock.workspaces.0;
    members.sort_by_key(|(folder, _)| folder.len());
    for (folder, raw) in members {
        let asked: Asked<'_> = document.read(raw)?;
        let mut member = Package::new(Ecosystem::Npm, &folder, document.location(raw.get()));
        member.source = Source::Project;
        member.name = asked.name.owned().unwrap_or_default();
        member.version = asked.version.owned().unwrap_or_default();
        member.dependencies = asked.dependencies();
        workspaces.insert(folder.into_owned(), PackageId(packages.len()));
        packages.push(member);
    }
    if packages.first().is_none_or(|root| !root.key.is_empty()) {
        return Err(LockfileError::new(
            Location::line(file, 1),
            "`workspaces` has no entry \"\" for the project itself",
        ));
    }
    for (key, raw) in lock.packages.0 {
        let location = document.location(raw.get());
        if packages.len() >= MAX_PACKAGES {
            return Err(LockfileError::new(location, format!("more than {MAX_PACKAGES} packages")));
        }
        let parts: Vec<&RawValue> = document.read(raw)?;
        let Some(first) = parts.first() else {
            return Err(LockfileError::new(location, format!("`{key}` is empty: run `bun install`")));
        };
        let resolution: String = document.read(first)?;
        let Some((name, version)) = descriptor::split(&resolution) else {
            return Err(LockfileError::new(location, format!("`{key}` names no package and version")));
        };
        if let Some(folder) = version.strip_prefix("workspace:") {
            ids.extend(workspaces.get(folder).map(|id| (key.to_string(), *id)));
            continue;
        }
        let source = source(version);
        let asked = parts.iter().find(|part| part.get().starts_with('{'));
        let asked: Asked<'_> = asked.map(|raw| document.read(raw)).transpose()?.unwrap_or_default();
        let last: Option<String> =
            parts.last().filter(|_| parts.len() > 1).and_then(|raw| serde_json::from_str(raw.get()).ok());
        let installed = names(&key).pop().unwrap_or_default();
        let package = Package {
            alias: (installed != name).then(|| installed.to_owned()),
            name: name.to_owned(),
            version: version.to_owned(),
            source,
            resolved: (source != Source::Registry).then(|| version.to_owned()),
            integrity: last.filter(|text| text.starts_with("sha")),
            bundled: asked.bundled,
            dependencies: asked.dependencies(),
            ..Package::new(Ecosystem::Npm, &key, location)
        };
        ids.insert(key.into_owned(), PackageId(packages.len()));
        packages.push(package);
    }
    for package in &mut packages {
        let own = if package.source == Source::Project { package.name.clone() } else { package.key.clone() };
        for dependency in &mut package.dependencies {
            dependency.target = nearest(&ids, &own, &dependency.name);
        }
    }
    Ok(Graph::new(Format::Bun, file, packages))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock<'a> {
    lockfile_version: i64,
    #[serde(borrow, default)]
    workspaces: Entries<'a, &'a RawValue>,
    #[serde(borrow, default)]
    packages: Entries<'a, &'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(default)]
    bundled: bool,
    #[serde(borrow, default)]
    dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    dev_dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    optional_dependencies: Entries<'a, Text<'a>>,
    #[serde(borrow, default)]
    peer_dependencies: Entries<'a, Text<'a>>,
    #[serde(default)]
    optional_peers: Vec<String>,
}

impl Asked<'_> {
    fn dependencies(&self) -> Vec<Dependency> {
        let sections = [
            (&self.dependencies, DependencyKind::Normal),
            (&self.dev_dependencies, DependencyKind::Development),
            (&self.optional_dependencies, DependencyKind::Optional),
            (&self.peer_dependencies, DependencyKind::Peer),
        ];
        let mut all = Vec::new();
        for (section, kind) in sections {
            for (name, range) in &section.0 {
                let is_optional =
                    kind == DependencyKind::Peer && self.optional_peers.iter().any(|peer| peer == name);
                let kind = if is_optional { DependencyKind::OptionalPeer } else { kind };
                all.push(Dependency::new(name, range.as_deref().unwrap_or_default(), kind));
            }
        }
        all
    }
}

fn source(version: &str) -> Source {
    if npm::is_git(version) {
        Source::Git
    } else if version.starts_with("http:") || version.starts_with("https:") {
        Source::Archive
    } else if ["file:", "link:", "./", "../", "root:"].iter().any(|own| version.starts_with(own)) {
        Source::File
    } else {
        Source::Registry
    }
}

/// The package that `key` gets by `name`: its own, or the nearest upwards.
fn nearest(ids: &HashMap<String, PackageId>, key: &str, name: &str) -> Option<PackageId> {
    let mut above = names(key);
    loop {
        let path = if above.is_empty() { name.to_owned() } else { format!("{}/{name}", above.join("/")) };
        if let Some(id) = ids.get(&path) {
            return Some(*id);
        }
        above.pop()?;
    }
}

/// The names in a key: a scope belongs to the name behind it.
fn names(key: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = key;
    while !rest.is_empty() {
        let slashes = if rest.starts_with('@') { 2 } else { 1 };
        let end = rest.match_indices('/').nth(slashes - 1).map_or(rest.len(), |(at, _)| at);
        names.extend(rest.get(..end));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    names
}

/// The same text as JSON: comments, and commas before a closing bracket, become spaces, so that every offset stays.
fn plain_json(text: &str) -> String {
    let mut out: Vec<u8> = text.bytes().collect();
    let mut comma: Option<usize> = None;
    let mut at = 0;
    let byte = |at: usize| text.as_bytes().get(at).copied();
    let blank = |out: &mut Vec<u8>, from: usize, to: usize| {
        out.iter_mut().take(to).skip(from).filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    };
    while let Some(first) = byte(at) {
        match first {
            b'"' => {
                comma = None;
                at += 1;
                while let Some(inner) = byte(at).filter(|inner| *inner != b'"') {
                    at += if inner == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if byte(at + 1) == Some(b'/') => {
                let end =
                    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length);
                blank(&mut out, at, end);
                at = end;
                continue;
            }
            b'/' if byte(at + 1) == Some(b'*') => {
                let end = text
                    .get(at + 2..)
                    .and_then(|rest| rest.find("*/"))
                    .map_or(text.len(), |length| at + length + 4);
                blank(&mut out, at, end);
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    blank(&mut out, comma, comma + 1);
                }
            }
            first if !first.is_ascii_whitespace() => comma = None,
            _ => {}
        }
        at += 1;
    }
    // Only ASCII was replaced, and only by ASCII.
    String::from_utf8(out).unwrap_or_default()
}
