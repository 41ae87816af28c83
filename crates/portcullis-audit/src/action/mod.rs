//! What to do. The unit is an action, not an advisory: one upgrade may clear many findings.

mod command;
mod fix;
mod plan;
mod range;
mod releases;

#[cfg(test)]
mod tests;

use std::fmt;

use portcullis_rules::{Rule, Severity};

use crate::advisory::version;
use crate::location::Location;
use crate::priority::Priority;
use crate::quote::quoted;

pub use fix::{FileChange, fix};
pub use plan::plan;

/// One change to the project, and what it clears.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// How far it reaches.
    pub change: Change,
    /// The package to change, by its name in the registry.
    pub package: String,
    /// The versions installed that it is about, the oldest first.
    pub from: Vec<String>,
    /// The version to have at least; `None` if there is none that helps, or if the package goes.
    pub to: Option<String>,
    /// What takes the package's place, if it is replaced, in a sentence.
    pub instead: Option<String>,
    /// The line to change: of `package.json` for a package that it names or overrides, else of the lockfile.
    pub location: Location,
    /// What to type, if a command does it.
    pub command: Option<String>,
    /// The findings that are gone afterwards, the worst first. Never empty.
    pub clears: Vec<Cleared>,
    /// How the package comes into the project, from what the project asks for down to the package itself; the
    /// shortest first, at most [`MAX_PATHS`].
    pub paths: Vec<Vec<String>>,
    /// How many ways there are in all, of which `paths` holds the first.
    pub path_count: usize,
    /// How pressing it is, and why.
    pub priority: Priority,
}

impl Action {
    /// What to do in a sentence without its full stop.
    pub fn sentence(&self) -> String {
        let what = format!("{} {}", quoted(&self.package), quoted(&self.from.join(" and ")));
        match (self.change, &self.to, &self.instead) {
            (Change::Override, Some(to), _) => {
                let far = if self.is_far() { ", another major version" } else { "" };
                format!("Force {what} to {}{far}", quoted(to))
            }
            (_, Some(to), _) => format!("Raise {what} to {}", quoted(to)),
            (_, None, Some(instead)) => format!("Replace {what} by {instead}"),
            (_, None, None) => format!("Remove {what}, of which no good version is known"),
        }
    }

    /// Whether it goes to another major version (for `0.x`, another minor one), which may break the application.
    pub fn is_far(&self) -> bool {
        let to = self.to.as_deref().and_then(version);
        to.is_some_and(|to| {
            self.from.iter().filter_map(|from| version(from)).any(|from| !range::same_line(&from, &to))
        })
    }

    /// What it clears, in words: `9 findings (1 critical, 8 high)`.
    pub fn gain(&self) -> String {
        let counts: Vec<String> = Severity::ALL
            .into_iter()
            .rev()
            .filter_map(|severity| {
                let count = self.clears.iter().filter(|cleared| cleared.severity == severity).count();
                (count > 0).then(|| format!("{count} {severity}"))
            })
            .collect();
        let plural = if self.clears.len() == 1 { "" } else { "s" };
        let paths =
            if self.path_count > 1 { format!(" in {} paths", self.path_count) } else { String::new() };
        format!("{} finding{plural} ({}){paths}", self.clears.len(), counts.join(", "))
    }
}

/// The most paths that an action shows.
pub const MAX_PATHS: usize = 5;

/// How far an action reaches, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Change {
    /// The ranges that are asked for allow it already: the lockfile alone changes.
    InRange,
    /// A range changes, within the same major version (for `0.x`, the same minor version).
    Minor,
    /// A range changes to another major version, which may break the application.
    Major,
    /// A version is forced upon a package that asks for another (`overrides`, `resolutions`).
    Override,
    /// Another package takes its place.
    Replace,
    /// No version is known that helps: the package goes, or the risk stays.
    Remove,
}

impl Change {
    /// The word for a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InRange => "in range",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Override => "override",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }

    /// What it costs to carry out, as a ratio between the kinds: a test run, a reading of the changelog, a
    /// migration, a version that nobody tested together, new code.
    pub const fn cost(self) -> u32 {
        match self {
            Self::InRange => 1,
            Self::Minor => 2,
            Self::Major => 5,
            Self::Override => 8,
            Self::Replace | Self::Remove => 13,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A finding that an action clears.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleared {
    /// The rule that was broken.
    pub rule: &'static Rule,
    /// The advisory, if one is behind it.
    pub advisory: Option<String>,
    /// The package that was at fault.
    pub package: String,
    /// Its version.
    pub version: String,
    /// How bad it was.
    pub severity: Severity,
}
