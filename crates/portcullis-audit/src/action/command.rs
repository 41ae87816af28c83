//! The command that carries an action out.

use semver::Version;

use super::Change;
use crate::evidence::lockfile::{Format, Package, Scope, Source};
use crate::evidence::project::{Installed, Project};

/// What to type in the project's folder, by the package manager whose lockfile it is. `None` where it takes an edit by
/// hand, or a decision.
pub(super) fn of(
    project: &Project,
    installed: &Installed,
    change: Change,
    package: &Package,
    to: Option<&Version>,
    direct: bool,
) -> Option<String> {
    let name = package.alias.as_deref().unwrap_or(&package.name);
    if !is_plain(name) || !is_plain(&package.name) || !is_plain(&package.version) {
        return None;
    }
    let manager = Manager::of(installed.graph.format);
    let command = match (change, to) {
        (Change::InRange, Some(to)) => manager.update(package, to, direct)?,
        (Change::Minor | Change::Major, Some(to)) => {
            let spec = match &package.alias {
                Some(alias) => format!("{alias}@npm:{}@{to}", package.name),
                None => format!("{name}@{to}"),
            };
            manager.install(&spec, package.scope == Scope::Development)
                + &workspace(project, installed, package)
        }
        (Change::Override, Some(to)) => manager.overriding(&package.name, to)?,
        (Change::Remove, _) if direct => manager.remove(name),
        _ => return None,
    };
    let folder = installed.graph.file.rsplit_once('/').map(|(folder, _)| folder);
    match folder {
        None => Some(command),
        Some(folder) if is_plain(folder) => Some(format!("(cd {folder} && {command})")),
        Some(_) => None,
    }
}

/// Whether a word can be handed to a shell as it is. A lockfile is not to put words into anyone's shell.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('-')
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "@/._-+".contains(letter))
}

/// npm's option for the workspace that asks for a package, where it is not the root.
fn workspace(project: &Project, installed: &Installed, package: &Package) -> String {
    let graph = &installed.graph;
    let asks = graph.iter().filter(|(_, one)| one.source == Source::Project).find(|(_, one)| {
        one.dependencies.iter().any(|dependency| {
            dependency
                .target
                .and_then(|target| graph.package(target))
                .is_some_and(|target| target.key == package.key)
        })
    });
    match asks {
        Some((_, member)) if !member.key.is_empty() && matches!(graph.format, Format::PackageLock(_)) => {
            let known = project
                .manifests
                .iter()
                .any(|manifest| manifest.file == format!("{}/package.json", member.key));
            if known && is_plain(&member.key) { format!(" -w {}", member.key) } else { String::new() }
        }
        _ => String::new(),
    }
}

enum Manager {
    Npm,
    YarnV1,
    YarnBerry,
    Pnpm,
    Bun,
    Cargo,
}

impl Manager {
    fn of(format: Format) -> Self {
        match format {
            Format::PackageLock(_) | Format::Manifest => Self::Npm,
            Format::YarnV1 => Self::YarnV1,
            Format::YarnBerry => Self::YarnBerry,
            Format::Pnpm => Self::Pnpm,
            Format::Bun => Self::Bun,
            Format::Cargo => Self::Cargo,
        }
    }

    fn update(&self, package: &Package, to: &Version, direct: bool) -> Option<String> {
        let name = package.alias.as_deref().unwrap_or(&package.name);
        Some(match self {
            Self::Npm => format!("npm update {name}"),
            // Yarn 1 raises what others ask for only when its entry is gone.
            Self::YarnV1 if direct => format!("yarn upgrade {name}"),
            Self::YarnV1 => return None,
            Self::YarnBerry => format!("yarn up -R {name}"),
            Self::Pnpm if direct => format!("pnpm update {name}"),
            Self::Pnpm => format!("pnpm update {name} --depth Infinity"),
            Self::Bun => format!("bun update {name}"),
            Self::Cargo => format!("cargo update -p {name}@{} --precise {to}", package.version),
        })
    }

    fn install(&self, spec: &str, development: bool) -> String {
        let option = |long: &'static str| if development { long } else { "" };
        match self {
            Self::Npm => format!("npm install {}{spec}", option("--save-dev ")),
            Self::YarnV1 | Self::YarnBerry => format!("yarn add {}{spec}", option("--dev ")),
            Self::Pnpm => format!("pnpm add {}{spec}", option("--save-dev ")),
            Self::Bun => format!("bun add {}{spec}", option("--dev ")),
            Self::Cargo => format!("cargo add {}{spec}", option("--dev ")),
        }
    }

    fn overriding(&self, name: &str, to: &Version) -> Option<String> {
        // npm reads dots as steps, and brackets as one.
        let key = if name.contains('.') { format!("[{name}]") } else { format!(".{name}") };
        let set = |table: &str, then: &str| format!("npm pkg set \"{table}{key}={to}\" && {then}");
        Some(match self {
            Self::Npm => set("overrides", "npm install"),
            Self::YarnV1 | Self::YarnBerry => set("resolutions", "yarn install"),
            Self::Pnpm => set("pnpm.overrides", "pnpm install"),
            Self::Bun => set("overrides", "bun install"),
            Self::Cargo => return None,
        })
    }

    fn remove(&self, name: &str) -> String {
        match self {
            Self::Npm => format!("npm uninstall {name}"),
            Self::YarnV1 | Self::YarnBerry => format!("yarn remove {name}"),
            Self::Pnpm => format!("pnpm remove {name}"),
            Self::Bun => format!("bun remove {name}"),
            Self::Cargo => format!("cargo remove {name}"),
        }
    }
}
