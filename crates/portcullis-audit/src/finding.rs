//! A rule with what a check said of it.

use portcullis_rules::{Rule, Severity};

use crate::verdict::{Gap, Observation};

/// A broken rule: how bad, and what shows it. Why it matters and how to mend it stand in the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The severity here, which may differ from the rule's.
    pub severity: Severity,
    /// What was seen, and where. Never empty.
    pub observations: Vec<Observation>,
}

/// A rule of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unknown {
    /// The rule.
    pub rule: &'static Rule,
    /// What is missing.
    pub because: String,
    /// Whose gap it is.
    pub gap: Gap,
}

/// A rule that holds, or that does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remark {
    /// The rule.
    pub rule: &'static Rule,
    /// What shows it.
    pub because: String,
}
