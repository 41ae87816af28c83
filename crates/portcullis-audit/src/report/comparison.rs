//! Two reports of one site, side by side: without and with a gate, or last week and today.

use portcullis_rules::Rule;

use super::Report;
use crate::verdict::Gap;

/// One line of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The rule.
    pub rule: &'static Rule,
    /// What the first report says.
    pub before: State,
    /// What the second report says.
    pub after: State,
}

/// What a report says of a rule, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Broken, with the severity found.
    Broken(portcullis_rules::Severity),
    /// Holds.
    Held,
    /// Nothing is known.
    Unknown(Gap),
    /// Does not apply.
    NotApplicable,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Broken(severity) => f.pad(&format!("broken ({severity})")),
            Self::Held => f.pad("held"),
            Self::Unknown(_) => f.pad("unknown"),
            Self::NotApplicable => f.pad("not applicable"),
        }
    }
}

/// The rules that are broken in either report: those of the first from the worst on, then what is new in the
/// second.
pub fn compare(before: &Report, after: &Report) -> Vec<Row> {
    let of_before = before.findings.iter().map(|finding| finding.rule);
    let new = after
        .findings
        .iter()
        .map(|finding| finding.rule)
        .filter(|rule| before.findings.iter().all(|finding| finding.rule != *rule));
    of_before
        .chain(new)
        .map(|rule| Row { rule, before: state(before, rule), after: state(after, rule) })
        .collect()
}

/// What `report` says of `rule`; a rule without a check is unknown.
fn state(report: &Report, rule: &Rule) -> State {
    if let Some(finding) = report.findings.iter().find(|finding| finding.rule == rule) {
        State::Broken(finding.severity)
    } else if report.held.iter().any(|remark| remark.rule == rule) {
        State::Held
    } else if report.not_applicable.iter().any(|remark| remark.rule == rule) {
        State::NotApplicable
    } else {
        let unknown = report.unknown.iter().find(|unknown| unknown.rule == rule);
        State::Unknown(unknown.map_or(Gap::OutOfSight, |unknown| unknown.gap))
    }
}
