//! Reads patterns on standard input, one per line, and answers on standard output.
//!
//! `cargo run --profile quick -p portcullis-redos --example answer_lines < patterns.jsonl`

use std::io;

fn main() -> io::Result<()> {
    portcullis_redos::lines::answer(io::stdin().lock(), io::BufWriter::new(io::stdout()), &Default::default())
}
