//! Reads patterns on standard input, one per line, and answers on standard output.
//!
//! `cargo run --profile quick -p portcullis-redos --example answer_lines < patterns.jsonl`

use std::io::{self, BufWriter};

use portcullis_redos::{Config, lines};

fn main() -> io::Result<()> {
    lines::answer(io::stdin().lock(), BufWriter::new(io::stdout()), &Config::default())
}
