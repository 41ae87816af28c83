//! What an audit found, and the forms in which it is told.

pub mod comparison;
pub mod json;
pub mod terminal;

use std::cmp::Reverse;

use portcullis_rules::{Rule, Severity};

use crate::action::{self, Action};
use crate::checks;
use crate::evidence::live::Evidence;
use crate::evidence::project::Project;
use crate::finding::{Finding, Remark, Unknown};
use crate::grade::Grade;
use crate::verdict::{Gap, Verdict};

/// The outcome of one audit. Every check stands in exactly one of the four lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was audited.
    pub subject: Subject,
    /// The URL or path that was asked for.
    pub asked: String,
    /// The URL whose answers were judged, or the folder that was read.
    pub target: String,
    /// Letter and score.
    pub grade: Grade,
    /// Broken rules, the worst first, then by id.
    pub findings: Vec<Finding>,
    /// Rules of which nothing is known: those left unanswered first, then by id.
    pub unknown: Vec<Unknown>,
    /// Rules that hold, by id.
    pub held: Vec<Remark>,
    /// Rules that do not apply, by id.
    pub not_applicable: Vec<Remark>,
    /// The redirects that were followed, as `status from -> to`.
    pub redirects: Vec<String>,
    /// What the reader should know of the way the evidence was collected.
    pub notes: Vec<String>,
    /// What to do, the most rewarding first: each clears one finding or more.
    pub actions: Vec<Action>,
}

/// What an audit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A running site, seen from outside.
    Site,
    /// A project's folder.
    Project,
}

impl Report {
    /// Runs every live check.
    pub fn new(evidence: &Evidence) -> Self {
        let mut report = Self {
            subject: Subject::Site,
            asked: evidence.asked.to_string(),
            target: evidence.target.to_string(),
            grade: Grade::new(&[], &[]),
            findings: Vec::new(),
            unknown: Vec::new(),
            held: Vec::new(),
            not_applicable: Vec::new(),
            redirects: redirects(evidence),
            notes: evidence.notes.clone(),
            actions: Vec::new(),
        };
        let verdicts = checks::ALL.iter().filter_map(|check| Some((check.proves, check.live?(evidence))));
        report.sort_in(verdicts);
        report
    }

    /// Runs every check of a project, and says what to do.
    pub fn of_project(asked: &str, root: &str, project: &Project) -> Self {
        let mut report = Self {
            subject: Subject::Project,
            asked: asked.to_owned(),
            target: root.to_owned(),
            grade: Grade::new(&[], &[]),
            findings: Vec::new(),
            unknown: Vec::new(),
            held: Vec::new(),
            not_applicable: Vec::new(),
            redirects: Vec::new(),
            notes: project.notes.clone(),
            actions: action::plan(project),
        };
        let verdicts = checks::ALL.iter().filter_map(|check| Some((check.proves, check.project?(project))));
        report.sort_in(verdicts);
        report
    }

    fn sort_in(&mut self, verdicts: impl Iterator<Item = (&'static Rule, Verdict)>) {
        for (rule, verdict) in verdicts {
            match verdict {
                Verdict::Holds { because } => self.held.push(Remark { rule, because }),
                Verdict::DoesNotApply { because } => self.not_applicable.push(Remark { rule, because }),
                Verdict::Unknown { because, gap } => self.unknown.push(Unknown { rule, because, gap }),
                Verdict::Broken(fault) => self.findings.push(Finding {
                    rule,
                    severity: fault.severity.unwrap_or(rule.severity),
                    observations: fault.observations,
                }),
            }
        }
        self.findings.sort_by_key(|finding| (Reverse(finding.severity), finding.rule.id));
        self.unknown.sort_by_key(|unknown| (unknown.gap, unknown.rule.id));
        self.held.sort_by_key(|remark| remark.rule.id);
        self.not_applicable.sort_by_key(|remark| remark.rule.id);
        self.grade = Grade::new(&self.findings, &self.unknown);
    }

    /// The severity of the worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Whether every request that a check needed was answered. If not, a clean list of findings proves
    /// nothing.
    pub fn is_complete(&self) -> bool {
        self.unanswered() == 0
    }

    /// Rules that are unknown because a request got no answer.
    pub fn unanswered(&self) -> usize {
        self.unknown.iter().filter(|unknown| unknown.gap == Gap::Unanswered).count()
    }
}

fn redirects(evidence: &Evidence) -> Vec<String> {
    use crate::evidence::live::Probe;
    evidence
        .exchanges
        .windows(2)
        .filter_map(|pair| match pair {
            [from, to] if from.probe == Probe::Redirect => {
                let status = from.outcome.as_ref().map_or(0, |response| response.status.as_u16());
                Some(format!("{status} {} -> {}", from.request.target, to.request.target))
            }
            _ => None,
        })
        .collect()
}
