//! A report for a program.
//!
//! The schema is named in the field `schema`. Within one version fields may be added, none changes its
//! meaning or goes. Lists are in the order of [`Report`], so the same evidence gives the same bytes.
//!
//! | field | content |
//! |---|---|
//! | `schema` | `portcullis-audit/1` |
//! | `asked`, `target` | what was asked for and what was judged: a URL, or a project's folder |
//! | `redirects`, `notes` | lists of text |
//! | `grade` | `letter` (A+, A, B, C, D, F), `score` (0 to 100) |
//! | `complete` | whether every request that a check needed was answered |
//! | `counts` | `broken`, `held`, `unknown`, `not_applicable` |
//! | `actions` | what to do, the most pressing first, each: `do` (a sentence), `change` (`in range`, `minor`, `major`, `override`, `replace`, `remove`), `package`, `from`, `to`, `command`, `file`, `line`, `score`, `factors`, `paths`, `path_count`, `clears` (each: `rule`, `advisory`, `package`, `version`, `severity`) |
//! | `findings` | each: `rule`, `title`, `severity`, `evidence` (each: `place`, `saw`), `why`, `fix`, `references` |
//! | `unknown` | each: `rule`, `severity`, `because`, `gap` (`unanswered` or `out-of-sight`) |
//! | `held`, `not_applicable` | each: `rule`, `because` |

use serde::Serialize;

use super::Report;
use crate::action::Action;
use crate::finding::Remark;
use crate::grade::Grade;
use crate::verdict::Gap;

/// The name and version of the schema.
pub const SCHEMA: &str = "portcullis-audit/1";

/// The report as indented JSON with a line end.
pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&document(report)).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    asked: &'a str,
    target: &'a str,
    redirects: &'a [String],
    notes: &'a [String],
    grade: Grade,
    complete: bool,
    counts: Counts,
    actions: Vec<ActionEntry<'a>>,
    findings: Vec<FindingEntry<'a>>,
    unknown: Vec<UnknownEntry<'a>>,
    held: Vec<RemarkEntry<'a>>,
    not_applicable: Vec<RemarkEntry<'a>>,
}

#[derive(Serialize)]
struct Counts {
    broken: usize,
    held: usize,
    unknown: usize,
    not_applicable: usize,
}

#[derive(Serialize)]
struct ActionEntry<'a> {
    r#do: String,
    change: &'static str,
    package: &'a str,
    from: &'a [String],
    to: Option<&'a str>,
    command: Option<&'a str>,
    file: &'a str,
    line: Option<u32>,
    score: u32,
    factors: Vec<String>,
    paths: &'a [Vec<String>],
    path_count: usize,
    clears: Vec<ClearedEntry<'a>>,
}

#[derive(Serialize)]
struct ClearedEntry<'a> {
    rule: &'static str,
    advisory: Option<&'a str>,
    package: &'a str,
    version: &'a str,
    severity: &'static str,
}

impl<'a> ActionEntry<'a> {
    fn new(action: &'a Action) -> Self {
        Self {
            r#do: action.sentence(),
            change: action.change.as_str(),
            package: &action.package,
            from: &action.from,
            to: action.to.as_deref(),
            command: action.command.as_deref(),
            file: &action.location.file,
            line: action.location.line,
            score: action.priority.score,
            factors: action.priority.factors.iter().map(ToString::to_string).collect(),
            paths: &action.paths,
            path_count: action.path_count,
            clears: action
                .clears
                .iter()
                .map(|cleared| ClearedEntry {
                    rule: cleared.rule.id.as_str(),
                    advisory: cleared.advisory.as_deref(),
                    package: &cleared.package,
                    version: &cleared.version,
                    severity: cleared.severity.as_str(),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    rule: &'static str,
    title: &'static str,
    severity: &'static str,
    evidence: Vec<EvidenceEntry<'a>>,
    why: &'static str,
    fix: &'static str,
    references: Vec<String>,
}

#[derive(Serialize)]
struct EvidenceEntry<'a> {
    place: &'a str,
    saw: &'a str,
}

#[derive(Serialize)]
struct UnknownEntry<'a> {
    rule: &'static str,
    severity: &'static str,
    because: &'a str,
    gap: &'static str,
}

#[derive(Serialize)]
struct RemarkEntry<'a> {
    rule: &'static str,
    because: &'a str,
}

fn document(report: &Report) -> Document<'_> {
    Document {
        schema: SCHEMA,
        asked: &report.asked,
        target: &report.target,
        redirects: &report.redirects,
        notes: &report.notes,
        grade: report.grade,
        complete: report.is_complete(),
        counts: Counts {
            broken: report.findings.len(),
            held: report.held.len(),
            unknown: report.unknown.len(),
            not_applicable: report.not_applicable.len(),
        },
        actions: report.actions.iter().map(ActionEntry::new).collect(),
        findings: report
            .findings
            .iter()
            .map(|finding| FindingEntry {
                rule: finding.rule.id.as_str(),
                title: finding.rule.title,
                severity: finding.severity.as_str(),
                evidence: finding
                    .observations
                    .iter()
                    .map(|observation| EvidenceEntry { place: &observation.place, saw: &observation.saw })
                    .collect(),
                why: finding.rule.why,
                fix: finding.rule.fix,
                references: finding.rule.references.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        unknown: report
            .unknown
            .iter()
            .map(|unknown| UnknownEntry {
                rule: unknown.rule.id.as_str(),
                severity: unknown.rule.severity.as_str(),
                because: &unknown.because,
                gap: match unknown.gap {
                    Gap::Unanswered => "unanswered",
                    Gap::OutOfSight => "out-of-sight",
                },
            })
            .collect(),
        held: remarks(&report.held),
        not_applicable: remarks(&report.not_applicable),
    }
}

fn remarks(remarks: &[Remark]) -> Vec<RemarkEntry<'_>> {
    remarks
        .iter()
        .map(|remark| RemarkEntry { rule: remark.rule.id.as_str(), because: &remark.because })
        .collect()
}
