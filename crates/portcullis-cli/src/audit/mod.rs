//! `portcullis audit`.

mod fix;
mod regex;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use portcullis_audit::{
    Date, Options, Report, Subject, audit_project, audit_url,
    grade::FORMULA,
    report::{
        json,
        terminal::{self, Look},
    },
};
use portcullis_rules::Severity;

use crate::{
    Outcome, advisories,
    terminal::{complain, print, wants_colour},
};

/// Options of `portcullis audit`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = format!("{EXAMPLES}\n\n{FORMULA}"))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    audit: Audit,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Can a regular expression be made to hang?
    Regex(regex::Arguments),
}

#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Args)]
struct Audit {
    /// The folder of a project, or a site as `https://app.example/`.
    #[arg(value_name = "PATH|URL", default_value = ".")]
    subject: String,
    /// Write JSON.
    #[arg(long)]
    json: bool,
    /// Exit with 1 if there is a finding of this severity or above: info, low, medium, high, critical.
    #[arg(long, value_name = "SEVERITY", default_value = "low")]
    fail_on: Severity,
    /// Trust the certificates in this PEM file as well: a private CA.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The port on which the same site speaks plain HTTP, to see whether it leads to https.
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// Send what may change something, to the URL given and nowhere else: a form as from another site, and twelve
    /// logins with a made-up name.
    #[arg(long)]
    active: bool,
    /// The advisories to judge a project by, if not the user's own or those that came with this program.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// Change package.json as the report says, within major versions, after showing what changes and asking.
    #[arg(long)]
    fix: bool,
    /// Do not ask before --fix writes.
    #[arg(long, requires = "fix")]
    yes: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis audit
  portcullis audit services/shop --json
  portcullis audit --fix
  portcullis audit https://app.example
  portcullis audit http://127.0.0.1:3000 --json --fail-on high
  portcullis audit regex '^(a+)+$'

Of a project it reads lockfiles, manifests and sources; it fetches nothing and runs nothing.
Of a site it reads: GET of the page and of a path that does not exist, OPTIONS and GET with made-up Origins, one POST with
malformed JSON. It writes nothing, unless --active lets it.

Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage, 3 could not be completed.";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let arguments = match &arguments.command {
        Some(Command::Regex(arguments)) => return regex::run(arguments),
        None => &arguments.audit,
    };
    let audited = if arguments.subject.contains("://") { site(arguments) } else { project(arguments) };
    let report = match audited {
        Ok(report) => report,
        Err(outcome) => return outcome,
    };
    if arguments.json {
        print(&json::render(&report));
    } else {
        let look = if wants_colour() { Look::Coloured } else { Look::Plain };
        print(&terminal::render(&report, look));
    }
    if arguments.fix && report.subject == Subject::Project {
        match fix::run(Path::new(&arguments.subject), &report, arguments.yes) {
            Outcome::Done => {}
            failed => return failed,
        }
    }
    if report.worst().is_some_and(|worst| worst >= arguments.fail_on) {
        Outcome::Findings
    } else if report.is_complete() {
        Outcome::Done
    } else {
        Outcome::Incomplete
    }
}

fn project(arguments: &Audit) -> Result<Report, Outcome> {
    if !Path::new(&arguments.subject).is_dir() {
        let subject = &arguments.subject;
        complain(&format!(
            "{subject} is no folder: name the folder of a project, or a site with its https://"
        ));
        return Err(Outcome::WrongUsage);
    }
    let (_, database) = advisories::open(arguments.database.as_deref()).map_err(|error| {
        complain(&error);
        Outcome::Incomplete
    })?;
    audit_project(Path::new(&arguments.subject), &database, Date::today()).map_err(|error| {
        complain(&error.to_string());
        Outcome::Incomplete
    })
}

fn site(arguments: &Audit) -> Result<Report, Outcome> {
    let mut options = Options::default();
    options.http_port = arguments.http_port;
    options.active = arguments.active;
    if let Some(file) = &arguments.ca_file {
        match std::fs::read_to_string(file) {
            Ok(pem) => options.extra_roots_pem = pem,
            Err(error) => {
                complain(&format!("{}: {error}", file.display()));
                return Err(Outcome::WrongUsage);
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        complain(&format!("no runtime: {error}"));
        Outcome::Incomplete
    })?;
    runtime.block_on(audit_url(&arguments.subject, &options)).map_err(|error| {
        complain(&error.to_string());
        if error.is_usage() { Outcome::WrongUsage } else { Outcome::Incomplete }
    })
}
