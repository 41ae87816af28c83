//! What the terminal can show.

use std::io::{self, ErrorKind, IsTerminal, Write};

/// Whether standard output is a terminal that wants colours: not where `NO_COLOR` says no, nor in a pipe.
pub(crate) fn wants_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes to standard output. A reader that has gone away (`| head`) is not an error.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        complain(&format!("standard output cannot be written: {error}"));
    }
}

/// Says what is wrong, on standard error.
pub(crate) fn complain(message: &str) {
    eprintln!("portcullis: {message}");
}

/// Says something to a person, on standard error.
pub(crate) fn say(message: &str) {
    eprintln!("{message}");
}
