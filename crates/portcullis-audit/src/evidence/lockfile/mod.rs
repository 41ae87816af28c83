//! What is installed: the dependency graph that a lockfile writes down.
//!
//! One file per format, each a pure function from the text to a [`Graph`]. The graph is the same for every
//! format, so that checks, upgrades and bills of materials know nothing of lockfiles.

mod graph;
mod npm;
mod package_lock;

pub use graph::{
    Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Scope, Source,
};
pub use package_lock::parse as parse_package_lock;

/// The largest lockfile that is read, in bytes.
pub const MAX_LOCKFILE_BYTES: usize = 64 << 20;

/// The most packages that a lockfile may hold.
pub const MAX_PACKAGES: usize = 200_000;
