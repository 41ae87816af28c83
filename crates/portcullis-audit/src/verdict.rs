//! What a check says of a rule.

use portcullis_rules::Severity;

use crate::evidence::live::FetchError;
use crate::evidence::lockfile::{Ecosystem, Scope};
use crate::location::Location;
use crate::priority::Priority;
use crate::quote::quoted;

/// What a check says of its rule. Absence of a fault is not proof: what was not seen is [`Verdict::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The evidence shows that the rule is kept.
    Holds {
        /// What shows it.
        because: String,
    },
    /// The evidence shows that the rule is broken.
    Broken(Fault),
    /// There is nothing that the rule could be about.
    DoesNotApply {
        /// Why not.
        because: String,
    },
    /// The evidence says neither.
    Unknown {
        /// What is missing.
        because: String,
        /// Whose gap it is.
        gap: Gap,
    },
}

/// Why something is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// A request that would have shown it got no answer. Another run may know.
    Unanswered,
    /// It cannot be told from outside, or not without knowing more of the site.
    OutOfSight,
}

/// A broken rule as the check saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was seen, and where. Never empty.
    pub observations: Vec<Observation>,
    /// How bad this case is, where the check knows better than the rule.
    pub severity: Option<Severity>,
}

/// One thing seen at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The request whose answer shows it, or the line of a file as `file:line`.
    pub place: String,
    /// What is seen there, fit for a terminal.
    pub saw: String,
    /// The line, where the place is one.
    pub location: Option<Location>,
    /// The package that it is about, where there is one.
    pub package: Option<PackageSeen>,
    /// The advisory that says so, where there is one.
    pub advisory: Option<AdvisorySeen>,
    /// How bad this one is, where one rule has many and they differ.
    pub severity: Option<Severity>,
}

/// The package that an observation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageSeen {
    /// Its world.
    pub ecosystem: Ecosystem,
    /// Its name in the registry.
    pub name: String,
    /// The version that is installed.
    pub version: String,
    /// Whether the application runs with it.
    pub scope: Scope,
    /// The shortest way to it, from what the project asks for down to itself.
    pub path: Vec<String>,
}

/// The advisory that an observation rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdvisorySeen {
    /// The best known id: GHSA, else CVE, else what there is.
    pub id: String,
    /// Its other ids, sorted, those of merged records among them.
    pub aliases: Vec<String>,
    /// What it says in a line.
    pub summary: String,
    /// A page to read, if one is known.
    pub url: Option<String>,
    /// The lowest version above the installed one that the advisory does not affect, if one is known.
    pub fixed: Option<String>,
    /// How pressing it is, and why.
    pub priority: Priority,
}

impl Observation {
    /// `saw` may hold text of the site: it is made fit to be shown and bounded.
    pub fn new(place: &impl ToString, saw: impl AsRef<str>) -> Self {
        Self {
            place: quoted(&place.to_string()),
            saw: quoted(saw.as_ref()),
            location: None,
            package: None,
            advisory: None,
            severity: None,
        }
    }

    /// Something seen in a file of the project.
    pub fn in_file(location: &Location, saw: impl AsRef<str>) -> Self {
        Self { location: Some(location.clone()), ..Self::new(location, saw) }
    }
}

impl Verdict {
    /// Kept, and what shows it.
    pub fn holds(because: impl Into<String>) -> Self {
        Self::Holds { because: because.into() }
    }

    /// Broken, as seen once.
    pub fn broken(place: &impl ToString, saw: impl AsRef<str>) -> Self {
        Self::Broken(Fault { observations: vec![Observation::new(place, saw)], severity: None })
    }

    /// Broken if there is anything to see, otherwise `otherwise`. At most 50 observations are kept.
    pub fn broken_if_any(mut observations: Vec<Observation>, otherwise: Self) -> Self {
        observations.truncate(50);
        if observations.is_empty() { otherwise } else { Self::Broken(Fault { observations, severity: None }) }
    }

    /// The same, at another severity if it is broken.
    #[must_use]
    pub fn at(mut self, severity: Severity) -> Self {
        if let Self::Broken(fault) = &mut self {
            fault.severity = Some(severity);
        }
        self
    }

    /// Nothing to judge.
    pub fn does_not_apply(because: impl Into<String>) -> Self {
        Self::DoesNotApply { because: because.into() }
    }

    /// Cannot be told from outside.
    pub fn out_of_sight(because: impl Into<String>) -> Self {
        Self::Unknown { because: because.into(), gap: Gap::OutOfSight }
    }

    /// A request got no answer.
    pub fn unanswered(what: &str, error: Option<&FetchError>) -> Self {
        let because = match error {
            Some(error) => format!("{what} got no answer: {error}"),
            None => format!("{what} was not asked for"),
        };
        Self::Unknown { because, gap: Gap::Unanswered }
    }
}
