//! A backtracking matcher that counts its steps.
//!
//! It explores what V8's irregexp explores, in the same order: alternatives from the left, greedy and lazy
//! repetition, iterations that match nothing refused once the minimum is met, captures reset at each
//! iteration, lookaround that is never entered again. So its steps grow as V8's time does.

mod compile;
mod program;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use compile::{anchored_at_start, compile};
pub(crate) use program::Program;
pub(crate) use run::{Matcher, Outcome};
