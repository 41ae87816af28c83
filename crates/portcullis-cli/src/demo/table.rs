//! The two audits side by side.

use std::fmt::{Display, Write as _};

use anstyle::{AnsiColor, Style};
use portcullis_audit::{
    Report,
    report::comparison::{State, compare},
};

use crate::terminal::wants_colour;

/// At 80 columns: rule, before, after; the grades at the end.
pub(super) fn render(before: &Report, after: &Report) -> String {
    let colour = wants_colour();
    let paint = |style: Style, text: &dyn Display| {
        if colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    };
    let bold = Style::new().bold();
    let mut out = String::new();
    let _ = writeln!(out, "{}", paint(bold, &format!("{:38}  {:18}  {}", "rule", "bare", "behind the gate")));
    for row in compare(before, after) {
        let cell = |state: State| paint(style_of(state), &format!("{state:18}"));
        let _ = writeln!(
            out,
            "{:38}  {}  {}",
            row.rule.id.as_str(),
            cell(row.before),
            cell(row.after).trim_end()
        );
    }
    let counts = |report: &Report| {
        format!(
            "{} broken, {} held, {} unknown",
            report.findings.len(),
            report.held.len(),
            report.unknown.len()
        )
    };
    let _ = writeln!(out);
    for (name, report) in [("bare", before), ("behind the gate", after)] {
        let letter = report.grade.letter;
        let style = if report.findings.is_empty() {
            AnsiColor::Green.on_default().bold()
        } else {
            AnsiColor::Red.on_default().bold()
        };
        let _ =
            writeln!(out, "{name:16}  grade {}  ({})", paint(style, &format!("{letter:2}")), counts(report));
    }
    let _ =
        writeln!(out, "\nWhat a rule means, and how to mend it in the app itself: portcullis explain RULE");
    out
}

fn style_of(state: State) -> Style {
    match state {
        State::Broken(_) => AnsiColor::Red.on_default(),
        State::Held => AnsiColor::Green.on_default(),
        State::Unknown(_) => AnsiColor::Yellow.on_default(),
        State::NotApplicable => Style::new().dimmed(),
    }
}
