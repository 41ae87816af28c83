//! The verdict on one pattern.

use crate::attack::Attack;
use crate::regex::MAX_DEPTH;
use crate::search::Search;
use crate::syntax::{Flags, SyntaxError, parse};

/// Bounds of an analysis. All are counts, so that the answer is the same on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Steps of the matcher for verifying attacks, all together. 700,000 take about 5 ms.
    pub max_steps: u64,
    /// Steps of the search for ambiguity.
    pub max_search: u64,
    /// Longest pattern, in UTF-16 code units; beyond it the verdict is unknown.
    pub max_pattern: usize,
    /// The longest input that reaches the pattern, in UTF-16 code units, if something before it sees to that.
    pub input_limit: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_steps: 700_000, max_search: 70_000, max_pattern: 20_000, input_limit: None }
    }
}

/// How the time of a match grows with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No input was found for which it grows faster than the input.
    Safe,
    /// With this power of the length, at least.
    Polynomial {
        /// 2 is quadratic.
        degree: u32,
    },
    /// Each further pump multiplies it.
    Exponential,
    /// The automaton says it can be slow, and no input was found that shows it.
    Suspected,
    /// A bound of the analysis was reached first.
    Unknown {
        /// Which.
        reason: &'static str,
    },
    /// Not a regular expression.
    Invalid(SyntaxError),
}

/// The answer for one pattern.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Analysis {
    /// How the time grows.
    pub verdict: Verdict,
    /// An input that shows it: always there for polynomial and exponential, verified on the step-counting matcher.
    pub attack: Option<Attack>,
    /// Steps the attack takes at [`Config::input_limit`], if there is one; counted up to [`Config::max_steps`].
    /// Below [`HARMLESS_STEPS`] the limit has made the pattern harmless.
    pub steps_at_limit: Option<u64>,
}

/// So many steps take V8 about a millisecond.
pub const HARMLESS_STEPS: u64 = 100_000;

impl Analysis {
    pub(crate) fn plain(verdict: Verdict) -> Self {
        Self { verdict, attack: None, steps_at_limit: None }
    }
}

/// Analyses a pattern, as it stands between the slashes or in `new RegExp(...)`.
///
/// ```
/// use portcullis_redos::{Config, Verdict, analyze};
/// let analysis = analyze("^(a+)+$", "".parse()?, &Config::default());
/// assert_eq!(analysis.verdict, Verdict::Exponential);
/// assert_eq!(analysis.attack.map(|attack| attack.pump.to_string()).as_deref(), Some("a"));
/// assert_eq!(analyze("^a+$", "".parse()?, &Config::default()).verdict, Verdict::Safe);
/// # Ok::<(), portcullis_redos::SyntaxError>(())
/// ```
pub fn analyze(pattern: &str, flags: Flags, config: &Config) -> Analysis {
    analyze_units(&pattern.encode_utf16().collect::<Vec<_>>(), flags, config)
}

/// The same for a pattern that may hold lone surrogates.
pub fn analyze_units(pattern: &[u16], flags: Flags, config: &Config) -> Analysis {
    if pattern.len() > config.max_pattern {
        return Analysis::plain(Verdict::Unknown { reason: "pattern too long" });
    }
    let pattern = match parse(pattern, flags) {
        Ok(pattern) => pattern,
        Err(error) => return Analysis::plain(Verdict::Invalid(error)),
    };
    if pattern.depth > MAX_DEPTH {
        return Analysis::plain(Verdict::Unknown { reason: "groups nested too deep" });
    }
    Search::analyse(&pattern, config)
        .unwrap_or(Analysis::plain(Verdict::Unknown { reason: "pattern too large" }))
}

/// A pattern put together at run time, as far as the source tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Constant text.
    Known(&'a str),
    /// A value from elsewhere; taken as empty, since whoever controls it needs no weakness of the rest.
    Unknown,
}

/// Analyses `new RegExp('^' + name + '$')`: the constant parts, with nothing in place of the others.
///
/// ```
/// use portcullis_redos::{Config, Part, Verdict, analyze_parts};
/// let parts = [Part::Known("^("), Part::Unknown, Part::Known("\\s*)+$")];
/// let analysis = analyze_parts(&parts, "".parse()?, &Config::default());
/// assert_eq!(analysis.verdict, Verdict::Exponential);
/// # Ok::<(), portcullis_redos::SyntaxError>(())
/// ```
pub fn analyze_parts(parts: &[Part<'_>], flags: Flags, config: &Config) -> Analysis {
    let pattern: String = parts
        .iter()
        .map(|part| match part {
            Part::Known(text) => text,
            Part::Unknown => "(?:)",
        })
        .collect();
    analyze(&pattern, flags, config)
}
