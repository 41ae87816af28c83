//! `portcullis secret`.

use clap::{Args, Subcommand};
use portcullis::secret::generate;

use crate::{
    Outcome,
    terminal::{complain, print},
};

/// Options of `portcullis secret`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a secret: 32 random bytes in base64url, on standard output and nowhere else.
    #[command(after_help = EXAMPLES)]
    New,
}

const EXAMPLES: &str = "\
Examples:
  export SESSION_SECRET=$(portcullis secret new)
  (umask 077; portcullis secret new > session.secret)

Exit codes: 0 done, 3 the system gives no random bytes.";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match arguments.command {
        Command::New => match generate() {
            Ok(secret) => {
                print(&format!("{}\n", *secret));
                Outcome::Done
            }
            Err(error) => {
                complain(&format!("no secret: {error}"));
                Outcome::Incomplete
            }
        },
    }
}
