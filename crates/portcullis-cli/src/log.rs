//! Where log lines go: standard output, for people on a terminal, as JSON in a pipe.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::fmt;

/// Starts logging. Lines are written by a thread of their own through a bounded queue, so that a reader that stops reading
/// holds up no request; what does not fit is dropped. The guard writes out what is left when it is dropped.
pub(crate) fn start(verbose: bool) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(io::stdout());
    let level = if verbose { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let builder = fmt().with_max_level(level).with_writer(writer);
    let started = if io::stdout().is_terminal() {
        builder.with_ansi(crate::terminal::wants_colour()).with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    };
    if let Err(error) = started {
        crate::terminal::complain(&format!("no log: {error}"));
    }
    guard
}
