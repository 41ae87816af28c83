//! A pattern to run, with its steps counted.

use std::ops::Range;

use crate::matcher::{Matcher, Outcome, Program, compile};
use crate::syntax::{Flags, SyntaxError, parse};

/// A regular expression that runs as V8 runs it and says how many steps it took.
///
/// ```
/// use portcullis_redos::{End, Regex};
/// let regex = Regex::parse("(a+)+$", "".parse()?)?;
/// let text: Vec<u16> = "aaaaaaaaaaaaaaaaaaaa!".encode_utf16().collect();
/// let run = regex.exec(&text, 1_000_000);
/// assert!(run.end == End::Stopped && run.steps >= 1_000_000);
/// # Ok::<(), portcullis_redos::SyntaxError>(())
/// ```
#[derive(Debug)]
pub struct Regex {
    program: Program,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Instructions executed; characters compared by back references count as well.
    pub steps: u64,
    /// What came of it.
    pub end: End,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Where the match and each of its groups is, in UTF-16 code units; `None` for a group that took no part.
    Matched(Vec<Option<Range<usize>>>),
    /// There is no match.
    NoMatch,
    /// The steps allowed were used up, or 32 MiB of choices.
    Stopped,
}

/// Nested groups deeper than this are not compiled, so that no stack overflows.
pub(crate) const MAX_DEPTH: u32 = 250;

impl Regex {
    /// Parses a pattern as it stands between the slashes.
    ///
    /// # Errors
    /// What `new RegExp` would refuse, and groups nested deeper than 250.
    pub fn parse(pattern: &str, flags: Flags) -> Result<Self, SyntaxError> {
        let pattern = parse(&pattern.encode_utf16().collect::<Vec<_>>(), flags)?;
        if pattern.depth > MAX_DEPTH {
            return Err(SyntaxError { position: 0, message: "groups nested too deep" });
        }
        Ok(Self { program: compile(&pattern) })
    }

    /// Searches from the start, as `exec` with `lastIndex` 0.
    pub fn exec(&self, input: &[u16], max_steps: u64) -> Run {
        let mut matcher = Matcher::new(&self.program);
        let (steps, outcome) = matcher.search(input, max_steps);
        let end = match outcome {
            Outcome::Matched => End::Matched(matcher.captures()),
            Outcome::NoMatch => End::NoMatch,
            Outcome::Stopped => End::Stopped,
        };
        Run { steps, end }
    }
}
