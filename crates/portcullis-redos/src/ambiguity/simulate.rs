//! Which states a backtracking matcher would be in, in its order, without running every way.
#![allow(clippy::indexing_slicing, reason = "state ids are indices of vectors of that length")]

use std::collections::{HashSet, VecDeque};

use super::Candidate;
use crate::automaton::{Automaton, END, Letters, StateId};

/// Runs of the automaton on sets of states, ordered by which the matcher explores first.
pub(crate) struct Simulation<'a> {
    automaton: &'a Automaton,
    all: Letters,
    /// Marks for `step`, by state.
    seen: Vec<bool>,
    /// What is left to spend on this candidate.
    left: u64,
}

/// What becomes of a candidate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// After the pumps, this suffix makes the matcher fail from the pivot.
    Fails(Vec<usize>),
    /// While reading the pump, a match ended everything at this letter.
    Ends(usize),
    /// Whatever follows, the matcher succeeds before it has tried many ways.
    Succeeds,
    /// The suffix was not found within the limit.
    Unknown,
}

/// What the suffix must do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// Let every way fail, not only those that are tried no later than the pivot is first.
    pub(crate) all_fail: bool,
    /// Let the bodies of lookarounds match: what a negated one needs to fail.
    pub(crate) through_looks: bool,
}

/// Sets of states looked at for one suffix.
const MAX_CONFIGURATIONS: usize = 250;
/// Most states of all those sets.
const MAX_STATES: usize = 20_000;

impl<'a> Simulation<'a> {
    pub(crate) fn new(automaton: &'a Automaton, all: Letters) -> Self {
        Self { automaton, all, left: 0, seen: vec![false; automaton.states.len()] }
    }

    /// Reads `prefix` and the pump, and looks for a suffix.
    pub(crate) fn fate(
        &mut self,
        prefix: &[usize],
        candidate: &Candidate,
        demand: Demand,
        budget: &mut u64,
    ) -> Fate {
        self.left = *budget;
        let fate = self.run(prefix, candidate, demand);
        *budget = self.left;
        fate
    }

    /// Whether the candidate is still under way after two pumps; else the letter at which a match ended it.
    pub(crate) fn survives(
        &mut self,
        prefix: &[usize],
        candidate: &Candidate,
        budget: &mut u64,
    ) -> Result<(), usize> {
        self.left = *budget;
        let survived = match self.pumped(prefix, candidate) {
            // Left to the matcher.
            None => Ok(()),
            Some(states) if states.contains(&candidate.from) && states.contains(&candidate.pivot) => Ok(()),
            Some(_) => Err(self.culprit(prefix, candidate)),
        };
        *budget = self.left;
        survived
    }

    /// The states after the prefix and two pumps; `None` if that is too much to find out.
    fn pumped(&mut self, prefix: &[usize], candidate: &Candidate) -> Option<Vec<StateId>> {
        let repeats = if candidate.pump.len() > 60 { 1 } else { 2 };
        let pumps = candidate.pump.iter().cycle().take(candidate.pump.len() * repeats);
        let mut states = vec![0];
        for &letter in prefix.iter().chain(pumps) {
            if self.left == 0 {
                return None;
            }
            states = self.step(&states, letter).0;
        }
        Some(states)
    }

    fn run(&mut self, prefix: &[usize], candidate: &Candidate, demand: Demand) -> Fate {
        let Some(mut states) = self.pumped(prefix, candidate) else {
            return Fate::Unknown;
        };
        let pivot = states.iter().position(|&state| state == candidate.pivot);
        let Some(pivot) = pivot.filter(|_| states.contains(&candidate.from)) else {
            return Fate::Ends(self.culprit(prefix, candidate));
        };
        if demand.all_fail {
            // New attempts may still match: they are made after all others have failed.
            states.retain(|&state| !self.automaton.searching[state]);
        } else {
            states.truncate(pivot + 1);
        }
        self.failing_suffix(states, demand.through_looks)
    }

    /// The states after one letter, in order.
    pub(super) fn after(&mut self, states: &[StateId], letter: usize, budget: &mut u64) -> Vec<StateId> {
        self.left = *budget;
        let (next, _) = self.step(states, letter);
        *budget = self.left;
        next
    }

    /// Whether this state is the search for a match.
    pub(crate) fn searching(&self, state: StateId) -> bool {
        self.automaton.searching[state]
    }

    /// The letter at which the search was ended by a match.
    fn culprit(&mut self, prefix: &[usize], candidate: &Candidate) -> usize {
        let mut states = vec![0];
        let text = prefix.iter().chain(candidate.pump.iter().cycle().take(candidate.pump.len() * 2));
        let mut last = 0;
        for &letter in text {
            if self.left == 0 {
                break;
            }
            let (next, matched) = self.step(&states, letter);
            if matched {
                // The letter before this one made the match.
                return last;
            }
            last = letter;
            states = next;
        }
        last
    }

    fn failing_suffix(&mut self, states: Vec<StateId>, through_looks: bool) -> Fate {
        let mut known: HashSet<Vec<StateId>> = HashSet::new();
        let mut queue = VecDeque::from([(states, Vec::new())]);
        let mut size = 0;
        while let Some((states, suffix)) = queue.pop_front() {
            let ends = |letter| {
                states.iter().any(|&state| {
                    let state = &self.automaton.states[state];
                    state.matches.contains(letter) || !through_looks && state.look_ends.contains(letter)
                })
            };
            if !ends(END) {
                return Fate::Fails(suffix);
            }
            let letters: Vec<usize> = self.all.iter().filter(|&letter| !ends(letter)).collect();
            for letter in letters {
                if self.left == 0 {
                    return Fate::Unknown;
                }
                let (next, _) = self.step(&states, letter);
                let mut text = suffix.clone();
                text.push(letter);
                if next.is_empty() {
                    return Fate::Fails(text);
                }
                size += next.len();
                let mut key = next.clone();
                key.sort_unstable();
                if known.insert(key) {
                    if known.len() > MAX_CONFIGURATIONS || size > MAX_STATES {
                        return Fate::Unknown;
                    }
                    queue.push_back((next, text));
                }
            }
        }
        Fate::Succeeds
    }

    /// The states after `letter`, in order, and whether there was a match before it.
    fn step(&mut self, states: &[StateId], letter: usize) -> (Vec<StateId>, bool) {
        let mut next = Vec::new();
        let mut matched = false;
        let mut work = 0;
        'threads: for &state in states {
            let state = &self.automaton.states[state];
            work += state.edges.len() as u64;
            for edge in &state.edges {
                if edge.letters.contains(letter) && !std::mem::replace(&mut self.seen[edge.target], true) {
                    next.push(edge.target);
                }
            }
            if state.matches.contains(letter) {
                matched = true;
                break 'threads;
            }
        }
        self.left = self.left.saturating_sub(work / 4 + 1);
        for &state in &next {
            self.seen[state] = false;
        }
        (next, matched)
    }
}
