//! A project's folder: what it asks for, what is installed, what it imports, what it runs on.

mod client_library;
mod files;
mod imports;
mod node_release;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use crate::advisory::{Advisory, Contents, Database, DatabaseError, Match, find};
use crate::date::Date;
use crate::evidence::lockfile::{self, Ecosystem, Graph, LockfileError, Source};
use crate::evidence::manifest::Manifest;

pub use client_library::ClientLibrary;
pub use files::{FileKind, Files, FilesError};
pub use imports::{Import, Imports};
pub use node_release::{NodeRelease, end_of_life, maintained};

/// Everything that the checks of a project may look at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Project {
    /// Every `package.json` that belongs to the project, the root's first.
    pub manifests: Vec<Manifest>,
    /// What is installed, for each lockfile.
    pub installed: Vec<Installed>,
    /// Manifests that no lockfile covers, by index into `manifests`.
    pub without_lockfile: Vec<usize>,
    /// What the sources import.
    pub imports: Imports,
    /// The releases of Node.js that are named anywhere.
    pub node: Vec<NodeRelease>,
    /// Copies of browser libraries.
    pub client_libraries: Vec<ClientLibrary>,
    /// What is known of each browser library, by its name.
    pub client_advisories: BTreeMap<String, Vec<Advisory>>,
    /// Bills of materials, and places that make one.
    pub bills: Vec<String>,
    /// What the advisories hold.
    pub advisories: Contents,
    /// The day of the audit.
    pub today: Date,
    /// What the reader should know of the way this was collected.
    pub notes: Vec<String>,
}

/// The packages of one lockfile, and what is known of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Installed {
    /// The graph.
    pub graph: Graph,
    /// The manifest that it belongs to, by index into [`Project::manifests`]; `None` for Cargo.
    pub manifest: Option<usize>,
    /// The vulnerabilities, by package, version and id.
    pub matches: Vec<Match>,
    /// Every advisory about a package that has a match: what an upgrade must get away from.
    pub known: BTreeMap<(Ecosystem, String), Vec<Advisory>>,
}

impl Project {
    /// Reads what the files say, and puts it against the advisories. A lockfile or manifest that cannot be read is an
    /// error: what it would show is unknown, and a report without it would be green for the wrong reason.
    pub fn new(files: &Files, database: &Database, today: Date) -> Result<Self, ProjectError> {
        let manifests = manifests(files)?;
        let mut installed = Vec::new();
        let mut without_lockfile = Vec::new();
        let mut covered = vec![false; manifests.len()];
        for (file, text) in files.lockfiles() {
            let folder = folder(file);
            let own = manifests.iter().position(|manifest| self::folder(&manifest.file) == folder);
            if superseded(files, file) {
                continue;
            }
            let graph = lockfile::parse(file, text, own.and_then(|index| manifests.get(index)), &manifests)?;
            for (manifest, covered) in manifests.iter().zip(&mut covered) {
                *covered |= graph.packages.first().is_some_and(|root| root.ecosystem == Ecosystem::Npm)
                    && belongs(own.and_then(|index| manifests.get(index)), folder, manifest, &graph);
            }
            installed.push(Installed::new(graph, own, database)?);
        }
        for (index, manifest) in manifests.iter().enumerate() {
            if covered.get(index) == Some(&false) && (index == 0 || !manifest.declared.is_empty()) {
                without_lockfile.push(index);
                installed.push(Installed::new(lockfile::lowest(manifest), Some(index), database)?);
            }
        }
        if manifests.is_empty() && installed.is_empty() {
            return Err(ProjectError::Nothing { root: files.root().to_owned() });
        }
        let client_libraries = client_library::find(files);
        let mut client_advisories = BTreeMap::new();
        for library in &client_libraries {
            let known = database.advisories(Ecosystem::Npm, &library.name).map_err(ProjectError::Database)?;
            client_advisories.insert(library.name.clone(), known);
        }
        let mut notes = files.notes().to_vec();
        if let samples @ 1.. = files.samples() {
            notes.push(format!("left out as samples: {samples} lockfiles below folders of tests"));
        }
        notes.extend(installed.iter().flat_map(|installed| installed.graph.notes.iter().cloned()));
        let advisories = database.contents().clone();
        let age = today.days_since(advisories.newest);
        if age > MAX_ADVISORY_DAYS {
            notes.push(format!(
                "the advisories are of {}, {age} days ago: newer holes are not found. Run `portcullis advisories import`",
                advisories.newest
            ));
        }
        for ecosystem in [Ecosystem::Npm, Ecosystem::Cargo] {
            let any = installed
                .iter()
                .any(|one| one.graph.installed().any(|(_, package)| package.ecosystem == ecosystem));
            if any && !database.covers(ecosystem) {
                notes.push(format!(
                    "there are no advisories for {}: its packages are listed and not judged. Run `portcullis advisories import`",
                    ecosystem.osv()
                ));
            }
        }
        Ok(Self {
            imports: Imports::read(files),
            node: node_release::find(files, &manifests),
            bills: files.bills(),
            manifests,
            installed,
            without_lockfile,
            client_libraries,
            client_advisories,
            advisories,
            today,
            notes,
        })
    }

    /// Every vulnerability with the lockfile that it is in.
    pub fn matches(&self) -> impl Iterator<Item = (&Installed, &Match)> {
        self.installed
            .iter()
            .flat_map(|installed| installed.matches.iter().map(move |found| (installed, found)))
    }

    /// The manifest that a lockfile belongs to.
    pub fn manifest_of(&self, installed: &Installed) -> Option<&Manifest> {
        self.manifests.get(installed.manifest?)
    }
}

/// The age from which advisories are called old, in days.
pub const MAX_ADVISORY_DAYS: i32 = 30;

impl Installed {
    fn new(graph: Graph, manifest: Option<usize>, database: &Database) -> Result<Self, ProjectError> {
        let matches = find(&graph, database).map_err(ProjectError::Database)?;
        let mut known = BTreeMap::new();
        for found in &matches {
            let key = (found.ecosystem, found.name.clone());
            if let std::collections::btree_map::Entry::Vacant(entry) = known.entry(key) {
                entry.insert(
                    database.advisories(found.ecosystem, &found.name).map_err(ProjectError::Database)?,
                );
            }
        }
        Ok(Self { graph, manifest, matches, known })
    }
}

/// The root's manifest, those of its workspaces, and those beside a lockfile of their own. Others below the root are
/// samples and fixtures as often as not.
fn manifests(files: &Files) -> Result<Vec<Manifest>, ProjectError> {
    let mut all = Vec::new();
    for (file, text) in files.of(FileKind::Manifest) {
        let beside_a_lockfile = files.lockfiles().any(|(lockfile, _)| folder(lockfile) == folder(file));
        match Manifest::parse(file, text) {
            Ok(manifest) => all.push((manifest, beside_a_lockfile)),
            // A broken sample somewhere below says nothing of the project.
            Err(error) if file == "package.json" || beside_a_lockfile => return Err(error.into()),
            Err(_) => {}
        }
    }
    all.sort_by_key(|(manifest, _)| (manifest.file.matches('/').count(), manifest.file.clone()));
    let mut patterns: Vec<(String, String)> = Vec::new();
    for (manifest, _) in &all {
        let base = folder(&manifest.file).to_owned();
        patterns.extend(manifest.workspaces.iter().map(|pattern| (base.clone(), pattern.clone())));
    }
    patterns.extend(files.pnpm_workspaces());
    let has_root = all.first().is_some_and(|(manifest, _)| manifest.file == "package.json");
    let is_member = |manifest: &Manifest| {
        patterns.iter().any(|(base, pattern)| {
            let below =
                folder(&manifest.file).strip_prefix(base.as_str()).map(|rest| rest.trim_start_matches('/'));
            below.is_some_and(|below| !below.is_empty() && matches_pattern(pattern, below))
        })
    };
    let kept = all.into_iter().filter(|(manifest, beside_a_lockfile)| {
        manifest.file == "package.json" || *beside_a_lockfile || is_member(manifest) || !has_root
    });
    Ok(kept.map(|(manifest, _)| manifest).collect())
}

/// Whether the lockfile speaks for the manifest: it is the one beside it, or one of its workspaces.
fn belongs(own: Option<&Manifest>, folder: &str, manifest: &Manifest, graph: &Graph) -> bool {
    let of = self::folder(&manifest.file);
    if of == folder {
        return true;
    }
    let Some(below) = of.strip_prefix(folder).map(|rest| rest.trim_start_matches('/')) else { return false };
    let by_pattern =
        own.is_some_and(|own| own.workspaces.iter().any(|pattern| matches_pattern(pattern, below)));
    by_pattern
        || graph.packages.iter().any(|package| package.source == Source::Project && package.key == below)
}

/// npm reads `npm-shrinkwrap.json` and leaves a `package-lock.json` beside it alone.
fn superseded(files: &Files, file: &str) -> bool {
    file.strip_suffix("package-lock.json")
        .is_some_and(|base| files.text(&format!("{base}npm-shrinkwrap.json")).is_some())
}

/// The folder of a file; empty for one at the root.
fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a folder matches the pattern of a workspace: `*` stands for one part, `**` for any number.
fn matches_pattern(pattern: &str, folder: &str) -> bool {
    fn parts(pattern: &[&str], folder: &[&str]) -> bool {
        match (pattern.split_first(), folder.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => {
                parts(rest, folder) || folder.split_first().is_some_and(|(_, below)| parts(pattern, below))
            }
            (Some((first, rest)), Some((name, below))) => part(first, name) && parts(rest, below),
            _ => false,
        }
    }
    fn part(pattern: &str, name: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == name,
            Some((start, end)) => {
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            }
        }
    }
    let pattern: Vec<&str> =
        pattern.trim_start_matches("./").trim_end_matches('/').split('/').take(16).collect();
    let folder: Vec<&str> = folder.split('/').take(32).collect();
    parts(&pattern, &folder)
}

/// Why a project could not be audited.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProjectError {
    /// A folder or file cannot be read.
    Files(FilesError),
    /// A lockfile or manifest is broken.
    Lockfile(LockfileError),
    /// There is neither.
    Nothing {
        /// The folder.
        root: String,
    },
    /// The advisories cannot be read.
    Database(DatabaseError),
}

impl From<LockfileError> for ProjectError {
    fn from(error: LockfileError) -> Self {
        Self::Lockfile(error)
    }
}

impl From<FilesError> for ProjectError {
    fn from(error: FilesError) -> Self {
        Self::Files(error)
    }
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(error) => error.fmt(f),
            Self::Lockfile(error) => error.fmt(f),
            Self::Nothing { root } => {
                write!(
                    f,
                    "{root}: neither package.json nor a lockfile is there: name the folder of a Node.js project"
                )
            }
            Self::Database(error) => write!(f, "advisories: {error}"),
        }
    }
}

impl Error for ProjectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Files(error) => Some(error),
            Self::Lockfile(error) => Some(error),
            Self::Database(error) => Some(error),
            Self::Nothing { .. } => None,
        }
    }
}
