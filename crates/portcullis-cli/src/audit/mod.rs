//! `portcullis audit`.

mod regex;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use portcullis_audit::{
    Options, audit_url,
    grade::FORMULA,
    report::{
        json,
        terminal::{self, Look},
    },
};
use portcullis_rules::Severity;

use crate::{
    Outcome,
    terminal::{complain, print, wants_colour},
};

/// Options of `portcullis audit`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = format!("{EXAMPLES}\n\n{FORMULA}"))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    live: Live,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Can a regular expression be made to hang?
    Regex(regex::Arguments),
}

#[derive(Debug, Args)]
struct Live {
    /// The site, as `https://app.example/`
    #[arg(required = true)]
    url: Option<String>,
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
}

const EXAMPLES: &str = "\
Examples:
  portcullis audit https://app.example
  portcullis audit http://127.0.0.1:3000 --json --fail-on high
  portcullis audit regex '^(a+)+$'

It reads: GET of the page and of a path that does not exist, OPTIONS and GET with made-up Origins, one POST with
malformed JSON. It writes nothing.

Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage, 3 could not be completed.";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match (&arguments.command, &arguments.live.url) {
        (Some(Command::Regex(arguments)), _) => regex::run(arguments),
        (None, Some(url)) => audit(url, &arguments.live),
        (None, None) => Outcome::WrongUsage,
    }
}

fn audit(url: &str, arguments: &Live) -> Outcome {
    let mut options = Options::default();
    options.http_port = arguments.http_port;
    if let Some(file) = &arguments.ca_file {
        match std::fs::read_to_string(file) {
            Ok(pem) => options.extra_roots_pem = pem,
            Err(error) => {
                complain(&format!("{}: {error}", file.display()));
                return Outcome::WrongUsage;
            }
        }
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no runtime: {error}"));
            return Outcome::Incomplete;
        }
    };
    let report = match runtime.block_on(audit_url(url, &options)) {
        Ok(report) => report,
        Err(error) => {
            complain(&error.to_string());
            return if error.is_usage() { Outcome::WrongUsage } else { Outcome::Incomplete };
        }
    };
    if arguments.json {
        print(&json::render(&report));
    } else {
        let look = if wants_colour() { Look::Coloured } else { Look::Plain };
        print(&terminal::render(&report, look));
    }
    if report.worst().is_some_and(|worst| worst >= arguments.fail_on) {
        Outcome::Findings
    } else if report.is_complete() {
        Outcome::Done
    } else {
        Outcome::Incomplete
    }
}
