//! How pressing a finding is, with the factors that make it so.
//!
//! | factor | hundredths |
//! |---|---|
//! | `severity` | CVSS base score of version 3 times 100, else by the word: critical 950, high 800, medium 550, low 250, info 50 |
//! | `exposure` | production 100, optional 50, development 20 |
//! | `reachability` | the function named by the advisory is used, or malware 100; imported 70; brought by another package, or never imported 40; no sources to look at 100 |
//! | `network` | reached over the network, or unknown 100; else 50 |
//! | `exploited` | in CISA's list of known exploited vulnerabilities, or malware 300; else 100 |
//!
//! The score is their product. The same evidence gives the same score.

use std::fmt;

use portcullis_rules::Severity;

use crate::advisory::{Kind, Match};
use crate::evidence::lockfile::Scope;
use crate::evidence::project::{Installed, Project};

/// A score and what it is made of: the product of its factors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Priority {
    /// From 0 on. A hole of CVSS 10.0 in production code whose faulty function is used over the network is 1,000; one
    /// that is exploited already, three times as much.
    pub score: u32,
    /// What the score is made of, in order.
    pub factors: Vec<Factor>,
}

/// One factor of a score.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Factor {
    /// What is weighed: `severity`, `exposure`, `reachability`, `network`, `exploited`; for an action `gain` and `cost`.
    pub name: &'static str,
    /// In hundredths: 100 leaves the score as it is. `severity` and `gain` are the points that the score starts from,
    /// `cost` divides them.
    pub hundredths: u32,
    /// Why.
    pub because: String,
}

impl fmt::Display for Factor {
    /// Writes `exposure 0.20 (development)`, and for what is counted in points `severity 750 (CVSS 7.5)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.name, "severity" | "gain" | "cost") {
            return write!(f, "{} {} ({})", self.name, self.hundredths, self.because);
        }
        write!(f, "{} {}.{:02} ({})", self.name, self.hundredths / 100, self.hundredths % 100, self.because)
    }
}

impl Priority {
    /// Weighs a vulnerability in a project.
    pub fn of(project: &Project, installed: &Installed, found: &Match) -> Self {
        let factors = vec![
            severity(found),
            exposure(installed, found),
            reachability(project, installed, found),
            network(found),
            exploited(found),
        ];
        let product = factors.iter().fold(1_u64, |product, factor| product * u64::from(factor.hundredths));
        // The first factor is points, the other four are hundredths.
        let score = u32::try_from(product / 100_u64.pow(4)).unwrap_or(u32::MAX);
        Self { score, factors }
    }
}

fn factor(name: &'static str, hundredths: u32, because: impl Into<String>) -> Factor {
    Factor { name, hundredths, because: because.into() }
}

fn severity(found: &Match) -> Factor {
    if let Some(tenths) = found.cvss().and_then(|cvss| cvss.tenths) {
        return factor("severity", tenths * 10, format!("CVSS {}.{}", tenths / 10, tenths % 10));
    }
    let severity = found.severity();
    let points = match severity {
        Severity::Critical => 950,
        Severity::High => 800,
        Severity::Medium => 550,
        Severity::Low => 250,
        Severity::Info => 50,
    };
    factor("severity", points, severity.as_str())
}

fn exposure(installed: &Installed, found: &Match) -> Factor {
    let mut places = found.places.iter().filter_map(|place| installed.graph.package(*place));
    let best = places.clone().map(|package| (package.scope, package.optional)).min();
    match best {
        Some((Scope::Production, false)) | None => factor("exposure", 100, "production"),
        Some((Scope::Production, true)) => factor("exposure", 50, "optional"),
        Some((Scope::Development, _)) => {
            debug_assert!(places.all(|package| package.scope == Scope::Development));
            factor("exposure", 20, "development")
        }
    }
}

fn reachability(project: &Project, installed: &Installed, found: &Match) -> Factor {
    const NAME: &str = "reachability";
    if found.kind() == Kind::Malicious {
        return factor(NAME, 100, "it runs when it is installed");
    }
    if project.imports.files == 0 {
        return factor(NAME, 100, "no sources to look at");
    }
    let mut names = vec![found.name.as_str()];
    let places = found.places.iter().filter_map(|place| installed.graph.package(*place));
    names.extend(places.filter_map(|package| package.alias.as_deref()));
    let used: Vec<_> =
        names.iter().flat_map(|name| project.imports.of(name)).filter(|import| import.used).collect();
    if used.is_empty() {
        return factor(NAME, 40, "not imported by the sources");
    }
    let function = found.functions().find(|function| {
        let last = function.rsplit(['.', ':', '#']).next().unwrap_or(function).trim_end_matches("()");
        used.iter().any(|import| import.members.contains(last))
    });
    match function {
        Some(function) => factor(NAME, 100, format!("`{function}` is used")),
        None => factor(NAME, 70, "imported"),
    }
}

fn network(found: &Match) -> Factor {
    match found.cvss() {
        Some(cvss) if !cvss.over_network() => factor("network", 50, "not over the network"),
        Some(_) => factor("network", 100, "over the network"),
        None => factor("network", 100, "no rating says otherwise"),
    }
}

/// CISA's catalogue, one id on each line.
static KNOWN_EXPLOITED: &str = include_str!("../data/known-exploited.txt");

fn exploited(found: &Match) -> Factor {
    if found.kind() == Kind::Malicious {
        return factor("exploited", 300, "malware");
    }
    let aliases = found.aliases();
    let mut ids = aliases.iter().map(String::as_str).chain([found.id()]).filter(|id| id.starts_with("CVE-"));
    match ids.find(|id| KNOWN_EXPLOITED.lines().any(|line| line == *id)) {
        Some(id) => factor("exploited", 300, format!("{id} is in CISA's list")),
        None => factor("exploited", 100, "not in CISA's list"),
    }
}
