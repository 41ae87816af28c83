//! The command line: words to calls, exit codes, nothing else.
//!
//! | code | means |
//! |---|---|
//! | 0 | done; for an audit: clean |
//! | 1 | an audit found something at or above `--fail-on` |
//! | 2 | wrong usage or configuration |
//! | 3 | could not be started or completed |

#![allow(clippy::disallowed_macros, reason = "this is the crate that speaks to the terminal")]

mod advisories;
mod audit;
mod demo;
mod explain;
mod gate;
mod log;
mod secret;
mod signal;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Everything the production-security checklist asks for, enforced and proven.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, about, propagate_version = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See the product in ten seconds: a faulty app, audited bare and behind a gate.
    Demo(demo::Arguments),
    /// Stand in front of an application, and harden what passes.
    Gate(gate::Arguments),
    /// Check a project's folder, or a running site from outside.
    Audit(audit::Arguments),
    /// Keep known vulnerabilities at hand: import them, see how old they are.
    Advisories(advisories::Arguments),
    /// Show a rule of the catalogue, or list them.
    Explain(explain::Arguments),
    /// Make a secret that nobody can guess.
    Secret(secret::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  portcullis demo
  portcullis gate --to http://127.0.0.1:3000
  portcullis audit .
  portcullis audit https://app.example
  portcullis explain cookie.secure-missing
  portcullis secret new

Exit codes: 0 done, 1 findings, 2 wrong usage or configuration, 3 could not be completed.";

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Findings,
    WrongUsage,
    Incomplete,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Findings => 1,
            Outcome::WrongUsage => 2,
            Outcome::Incomplete => 3,
        })
    }
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Gate(arguments) => gate::run(arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Advisories(arguments) => advisories::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Secret(arguments) => secret::run(&arguments),
    };
    outcome.into()
}
