//! How often each rule was held by a refusal, or would have been.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use portcullis_rules::Rule;

/// What became of a request, or of a part of an answer, that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused.
    Refused,
    /// It went on, because the guard is in report mode.
    Reported,
}

/// The counts of one rule since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Refused.
    pub refused: u64,
    /// Let through in report mode.
    pub reported: u64,
}

/// At most one entry a rule, so bounded by the catalogue; touched only where something is wrong, so a lock is cheap.
static COUNTS: Mutex<BTreeMap<&'static str, Count>> = Mutex::new(BTreeMap::new());

/// Adds one.
pub fn count(rule: &'static Rule, outcome: Outcome) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = counts.entry(rule.id.as_str()).or_default();
    match outcome {
        Outcome::Refused => entry.refused += 1,
        Outcome::Reported => entry.reported += 1,
    }
}

/// All rules that were counted, by id.
pub fn snapshot() -> Vec<(&'static str, Count)> {
    let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    counts.iter().map(|(id, count)| (*id, *count)).collect()
}
