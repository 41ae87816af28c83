//! What is installed: the dependency graph that a lockfile writes down.
//!
//! One file per format, each a pure function from the text to a [`Graph`]. The graph is the same for every
//! format, so that checks, upgrades and bills of materials know nothing of lockfiles.

mod bun;
mod cargo;
mod descriptor;
mod graph;
mod lowest;
mod npm;
mod package_lock;
mod pnpm;
mod yaml;
mod yarn_berry;
mod yarn_v1;

#[cfg(test)]
mod tests;

pub use graph::{
    Dependency, DependencyKind, Ecosystem, Format, Graph, LockfileError, Package, PackageId, Scope, Source,
};
pub use lowest::lowest;
pub(crate) use npm::is_git;

use crate::evidence::manifest::Manifest;
use crate::location::Location;

/// The largest lockfile that is read, in bytes.
pub const MAX_LOCKFILE_BYTES: usize = 64 << 20;

/// The most packages that a lockfile may hold.
pub const MAX_PACKAGES: usize = 200_000;

/// Reads a lockfile, of the format that its name says. `own` is the manifest beside it, `manifests` are all of the
/// project: some formats leave to them what the project and its workspaces ask for.
pub fn parse(
    file: &str,
    text: &str,
    own: Option<&Manifest>,
    manifests: &[Manifest],
) -> Result<Graph, LockfileError> {
    if text.len() > MAX_LOCKFILE_BYTES {
        return Err(LockfileError::new(
            Location::file(file),
            format!("larger than {MAX_LOCKFILE_BYTES} bytes"),
        ));
    }
    match file.rsplit('/').next().unwrap_or(file) {
        "package-lock.json" | "npm-shrinkwrap.json" => package_lock::parse(file, text, own),
        "yarn.lock" if yarn_berry::is_berry(text) => yarn_berry::parse(file, text, manifests),
        "yarn.lock" => yarn_v1::parse(file, text, manifests),
        "pnpm-lock.yaml" => pnpm::parse(file, text, own),
        "bun.lock" => bun::parse(file, text),
        "Cargo.lock" => cargo::parse(file, text),
        _ => Err(LockfileError::new(Location::file(file), "no format of lockfile has this name")),
    }
}
