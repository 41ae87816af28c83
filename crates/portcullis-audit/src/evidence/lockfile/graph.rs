//! The dependency graph, whatever lockfile it came from.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use crate::location::Location;

/// What is installed, and what asks for what.
///
/// The first package is the root: the project itself. Every [`PackageId`] in a graph belongs to a package of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Graph {
    /// The kind of lockfile.
    pub format: Format,
    /// The lockfile, relative to the project's root.
    pub file: String,
    /// Every package, the root first, then in the order of the lockfile.
    pub packages: Vec<Package>,
    /// What the reader should know: an entry that nothing asks for, a dependency that is not there.
    pub notes: Vec<String>,
    /// For each package those that get it, by index.
    asked_by: Vec<Vec<usize>>,
}

/// The place of a package in [`Graph::packages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub(super) usize);

impl PackageId {
    /// The project itself.
    pub const ROOT: Self = Self(0);

    /// The index into [`Graph::packages`].
    pub const fn index(self) -> usize {
        self.0
    }
}

/// One package as it is installed. A package that is installed twice, at two places, stands here twice.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and lockfiles mix them freely")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// The registry's world.
    pub ecosystem: Ecosystem,
    /// The name in the registry, with its scope: `@types/node`. Not the alias.
    pub name: String,
    /// The name under which it is installed, if it is another (`"old": "npm:new@1"`).
    pub alias: Option<String>,
    /// The version. Empty for a root or workspace that states none.
    pub version: String,
    /// Where it comes from.
    pub source: Source,
    /// The URL that the lockfile names, if it names one.
    pub resolved: Option<String>,
    /// The checksum as the lockfile writes it: `sha512-...` (npm, pnpm, bun, yarn v1), `10c0/...` (yarn berry), 64 hex digits (Cargo).
    pub integrity: Option<String>,
    /// Whether the application runs with it, or only its developers.
    pub scope: Scope,
    /// It is installed only where it can be: every way to it passes an optional dependency.
    pub optional: bool,
    /// It is there as somebody's peer alone.
    pub peer: bool,
    /// It came inside another package's archive, and npm never asked the registry for it.
    pub bundled: bool,
    /// It runs a script when it is installed. Lockfiles that do not say leave it `false`.
    pub install_script: bool,
    /// What its authors said when they gave it up, if the lockfile says.
    pub deprecated: Option<String>,
    /// The licence expression, if the lockfile says.
    pub licence: Option<String>,
    /// Where it is installed (`node_modules/a/node_modules/b`), or the lockfile's key for it. Unique in a graph.
    pub key: String,
    /// Its entry in the lockfile.
    pub location: Location,
    /// What it asks for, in the order of the lockfile.
    pub dependencies: Vec<Dependency>,
}

/// That a package asks for another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dependency {
    /// The name by which it is asked for: the alias, if there is one.
    pub name: String,
    /// The range as written: `^4.16.2`, `npm:new@1`, `workspace:*`. Empty if the lockfile does not say.
    pub range: String,
    /// Why.
    pub kind: DependencyKind,
    /// The package that answers. `None` if none is installed, as for an optional one of another platform.
    pub target: Option<PackageId>,
}

/// Why a package asks for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// `dependencies`: it runs with it.
    Normal,
    /// `devDependencies`: of the project and its workspaces.
    Development,
    /// `optionalDependencies`: it may be missing.
    Optional,
    /// `peerDependencies`: whoever uses it brings it.
    Peer,
    /// `peerDependencies` that `peerDependenciesMeta` calls optional.
    OptionalPeer,
}

/// Whether the application runs with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The application runs with it. Also what nothing asks for: it is installed all the same.
    Production,
    /// Only its developers do.
    Development,
}

impl Scope {
    /// The word for a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
        }
    }
}

/// A world of package names, with the words that OSV and package URLs have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ecosystem {
    /// Node.js packages.
    Npm,
    /// Rust crates.
    Cargo,
}

impl Ecosystem {
    /// The name in OSV records.
    pub const fn osv(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Cargo => "crates.io",
        }
    }

    /// The type in a package URL.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Cargo => "cargo",
        }
    }
}

/// Where a package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A registry, of which [`Package::resolved`] may name the archive.
    Registry,
    /// A git repository.
    Git,
    /// An archive at a URL that belongs to no registry.
    Archive,
    /// A file or folder outside the workspaces.
    File,
    /// The project itself, or one of its workspaces.
    Project,
}

/// The kind of a lockfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `package-lock.json` or `npm-shrinkwrap.json`, `lockfileVersion` 1, 2 or 3.
    PackageLock(u8),
    /// `yarn.lock` of yarn 1.
    YarnV1,
    /// `yarn.lock` of yarn 2 and later.
    YarnBerry,
    /// `pnpm-lock.yaml`.
    Pnpm,
    /// `bun.lock`.
    Bun,
    /// `Cargo.lock`.
    Cargo,
    /// None: the ranges of `package.json`, each at the lowest version that it allows.
    Manifest,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PackageLock(version) => write!(f, "package-lock v{version}"),
            Self::YarnV1 => f.write_str("yarn v1"),
            Self::YarnBerry => f.write_str("yarn berry"),
            Self::Pnpm => f.write_str("pnpm"),
            Self::Bun => f.write_str("bun"),
            Self::Cargo => f.write_str("Cargo"),
            Self::Manifest => f.write_str("package.json"),
        }
    }
}

impl Graph {
    pub(super) fn new(format: Format, file: &str, packages: Vec<Package>) -> Self {
        let mut graph =
            Self { format, file: file.to_owned(), packages, notes: Vec::new(), asked_by: Vec::new() };
        graph.asked_by = vec![Vec::new(); graph.packages.len()];
        for (from, package) in graph.packages.iter().enumerate() {
            for PackageId(to) in package.dependencies.iter().filter_map(|dependency| dependency.target) {
                if let Some(asked_by) =
                    graph.asked_by.get_mut(to).filter(|asked_by| asked_by.last() != Some(&from))
                {
                    asked_by.push(from);
                }
            }
        }
        graph.mark();
        graph
    }

    /// A package of this graph.
    pub fn package(&self, id: PackageId) -> Option<&Package> {
        self.packages.get(id.0)
    }

    /// Every package with its id, the root first.
    pub fn iter(&self) -> impl Iterator<Item = (PackageId, &Package)> {
        self.packages.iter().enumerate().map(|(index, package)| (PackageId(index), package))
    }

    /// Every package that is installed: all but the root and its workspaces.
    pub fn installed(&self) -> impl Iterator<Item = (PackageId, &Package)> {
        self.iter().filter(|(_, package)| package.source != Source::Project)
    }

    /// Every pair of a package and one that it asks for and gets.
    pub fn edges(&self) -> impl Iterator<Item = (PackageId, &Dependency, PackageId)> {
        self.iter().flat_map(|(from, package)| {
            package
                .dependencies
                .iter()
                .filter_map(move |dependency| Some((from, dependency, dependency.target?)))
        })
    }

    /// Every package that asks for `id`, and how.
    pub fn dependents(&self, id: PackageId) -> impl Iterator<Item = (PackageId, &Dependency)> {
        let asked_by = self.asked_by.get(id.0).into_iter().flatten();
        asked_by.filter_map(|from| Some((*from, self.packages.get(*from)?))).flat_map(
            move |(from, package)| {
                let asked =
                    package.dependencies.iter().filter(move |dependency| dependency.target == Some(id));
                asked.map(move |dependency| (PackageId(from), dependency))
            },
        )
    }

    /// For each package, by index, whether it is one of `ids` or leads to one.
    pub(crate) fn leading_to(&self, ids: impl IntoIterator<Item = PackageId>) -> Vec<bool> {
        let mut leads = vec![false; self.packages.len()];
        let mut queue: Vec<usize> = ids.into_iter().map(|id| id.0).collect();
        while let Some(at) = queue.pop() {
            if let Some(leads) = leads.get_mut(at).filter(|leads| !**leads) {
                *leads = true;
                queue.extend(self.asked_by.get(at).into_iter().flatten());
            }
        }
        leads
    }

    /// How the project comes to a package: for each package that the project or a workspace asks for and that leads
    /// there, the shortest way, from that package down to `id`. The shortest first, then by id.
    pub fn ways_to(&self, id: PackageId) -> Vec<Vec<PackageId>> {
        // The next package on the shortest way to `id`, for all that lead there.
        let mut next: Vec<Option<usize>> = vec![None; self.packages.len()];
        let mut queue = VecDeque::from([id.0]);
        let mut first = Vec::new();
        while let Some(at) = queue.pop_front() {
            for &from in self.asked_by.get(at).into_iter().flatten() {
                if self.packages.get(from).is_some_and(|package| package.source == Source::Project) {
                    if !first.contains(&at) {
                        first.push(at);
                    }
                } else if from != id.0
                    && let Some(next) = next.get_mut(from).filter(|next| next.is_none())
                {
                    *next = Some(at);
                    queue.push_back(from);
                }
            }
        }
        let mut ways: Vec<Vec<PackageId>> = first
            .into_iter()
            .map(|first| {
                let steps = std::iter::successors(Some(first), |at| next.get(*at).copied().flatten());
                steps.map(PackageId).collect()
            })
            .collect();
        ways.sort_by_key(|way: &Vec<PackageId>| (way.len(), way.first().copied()));
        ways
    }

    /// Finds what runs and what may be missing, by walking from the project.
    fn mark(&mut self) {
        let production = self.reach(|kind| kind != DependencyKind::Development, |_| true);
        let required = self.reach(|_| true, |kind| !kind.is_optional());
        let reached = self.reach(|_| true, |_| true);
        let not_as_peer = self.reach(|_| true, |kind| !kind.is_peer());
        let marks = production.into_iter().zip(required).zip(reached).zip(not_as_peer);
        for (package, (((production, required), reached), not_as_peer)) in self.packages.iter_mut().zip(marks)
        {
            package.scope = if production || !reached { Scope::Production } else { Scope::Development };
            package.optional = reached && !required;
            package.peer = reached && !not_as_peer;
        }
    }

    /// Which packages are reached from the project and its workspaces over dependencies that pass both tests,
    /// the first of which is put to those of the project alone.
    fn reach(
        &self,
        of_project: impl Fn(DependencyKind) -> bool,
        of_any: impl Fn(DependencyKind) -> bool,
    ) -> Vec<bool> {
        let mut reached: Vec<bool> =
            self.packages.iter().map(|package| package.source == Source::Project).collect();
        let mut queue: VecDeque<usize> =
            reached.iter().enumerate().filter(|(_, reached)| **reached).map(|(index, _)| index).collect();
        while let Some(package) = queue.pop_front().and_then(|index| self.packages.get(index)) {
            for dependency in &package.dependencies {
                let passes = of_any(dependency.kind)
                    && (package.source != Source::Project || of_project(dependency.kind));
                if passes
                    && let Some(PackageId(target)) = dependency.target
                    && let Some(reached) = reached.get_mut(target)
                    && !std::mem::replace(reached, true)
                {
                    queue.push_back(target);
                }
            }
        }
        reached
    }
}

impl DependencyKind {
    /// Whether the one asked for may be missing.
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Optional | Self::OptionalPeer)
    }

    /// Whether whoever uses the package is to bring it.
    pub const fn is_peer(self) -> bool {
        matches!(self, Self::Peer | Self::OptionalPeer)
    }
}

/// Why a lockfile or manifest could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockfileError {
    /// Where.
    pub location: Location,
    /// What is wrong there, and what would be right.
    pub reason: String,
}

impl LockfileError {
    pub(crate) fn new(location: Location, reason: impl Into<String>) -> Self {
        Self { location, reason: reason.into() }
    }
}

impl fmt::Display for LockfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.reason)
    }
}

impl Error for LockfileError {}
