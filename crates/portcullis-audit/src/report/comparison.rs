//! Two reports of one site, side by side: without and with a gate, or last week and today.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use portcullis_rules::{Rule, Severity};

use super::Report;
use super::terminal::{Look, colour_of, colour_of_grade};
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
    Broken(Severity),
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

/// The comparison as a table of at most 80 columns, the grades at the end.
pub fn render(before: &Report, after: &Report, look: Look) -> String {
    let mut out = String::new();
    let title = format!("{:36}  {:18}  {:18}", "rule", "before", "after");
    let _ = writeln!(out, "{}", look.paint(Style::new().bold(), title.trim_end()));
    for row in compare(before, after) {
        let state = |state: State| look.paint(colour_of_state(state), format!("{state:18}"));
        let line = format!("{:36}  {}  {}", row.rule.id, state(row.before), state(row.after));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let grade = |report: &Report| {
        let text = format!("{} ({} of 100)", report.grade.letter, report.grade.score);
        look.paint(colour_of_grade(report.grade.letter).bold(), format!("{text:18}"))
    };
    let line = format!("{:36}  {}  {}", "grade", grade(before), grade(after));
    let _ = writeln!(out, "{}", line.trim_end());
    out
}

fn colour_of_state(state: State) -> Style {
    match state {
        State::Broken(severity) => colour_of(severity),
        State::Held => AnsiColor::Green.on_default(),
        State::Unknown(_) => AnsiColor::Magenta.on_default(),
        State::NotApplicable => Style::new(),
    }
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
