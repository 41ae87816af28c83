//! One letter for a whole audit.
//!
//! The score starts at 100. Each finding costs by its severity, and the cheap ones together no more than a
//! cap, so that a heap of trifles never outweighs a hole:
//!
//! | severity | costs | together at most | letter at best |
//! |---|---|---|---|
//! | critical | 60 | - | F |
//! | high | 25 | - | C |
//! | medium | 10 | 40 | B |
//! | low | 3 | 15 | A |
//! | info | 0 | - | A+ |
//!
//! 100 is A+, from 90 on A, from 75 on B, from 60 on C, from 40 on D, below F.
//!
//! What is unknown is never green. A rule that stays unknown because a request got no answer holds the letter
//! at B if the rule is medium or worse, at A otherwise. A rule that cannot be told from outside at all is
//! counted and listed, and leaves the letter alone, since no audit of this kind could know it: a letter says
//! what the outside shows, no more.

use std::fmt;

use portcullis_rules::Severity;
use serde::Serialize;

use crate::finding::{Finding, Unknown};
use crate::verdict::Gap;

/// The formula in the words of `--help`.
pub const FORMULA: &str = "\
Grade: 100 points, less 60 for each critical finding, 25 for each high one, 10 for each medium one (at most 40 \
together), 3 for each low one (at most 15 together). 100 is A+, 90 A, 75 B, 60 C, 40 D, less F. A critical \
finding makes it F; a high one C at best; a medium one B at best; a low one A at best. A rule that is unknown \
because a request got no answer makes it B at best (A if the rule is below medium). Rules that cannot be seen \
from outside are counted apart.";

/// Letter and score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Grade {
    /// The letter, ceilings applied.
    pub letter: Letter,
    /// 0 to 100.
    pub score: u32,
}

/// From best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Letter {
    /// Nothing above info, nothing left unanswered.
    #[serde(rename = "A+")]
    APlus,
    /// 90 and more.
    A,
    /// 75 and more.
    B,
    /// 60 and more.
    C,
    /// 40 and more.
    D,
    /// Less, or a critical finding.
    F,
}

impl Grade {
    /// Grades what was found and what stayed unknown.
    pub fn new(findings: &[Finding], unknown: &[Unknown]) -> Self {
        let cost: u32 = Severity::ALL
            .into_iter()
            .map(|severity| {
                let count = findings.iter().filter(|finding| finding.severity == severity).count();
                let (each, together) = costs(severity);
                u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(each).min(together)
            })
            .sum();
        let score = 100_u32.saturating_sub(cost);
        let ceilings = findings.iter().map(|finding| ceiling(finding.severity));
        let gaps = unknown
            .iter()
            .filter(|unknown| unknown.gap == Gap::Unanswered)
            .map(|unknown| if unknown.rule.severity >= Severity::Medium { Letter::B } else { Letter::A });
        let letter = ceilings.chain(gaps).fold(letter(score), Letter::max);
        Self { letter, score }
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        })
    }
}

/// What one finding costs, and all of its severity together at most.
fn costs(severity: Severity) -> (u32, u32) {
    match severity {
        Severity::Critical => (60, 100),
        Severity::High => (25, 100),
        Severity::Medium => (10, 40),
        Severity::Low => (3, 15),
        Severity::Info => (0, 0),
    }
}

fn ceiling(severity: Severity) -> Letter {
    match severity {
        Severity::Critical => Letter::F,
        Severity::High => Letter::C,
        Severity::Medium => Letter::B,
        Severity::Low => Letter::A,
        Severity::Info => Letter::APlus,
    }
}

fn letter(score: u32) -> Letter {
    match score {
        100.. => Letter::APlus,
        90.. => Letter::A,
        75.. => Letter::B,
        60.. => Letter::C,
        40.. => Letter::D,
        _ => Letter::F,
    }
}

#[cfg(test)]
mod tests {
    use portcullis_rules::{Rule, cookie, cors, header};

    use super::*;

    fn finding(severity: Severity) -> Finding {
        Finding { rule: &cookie::SECURE_MISSING, severity, observations: Vec::new() }
    }

    fn unknown(rule: &'static Rule, gap: Gap) -> Unknown {
        Unknown { rule, because: String::new(), gap }
    }

    fn graded(severities: &[Severity]) -> (Letter, u32) {
        let findings: Vec<_> = severities.iter().map(|severity| finding(*severity)).collect();
        let grade = Grade::new(&findings, &[]);
        (grade.letter, grade.score)
    }

    #[test]
    fn each_severity_costs_and_has_a_ceiling() {
        use Severity::{Critical, High, Info, Low, Medium};
        assert_eq!(graded(&[]), (Letter::APlus, 100));
        assert_eq!(graded(&[Info, Info]), (Letter::APlus, 100));
        assert_eq!(graded(&[Low]), (Letter::A, 97));
        assert_eq!(graded(&[Low; 9]), (Letter::B, 85));
        assert_eq!(graded(&[Medium]), (Letter::B, 90));
        assert_eq!(graded(&[Medium; 9]), (Letter::C, 60));
        assert_eq!(graded(&[High]), (Letter::C, 75));
        assert_eq!(graded(&[High; 2]), (Letter::D, 50));
        assert_eq!(graded(&[High; 5]), (Letter::F, 0));
        assert_eq!(graded(&[Critical]), (Letter::F, 40));
    }

    #[test]
    fn what_got_no_answer_is_never_green() {
        let grade = |rule, gap| Grade::new(&[], &[unknown(rule, gap)]).letter;
        assert_eq!(grade(&cors::REFLECT_ORIGIN, Gap::Unanswered), Letter::B);
        assert_eq!(grade(&header::X_POWERED_BY, Gap::Unanswered), Letter::A);
        assert_eq!(grade(&cors::REFLECT_ORIGIN, Gap::OutOfSight), Letter::APlus);
    }
}
