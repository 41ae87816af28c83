//! A report for a person at a terminal, 80 columns wide.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use portcullis_rules::Severity;

use super::Report;
use crate::finding::Finding;
use crate::grade::Letter;

const COLUMNS: usize = 80;
/// Places shown for one finding.
const MAX_OBSERVATIONS: usize = 4;

/// Actions shown, and commands.
const MAX_ACTIONS: usize = 10;

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text alone, for a pipe or a file.
    Plain,
    /// With ANSI colours.
    Coloured,
}

impl Look {
    pub(super) fn paint(self, style: Style, text: impl std::fmt::Display) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }
}

/// The whole report: what to do, findings from the worst on with evidence and fix, what is unknown, the grade, and the
/// commands to copy at the end.
pub fn render(report: &Report, look: Look) -> String {
    let mut out = String::new();
    heading(&mut out, report, look);
    actions(&mut out, report, look);
    for finding in &report.findings {
        describe(&mut out, finding, look);
    }
    unknown(&mut out, report, look);
    summary(&mut out, report, look);
    commands(&mut out, report, look);
    out
}

fn heading(out: &mut String, report: &Report, look: Look) {
    let _ = writeln!(out, "{}", look.paint(Style::new().bold(), format!("Audit of {}", report.asked)));
    for redirect in &report.redirects {
        wrap(out, redirect, "  ", "    ");
    }
    for note in &report.notes {
        wrap(out, note, "  ", "  ");
    }
    out.push('\n');
}

fn actions(out: &mut String, report: &Report, look: Look) {
    if report.actions.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", look.paint(Style::new().bold(), "What to do, the most rewarding first"));
    for (index, action) in report.actions.iter().take(MAX_ACTIONS).enumerate() {
        let number = format!("{:2}. ", index + 1);
        wrap(out, &format!("{} ({})", action.sentence(), action.change), &number, "    ");
        wrap(out, &action.gain(), "    clears ", "           ");
        if let Some(path) = action.paths.first().filter(|path| path.len() > 1) {
            wrap(out, &path.join(" > "), "    by     ", "           ");
        }
        if let Some(command) = &action.command {
            let _ = writeln!(out, "    {}", look.paint(AnsiColor::Green.on_default(), command));
        }
    }
    let rest = report.actions.get(MAX_ACTIONS..).unwrap_or_default();
    if !rest.is_empty() {
        let findings: usize = rest.iter().map(|action| action.clears.len()).sum();
        wrap(
            out,
            &format!(
                "and {} more actions, which clear {findings} findings; --json lists them all",
                rest.len()
            ),
            "    ",
            "    ",
        );
    }
    out.push('\n');
}

/// The commands of the actions that are shown, once more, to be copied as they are.
fn commands(out: &mut String, report: &Report, look: Look) {
    let commands: Vec<&String> =
        report.actions.iter().take(MAX_ACTIONS).filter_map(|action| action.command.as_ref()).collect();
    if commands.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", look.paint(Style::new().bold(), "To copy"));
    for command in commands {
        let _ = writeln!(out, "  {}", look.paint(AnsiColor::Green.on_default(), command));
    }
}

fn describe(out: &mut String, finding: &Finding, look: Look) {
    let rule = finding.rule;
    let severity = look.paint(colour_of(finding.severity), format!("{:8}", finding.severity));
    let _ = writeln!(out, "{severity}  {}", look.paint(Style::new().bold(), rule.id));
    wrap(out, rule.title, "  ", "  ");
    let mut place = "";
    for observation in finding.observations.iter().take(MAX_OBSERVATIONS) {
        if place != observation.place {
            place = &observation.place;
            wrap(out, place, "    at  ", "        ");
        }
        wrap(out, &observation.saw, "    saw ", "        ");
    }
    if let Some(more @ 1..) = finding.observations.len().checked_sub(MAX_OBSERVATIONS) {
        let _ = writeln!(out, "        and {more} more; --json lists them all");
    }
    wrap(out, rule.fix, "    fix ", "        ");
    out.push('\n');
}

fn unknown(out: &mut String, report: &Report, look: Look) {
    if report.unknown.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", look.paint(Style::new().bold(), "Unknown, and so neither held nor broken"));
    for unknown in &report.unknown {
        wrap(out, &format!("{}: {}", unknown.rule.id, unknown.because), "  ", "      ");
    }
    out.push('\n');
}

fn summary(out: &mut String, report: &Report, look: Look) {
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter_map(|severity| {
            let count = report.findings.iter().filter(|finding| finding.severity == severity).count();
            (count > 0).then(|| format!("{count} {severity}"))
        })
        .collect();
    let broken = match report.findings.len() {
        0 => "no rule broken".to_owned(),
        1 => format!("1 rule broken ({})", counts.join(", ")),
        count => format!("{count} rules broken ({})", counts.join(", ")),
    };
    wrap(
        out,
        &format!(
            "{broken}; {} held, {} unknown, {} not applicable",
            report.held.len(),
            report.unknown.len(),
            report.not_applicable.len()
        ),
        "",
        "",
    );
    match report.unanswered() {
        0 => {}
        1 => out.push_str("Incomplete: 1 rule got no answer.\n"),
        count => {
            let _ = writeln!(out, "Incomplete: {count} rules got no answer.");
        }
    }
    let letter = look.paint(colour_of_grade(report.grade.letter).bold(), report.grade.letter);
    let _ = writeln!(out, "Grade {letter} ({} of 100)", report.grade.score);
}

pub(super) fn colour_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => AnsiColor::BrightBlack.on_default(),
    }
}

pub(super) fn colour_of_grade(letter: Letter) -> Style {
    match letter {
        Letter::APlus | Letter::A => AnsiColor::Green.on_default(),
        Letter::B | Letter::C => AnsiColor::Yellow.on_default(),
        Letter::D | Letter::F => AnsiColor::Red.on_default(),
    }
}

/// Writes `text` in lines of at most 80 columns; a word that is longer is broken.
fn wrap(out: &mut String, text: &str, first: &str, rest: &str) {
    let mut line = first.to_owned();
    let mut used = first.chars().count();
    let mut fresh = true;
    for word in text.split_whitespace() {
        let mut letters = word.chars().count();
        if !fresh && used + 1 + letters > COLUMNS {
            let _ = writeln!(out, "{line}");
            (line, used, fresh) = (rest.to_owned(), rest.chars().count(), true);
        }
        if !fresh {
            line.push(' ');
            used += 1;
        }
        for letter in word.chars() {
            if used == COLUMNS && letters > 0 {
                let _ = writeln!(out, "{line}");
                (line, used) = (rest.to_owned(), rest.chars().count());
            }
            line.push(letter);
            used += 1;
            letters -= 1;
        }
        fresh = false;
    }
    let _ = writeln!(out, "{line}");
}
