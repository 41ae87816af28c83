//! `portcullis explain`.

use std::fmt::Write as _;

use anstyle::Style;
use clap::Args;
use portcullis_rules::{Rule, Severity, all, find, nearest};

use crate::{
    Outcome,
    terminal::{complain, print, wants_colour},
};

/// Options of `portcullis explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The rule's id, as cookie.secure-missing; without one, rules are listed.
    #[arg(conflicts_with_all = ["family", "severity", "search"])]
    rule: Option<String>,
    /// Only rules of this family, as cookie.
    #[arg(long)]
    family: Option<String>,
    /// Only rules of this severity or above: info, low, medium, high, critical.
    #[arg(long)]
    severity: Option<Severity>,
    /// Only rules that speak of this.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis explain cookie.secure-missing
  portcullis explain --family header --severity medium
  portcullis explain --search clickjacking

Exit codes: 0 shown, 2 no such rule.";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let Some(id) = &arguments.rule else { return list(arguments) };
    let Some(rule) = find(id) else {
        complain(&format!("there is no rule `{id}`"));
        let near: Vec<String> =
            nearest(id).iter().map(|rule| format!("  {:36} {}", rule.id.as_str(), rule.title)).collect();
        let hint = if near.is_empty() {
            "List them with `portcullis explain`.".to_owned()
        } else {
            format!("Did you mean:\n{}", near.join("\n"))
        };
        crate::terminal::say(&hint);
        return Outcome::WrongUsage;
    };
    if arguments.json {
        print(&format!("{:#}\n", to_json(rule)));
    } else {
        print(&page(rule));
    }
    Outcome::Done
}

fn list(arguments: &Arguments) -> Outcome {
    let search = arguments.search.as_deref().map(str::to_lowercase);
    let matches = |rule: &&'static Rule| {
        let text = || format!("{} {} {} {}", rule.id, rule.title, rule.why, rule.fix).to_lowercase();
        arguments.family.as_deref().is_none_or(|family| rule.family() == family)
            && arguments.severity.is_none_or(|least| rule.severity >= least)
            && search.as_deref().is_none_or(|search| text().contains(search))
    };
    let rules: Vec<&Rule> = all().filter(matches).collect();
    if rules.is_empty() {
        if let Some(family) =
            arguments.family.as_deref().filter(|family| all().all(|rule| rule.family() != *family))
        {
            let mut families: Vec<&str> = all().map(Rule::family).collect();
            families.dedup();
            complain(&format!("there is no family `{family}`; there are {}", families.join(", ")));
        } else {
            complain("no rule is so");
        }
        return Outcome::WrongUsage;
    }
    if arguments.json {
        let rules: Vec<serde_json::Value> = rules.into_iter().map(to_json).collect();
        print(&format!("{:#}\n", serde_json::Value::from(rules)));
        return Outcome::Done;
    }
    let mut out = String::new();
    for rule in &rules {
        let _ = writeln!(out, "{:8}  {:36}  {}", rule.severity, rule.id.as_str(), rule.title);
    }
    let _ = writeln!(
        out,
        "\n{} rules. One of them in full: portcullis explain {}",
        rules.len(),
        rules.first().map_or("", |rule| rule.id.as_str())
    );
    print(&out);
    Outcome::Done
}

fn page(rule: &Rule) -> String {
    let bold = if wants_colour() { Style::new().bold() } else { Style::new() };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{bold}{}{bold:#}  {}, {}\n{}\n",
        rule.id,
        rule.severity,
        rule.status.as_str(),
        rule.title
    );
    for (heading, text) in [("Why", rule.why), ("Fix", rule.fix)] {
        let _ = writeln!(out, "{bold}{heading}{bold:#}\n{}\n", wrapped(text));
    }
    let _ = writeln!(out, "{bold}References{bold:#}");
    for reference in rule.references {
        let _ = writeln!(out, "  {reference}");
    }
    out
}

/// At 78 columns, two of them for the margin; lines of the text's own stay.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::from(" ");
        for word in paragraph.split_whitespace() {
            if line.len() + 1 + word.len() > 78 && line.len() > 1 {
                lines.push(std::mem::replace(&mut line, String::from(" ")));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join("\n")
}

fn to_json(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "id": rule.id.as_str(),
        "family": rule.family(),
        "severity": rule.severity.as_str(),
        "status": rule.status.as_str(),
        "title": rule.title,
        "why": rule.why,
        "fix": rule.fix,
        "references": rule.references.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
