//! What to do about a pattern that can be made slow.

use crate::analysis::{Analysis, Config, HARMLESS_STEPS, Verdict, analyze};
use crate::attack::Attack;
use crate::regex::{End, Regex};
use crate::rewrite::{edits, samples};
use crate::syntax::{Flags, parse};

/// A way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    /// This pattern is safe, and matched the same, groups included, on every sample.
    Rewrite {
        /// The whole pattern.
        pattern: String,
    },
    /// Refuse longer input before it reaches the pattern.
    LimitInput {
        /// In UTF-16 code units; at this length the attack takes about a millisecond in V8.
        max_length: usize,
    },
}

/// Rewrites that follow each other.
const MAX_EDITS: usize = 6;
/// Steps of each run that compares two patterns.
const MAX_COMPARED: u64 = 20_000;

/// Ways out for an analysed pattern, the best first; none for a pattern that is not slow.
///
/// ```
/// use portcullis_redos::{Config, Fix, analyze, fixes};
/// let flags = "".parse()?;
/// let found = fixes("^(\\w+)+$", flags, &analyze("^(\\w+)+$", flags, &Config::default()), &Config::default());
/// assert_eq!(found.first(), Some(&Fix::Rewrite { pattern: "^(\\w+)$".into() }));
/// assert!(matches!(found.last(), Some(Fix::LimitInput { max_length: 8..40 })));
/// # Ok::<(), portcullis_redos::SyntaxError>(())
/// ```
pub fn fixes(pattern: &str, flags: Flags, analysis: &Analysis, config: &Config) -> Vec<Fix> {
    let Some(attack) = &analysis.attack else {
        return Vec::new();
    };
    let mut fixes = Vec::new();
    fixes.extend(rewrite(pattern, flags, attack, config).map(|pattern| Fix::Rewrite { pattern }));
    fixes.extend(harmless_length(pattern, flags, attack).map(|max_length| Fix::LimitInput { max_length }));
    fixes
}

fn rewrite(pattern: &str, flags: Flags, attack: &Attack, config: &Config) -> Option<String> {
    let original = Regex::parse(pattern, flags).ok()?;
    let tree = parse(&pattern.encode_utf16().collect::<Vec<_>>(), flags).ok()?;
    let samples = samples(&tree, attack);
    let mut current = pattern.to_owned();
    for _ in 0..MAX_EDITS {
        let better = edits(&current, flags).into_iter().find(|edited| {
            Regex::parse(edited, flags).is_ok_and(|regex| same(&original, &regex, &samples))
        })?;
        current = better;
        if analyze(&current, flags, config).verdict == Verdict::Safe {
            return Some(current);
        }
    }
    None
}

fn same(a: &Regex, b: &Regex, samples: &[Vec<u16>]) -> bool {
    let mut matched = false;
    for sample in samples {
        let (a, b) = (a.exec(sample, MAX_COMPARED).end, b.exec(sample, MAX_COMPARED).end);
        // What the original cannot answer in time is what is to be mended.
        if a != End::Stopped && a != b {
            return false;
        }
        matched |= matches!(a, End::Matched(_));
    }
    matched
}

fn harmless_length(pattern: &str, flags: Flags, attack: &Attack) -> Option<usize> {
    let regex = Regex::parse(pattern, flags).ok()?;
    let harmless = |pumps: usize| regex.exec(&attack.text(pumps), HARMLESS_STEPS).end != End::Stopped;
    let (mut low, mut high) = (0, 1);
    while high < 1 << 16 && harmless(high) {
        (low, high) = (high, high * 2);
    }
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if harmless(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low > 0).then(|| attack.prefix.len() + low * attack.pump.len() + attack.suffix.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(pattern: &str, flags: &str) -> Option<String> {
        let (flags, config) = (flags.parse().unwrap(), Config::default());
        let analysis = analyze(pattern, flags, &config);
        assert!(analysis.attack.is_some(), "{pattern} is not slow");
        fixes(pattern, flags, &analysis, &config).into_iter().find_map(|fix| match fix {
            Fix::Rewrite { pattern } => Some(pattern),
            Fix::LimitInput { .. } => None,
        })
    }

    #[test]
    fn known_weaknesses_are_rewritten() {
        for (slow, safe) in [
            ("^(a+)+$", "^(a+)$"),
            ("^(?:[a-z]+)*$", "^(?:[a-z]+)?$"),
            ("^(?:\\w|\\d|-)*$", "^(?:[\\w\\d\\-])*$"),
            ("^\\s*\\s*x$", "^\\s*x$"),
            ("^a+a+$", "^a{2,}$"),
            ("(\\d+)hour[s]?", "(?<!\\d)(\\d+)hour[s]?"),
            ("\\s+$", "(?<!\\s)\\s+$"),
        ] {
            assert_eq!(rewritten(slow, "").as_deref(), Some(safe), "{slow}");
        }
    }

    #[test]
    fn what_is_not_the_same_is_not_offered() {
        assert_eq!(rewritten("(\\d+)hour", "g"), None, "a global search may start within a run");
        assert_eq!(rewritten("<!--[\\s\\S]*?-->", ""), None);
    }
}
