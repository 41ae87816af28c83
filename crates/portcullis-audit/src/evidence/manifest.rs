//! `package.json`: what a project asks for.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{Document, Entries, Text};
use super::lockfile::{Dependency, DependencyKind, LockfileError};
use crate::location::Location;

/// The largest `package.json` that is read, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// A `package.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// The file, relative to the project's root.
    pub file: String,
    /// `name`, if there is one.
    pub name: Option<String>,
    /// `version`, if there is one.
    pub version: Option<String>,
    /// `private`: never published, and so no library.
    pub private: bool,
    /// What it asks for, in the order of the file.
    pub declared: Vec<Declared>,
    /// `overrides` of npm, `resolutions` of yarn, `pnpm.overrides`: names and what is forced on them.
    pub overrides: Vec<Declared>,
    /// The patterns of `workspaces`.
    pub workspaces: Vec<String>,
    /// `engines.node`, if it is there.
    pub node: Option<Declared>,
    /// `scripts`: name and command, in the order of the file.
    pub scripts: Vec<(String, String)>,
}

/// A line of a manifest that asks for a package.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declared {
    /// The name as written.
    pub name: String,
    /// What is asked for: `^4.16.2`, `latest`, `github:a/b`.
    pub range: String,
    /// In which part it stands.
    pub kind: DependencyKind,
    /// The line.
    pub location: Location,
}

impl Manifest {
    /// Reads a `package.json`.
    pub fn parse(file: &str, text: &str) -> Result<Self, LockfileError> {
        let document = Document::new(file, text)?;
        let parts: Parts<'_> = document.whole()?;
        let mut declared = Vec::new();
        let sections = [
            (parts.dependencies, DependencyKind::Normal),
            (parts.dev_dependencies, DependencyKind::Development),
            (parts.optional_dependencies, DependencyKind::Optional),
            (parts.peer_dependencies, DependencyKind::Peer),
        ];
        for (section, kind) in sections {
            declared.extend(lines(&document, section, kind)?);
        }
        let mut optional_peers = Vec::new();
        if let Some(raw) = parts.peer_dependencies_meta {
            let meta: Entries<'_, PeerMeta> = document.read(raw)?;
            optional_peers.extend(meta.0.into_iter().filter(|(_, meta)| meta.optional).map(|(name, _)| name));
        }
        // npm takes what is optional as well for optional.
        let optional: Vec<String> = declared
            .iter()
            .filter(|line| line.kind == DependencyKind::Optional)
            .map(|line| line.name.clone())
            .collect();
        declared.retain(|line| line.kind != DependencyKind::Normal || !optional.contains(&line.name));
        for line in declared.iter_mut().filter(|line| line.kind == DependencyKind::Peer) {
            if optional_peers.iter().any(|name| *name == line.name) {
                line.kind = DependencyKind::OptionalPeer;
            }
        }
        let mut overrides = lines(&document, parts.overrides, DependencyKind::Normal)?;
        overrides.extend(lines(&document, parts.resolutions, DependencyKind::Normal)?);
        if let Some(pnpm) = parts.pnpm.filter(|raw| raw.get().starts_with('{')) {
            let pnpm: Pnpm<'_> = document.read(pnpm)?;
            overrides.extend(lines(&document, pnpm.overrides, DependencyKind::Normal)?);
        }
        let node = match parts.engines.filter(|raw| raw.get().starts_with('{')) {
            Some(engines) => lines(&document, Some(engines), DependencyKind::Normal)?
                .into_iter()
                .find(|engine| engine.name == "node"),
            None => None,
        };
        Ok(Self {
            file: file.to_owned(),
            name: parts.name.owned(),
            version: parts.version.owned(),
            private: parts.private.is_some_and(|raw| raw.get() == "true"),
            declared,
            overrides,
            workspaces: parts.workspaces.map(|raw| workspaces(raw.get())).unwrap_or_default(),
            node,
            scripts: match parts.scripts.filter(|raw| raw.get().starts_with('{')) {
                Some(raw) => {
                    let scripts: Entries<'_, Text<'_>> = document.read(raw)?;
                    scripts
                        .0
                        .into_iter()
                        .map(|(name, command)| (name.into_owned(), command.owned().unwrap_or_default()))
                        .collect()
                }
                None => Vec::new(),
            },
        })
    }

    /// What it asks for, as a lockfile would write it.
    pub fn dependencies(&self) -> Vec<Dependency> {
        self.declared.iter().map(|line| Dependency::new(&line.name, &line.range, line.kind)).collect()
    }

    /// The line that asks for `name`: the one that runs before the one for developers.
    pub fn line(&self, name: &str) -> Option<&Declared> {
        self.declared.iter().filter(|line| line.name == name).min_by_key(|line| line.kind)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow)]
    private: Option<&'a RawValue>,
    #[serde(borrow)]
    dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    dev_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    optional_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    peer_dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    peer_dependencies_meta: Option<&'a RawValue>,
    #[serde(borrow)]
    overrides: Option<&'a RawValue>,
    #[serde(borrow)]
    resolutions: Option<&'a RawValue>,
    #[serde(borrow)]
    pnpm: Option<&'a RawValue>,
    #[serde(borrow)]
    workspaces: Option<&'a RawValue>,
    #[serde(borrow)]
    engines: Option<&'a RawValue>,
    #[serde(borrow)]
    scripts: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct PeerMeta {
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
struct Pnpm<'a> {
    #[serde(borrow)]
    overrides: Option<&'a RawValue>,
}

/// The entries of a section with their lines. An override may be an object: its own version is under `.`.
fn lines<'a>(
    document: &Document<'a>,
    section: Option<&'a RawValue>,
    kind: DependencyKind,
) -> Result<Vec<Declared>, LockfileError> {
    let Some(section) = section.filter(|raw| raw.get() != "null") else { return Ok(Vec::new()) };
    let entries: Entries<'a, &'a RawValue> = document.read(section)?;
    entries
        .0
        .into_iter()
        .map(|(name, raw)| {
            let range = if raw.get().starts_with('{') {
                document
                    .read::<Entries<'_, Text<'_>>>(raw)?
                    .get(".")
                    .and_then(Text::owned)
                    .unwrap_or_default()
            } else {
                document.read::<String>(raw)?
            };
            Ok(Declared { name: name.into_owned(), range, kind, location: document.location(raw.get()) })
        })
        .collect()
}

/// The patterns of `workspaces`: a list, or yarn's object with a list in it.
fn workspaces(text: &str) -> Vec<String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Workspaces {
        List(Vec<String>),
        Yarn { packages: Vec<String> },
    }
    match serde_json::from_str(text) {
        Ok(Workspaces::List(patterns) | Workspaces::Yarn { packages: patterns }) => patterns,
        Err(_) => Vec::new(),
    }
}
