//! What a manifest without a lockfile is sure to allow: each package at the lowest version of its range.

use nodejs_semver::Range;

use super::graph::{Ecosystem, Format, Graph, Package, PackageId, Source};
use super::npm;
use crate::evidence::manifest::Manifest;

/// A graph of the direct dependencies, each at the lowest version that the manifest allows. What those would bring is
/// not known.
pub fn lowest(manifest: &Manifest) -> Graph {
    let mut root = Package::new(Ecosystem::Npm, "", crate::location::Location::file(&manifest.file));
    root.name = manifest.name.clone().unwrap_or_default();
    root.version = manifest.version.clone().unwrap_or_default();
    root.source = Source::Project;
    root.dependencies = manifest.dependencies();
    let mut packages = vec![root];
    for line in manifest.declared.iter().filter(|line| !line.kind.is_peer()) {
        let (name, range) = npm::alias(&line.range).unwrap_or((&line.name, &line.range));
        let Some(version) = floor(range) else { continue };
        let mut package =
            Package::new(Ecosystem::Npm, &format!("{} {:?}", line.name, line.kind), line.location.clone());
        package.alias = (name != line.name).then(|| line.name.clone());
        name.clone_into(&mut package.name);
        package.version = version;
        let id = PackageId(packages.len());
        packages.push(package);
        let asked = packages.first_mut().and_then(|root| {
            root.dependencies.iter_mut().find(|asked| asked.name == line.name && asked.kind == line.kind)
        });
        if let Some(asked) = asked {
            asked.target = Some(id);
        }
    }
    Graph::new(Format::Manifest, &manifest.file, packages)
}

/// The lowest version of a range. `None` for a tag, an address, and for a range without a lower end (`*`, `<2`): its
/// lowest version says nothing of what is installed.
fn floor(range: &str) -> Option<String> {
    let range = range.trim();
    if range.is_empty() || range == "*" {
        return None;
    }
    let lowest = Range::parse(range).ok()?.min_version()?;
    let text = lowest.to_string();
    (text != "0.0.0" && text != "0.0.0-0").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ranges_with_a_lower_end_have_a_floor() {
        let floors = ["^4.16.2", "~1.2", "1.x", ">=2 <3", "0.0.4", "*", "", "latest", "<2", "github:a/b"];
        let expected = [Some("4.16.2"), Some("1.2.0"), Some("1.0.0"), Some("2.0.0"), Some("0.0.4")];
        for (range, expected) in floors.iter().zip(expected.into_iter().chain([None; 5])) {
            assert_eq!(floor(range).as_deref(), expected, "{range}");
        }
    }
}
