//! `portcullis audit regex`.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufReader, BufWriter, ErrorKind},
    path::PathBuf,
};

use clap::Args;
use portcullis_redos::{Analysis, Config, Fix, Flags, Verdict, analyze, fixes, lines};

use crate::{
    Outcome,
    terminal::{complain, print},
};

/// Options of `portcullis audit regex`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The pattern, as it stands between the slashes.
    #[arg(required_unless_present = "file", allow_hyphen_values = true)]
    pattern: Option<String>,
    /// Its flags, as `iu`.
    #[arg(long, default_value = "", conflicts_with = "file", allow_hyphen_values = true)]
    flags: String,
    /// The longest input it is given, in UTF-16 code units: how bad is it then?
    #[arg(long, value_name = "LENGTH")]
    input_limit: Option<usize>,
    /// Patterns, one a line: JSON with `regex`, and `id` and `flags` if you like, or the bare pattern; `-` is standard
    /// input. Answers are JSON, in order.
    #[arg(long, value_name = "FILE", conflicts_with = "pattern")]
    file: Option<PathBuf>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis audit regex '^(\\w+\\s?)+$'
  portcullis audit regex '^(a|a)*$' --flags i --json
  portcullis audit regex --file patterns.jsonl --json

Exit codes: 0 safe (with --file: answered), 1 it can be made to hang, 2 wrong usage or no regular expression,
3 undecided.";

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let mut config = Config::default();
    config.input_limit = arguments.input_limit;
    match (&arguments.file, &arguments.pattern) {
        (Some(file), _) => answer_file(file, &config),
        (None, Some(pattern)) => answer_one(pattern, arguments, &config),
        (None, None) => Outcome::WrongUsage,
    }
}

fn answer_file(file: &PathBuf, config: &Config) -> Outcome {
    let output = BufWriter::new(io::stdout().lock());
    let answered = if file.as_os_str() == "-" {
        lines::answer(io::stdin().lock(), output, config)
    } else {
        match File::open(file) {
            Ok(input) => lines::answer(BufReader::new(input), output, config),
            Err(error) => {
                complain(&format!("{}: {error}", file.display()));
                return Outcome::WrongUsage;
            }
        }
    };
    match answered {
        Ok(()) => Outcome::Done,
        // A reader that has gone away (`| head`) has what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Outcome::Done,
        Err(error) => {
            complain(&format!("{}: {error}", file.display()));
            Outcome::Incomplete
        }
    }
}

fn answer_one(pattern: &str, arguments: &Arguments, config: &Config) -> Outcome {
    let flags: Flags = match arguments.flags.parse() {
        Ok(flags) => flags,
        Err(error) => {
            complain(&format!("--flags {}: {error}", arguments.flags));
            return Outcome::WrongUsage;
        }
    };
    let analysis = analyze(pattern, flags, config);
    if arguments.json {
        let line = serde_json::json!({ "regex": pattern, "flags": arguments.flags });
        let mut answer = Vec::new();
        if let Err(error) = lines::answer(format!("{line}\n").as_bytes(), &mut answer, config) {
            complain(&format!("no answer: {error}"));
            return Outcome::Incomplete;
        }
        print(&String::from_utf8_lossy(&answer));
    } else {
        print(&page(pattern, flags, &analysis, config));
    }
    match analysis.verdict {
        Verdict::Safe => Outcome::Done,
        Verdict::Polynomial { .. } | Verdict::Exponential => Outcome::Findings,
        Verdict::Invalid(_) => Outcome::WrongUsage,
        Verdict::Suspected | Verdict::Unknown { .. } => Outcome::Incomplete,
    }
}

fn page(pattern: &str, flags: Flags, analysis: &Analysis, config: &Config) -> String {
    let mut out = String::new();
    let verdict = match &analysis.verdict {
        Verdict::Safe => "safe: no input was found for which the time grows faster than the input".to_owned(),
        Verdict::Polynomial { degree } => {
            format!("polynomial: the time grows with power {degree} of the input's length")
        }
        Verdict::Exponential => "exponential: each further pump multiplies the time".to_owned(),
        Verdict::Suspected => "suspected: it looks slow, and no input was found that shows it".to_owned(),
        Verdict::Unknown { reason } => format!("unknown: {reason}"),
        Verdict::Invalid(error) => format!("no regular expression: {error}"),
    };
    let _ = writeln!(out, "{verdict}");
    if let Some(attack) = &analysis.attack {
        let _ = writeln!(
            out,
            "  attack  \"{}\" + \"{}\" x N + \"{}\"",
            attack.prefix, attack.pump, attack.suffix
        );
    }
    if let (Some(limit), Some(steps)) = (config.input_limit, analysis.steps_at_limit) {
        let _ = writeln!(out, "  at {limit}  {steps} steps (100000 are about a millisecond)");
    }
    for fix in fixes(pattern, flags, analysis, config) {
        let text = match fix {
            Fix::Rewrite { pattern } => {
                format!("write /{pattern}/, which is safe and matched the same on every sample")
            }
            Fix::LimitInput { max_length } => {
                format!(
                    "refuse input longer than {max_length} before it gets here, in the app or with the gate's `body` limit"
                )
            }
        };
        let _ = writeln!(out, "  fix     {text}");
    }
    out
}
