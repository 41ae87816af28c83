//! `portcullis gate`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};
use portcullis::tally;
use portcullis_gate::{Config, Gate, StartError};

use crate::{
    Outcome, log, signal,
    terminal::{complain, say},
};

/// Options of `portcullis gate`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: Start,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a configuration, and everything in it, without starting.
    Check {
        /// The file.
        #[arg(long, value_name = "FILE", default_value = "portcullis.toml")]
        config: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Start {
    /// The application, to try a gate without a file: a certificate is made on the spot.
    #[arg(long, value_name = "URL", conflicts_with = "config", required_unless_present = "config")]
    to: Option<String>,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Listen here for TLS (with --to) [default: 127.0.0.1:8443, or a free port]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "config")]
    https: Option<SocketAddr>,
    /// Listen here for plain HTTP, which is redirected (with --to) [default: 127.0.0.1:8080, or a free port]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "config")]
    http: Option<SocketAddr>,
    /// Refuse and change nothing: count and log what would be.
    #[arg(long)]
    report: bool,
    /// For development: show the application's own errors.
    #[arg(long)]
    dev: bool,
    /// Log what is only of interest when something is wrong.
    #[arg(long, short)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis gate --to http://127.0.0.1:3000            try it: nothing to configure
  portcullis gate --to http://127.0.0.1:3000 --report   before a live application: watch only
  portcullis gate --config portcullis.toml              for real
  portcullis gate check --config portcullis.toml        is the file right?

Exit codes: 0 stopped by SIGINT or SIGTERM, 2 wrong usage or configuration, 3 could not be started.";

pub(crate) fn run(arguments: Arguments) -> Outcome {
    match arguments.command {
        Some(Command::Check { config }) => check(&config),
        None => start(arguments.start),
    }
}

fn check(path: &std::path::Path) -> Outcome {
    let config = match Config::from_file(path) {
        Ok(config) => config,
        Err(error) => {
            say(&error.to_string());
            return Outcome::WrongUsage;
        }
    };
    if let Err(error) = portcullis_gate::check(&config) {
        say(&format!("{}: {error}", path.display()));
        return Outcome::WrongUsage;
    }
    for warning in config.warnings() {
        say(&format!("{}: warning: {warning}", path.display()));
    }
    say(&format!("{}: right", path.display()));
    Outcome::Done
}

fn start(start: Start) -> Outcome {
    let is_without_file = start.config.is_none();
    let ports_may_move = is_without_file && start.https.is_none() && start.http.is_none();
    let mut config = match (start.config, start.to) {
        (Some(path), _) => match Config::from_file(&path) {
            Ok(config) => config,
            Err(error) => {
                say(&error.to_string());
                return Outcome::WrongUsage;
            }
        },
        (None, to) => Config::before(to.unwrap_or_default()),
    };
    config.listen.https = start.https.or(config.listen.https);
    config.listen.http = start.http.or(config.listen.http);
    if start.report {
        config.report_only();
    }
    if start.dev {
        config.expose_errors();
    }
    let _log = log::start(start.verbose);
    let gate = match bind(config, ports_may_move) {
        Ok(gate) => gate,
        Err(StartError::Route { error, .. }) if is_without_file && error.path() == "to" => {
            complain(&format!("--to is {}; must be {}", error.value(), error.right()));
            return Outcome::WrongUsage;
        }
        Err(error) => {
            complain(&error.to_string());
            let is_config = matches!(error, StartError::Route { .. } | StartError::Tls(_));
            return if is_config { Outcome::WrongUsage } else { Outcome::Incomplete };
        }
    };
    announce(&gate, start.report);
    let served = gate.run(|stop| {
        if let Err(error) = signal::on_stop(move || stop.stop()) {
            complain(&format!("signals cannot be received, so only SIGKILL stops this gate: {error}"));
        }
    });
    if start.report {
        summarise();
    }
    match served {
        Ok(()) => Outcome::Done,
        Err(error) => {
            complain(&error.to_string());
            Outcome::Incomplete
        }
    }
}

/// Without a file, a default port that is taken is no reason not to start.
fn bind(config: Config, ports_may_move: bool) -> Result<Gate, StartError> {
    match Gate::bind(config.clone()) {
        Err(StartError::Bind(error)) if ports_may_move => {
            say(&format!("{error}; a free port is taken instead"));
            let mut config = config;
            for address in [&mut config.listen.https, &mut config.listen.http].into_iter().flatten() {
                address.set_port(0);
            }
            Gate::bind(config)
        }
        other => other,
    }
}

fn announce(gate: &Gate, report: bool) {
    let to = gate.config().routes.iter().find_map(|route| match &route.target {
        portcullis_gate::config::Target::Upstream(upstream) => Some(upstream.to.as_str()),
        _ => None,
    });
    let to = to.unwrap_or("files");
    if let Some(address) = gate.https() {
        say(&format!("https://{address} -> {to}"));
    }
    if let Some(address) = gate.http() {
        let what = if gate.config().listen.dangerous_plain_http { to } else { "https" };
        say(&format!("http://{address} -> {what}"));
    }
    for warning in gate.config().warnings() {
        say(&format!("warning: {warning}"));
    }
    if report {
        say("report mode: nothing is refused or changed; what would be is logged");
    }
    say("stop with Ctrl-C");
}

/// What the guards would have refused.
fn summarise() {
    let counts = tally::snapshot();
    if counts.is_empty() {
        return say("nothing would have been refused");
    }
    say("would have been refused or mended:");
    for (rule, count) in counts {
        say(&format!("{:>9}  {rule}", count.reported));
    }
}
