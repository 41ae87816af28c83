//! Pumps of a search that no match ends.
//!
//! Which letters keep all attempts under way and let none of them match may depend on the letters around them
//! (`\*\B` matches between `*` and `)`, not between `*` and `a`). So the text is looked for on the sets of states
//! the matcher really has, and not on single paths.

use std::collections::{HashSet, VecDeque};

use super::simulate::Simulation;
use super::{Candidate, Graph};
use crate::automaton::{Letters, StateId};

/// Sets of states looked at.
const MAX_NODES: usize = 3_000;

/// Where a text has led.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Node {
    /// All attempts: those that were in the pivot before, and the search.
    all: Vec<StateId>,
    /// Those that began within the text.
    new: Vec<StateId>,
    /// The attempt that was in the pivot.
    old: StateId,
}

/// Another pump for a candidate that begins in the search itself: after it the search goes on, and both an old
/// and a new attempt are in the pivot.
#[allow(clippy::indexing_slicing, reason = "state ids are indices of vectors of that length")]
pub(crate) fn surviving_pump(
    simulation: &mut Simulation<'_>,
    graph: &Graph,
    letters: Letters,
    candidate: &Candidate,
    budget: &mut u64,
) -> Option<Vec<usize>> {
    let (search, pivot) = (candidate.from, candidate.pivot);
    let own = graph.component[pivot];
    let start = Node { all: vec![pivot, search], new: vec![search], old: pivot };
    let mut known = HashSet::from([start.clone()]);
    let mut queue = VecDeque::from([(start, Vec::new())]);
    while let Some((node, text)) = queue.pop_front() {
        for letter in letters.iter() {
            let steps = graph.steps[node.old].iter();
            let steps =
                steps.filter(|step| graph.component[step.target] == own && step.letters.contains(letter));
            for step in steps {
                *budget = budget.checked_sub(1)?;
                let next = Node {
                    all: simulation.after(&node.all, letter, budget),
                    new: simulation.after(&node.new, letter, budget),
                    old: step.target,
                };
                if !next.all.contains(&next.old) || !next.all.iter().any(|&state| simulation.searching(state))
                {
                    continue;
                }
                let mut text = text.clone();
                text.push(letter);
                if next.old == pivot && next.all.contains(&search) && next.new.contains(&pivot) {
                    // What the first time left behind must not match the second or third time.
                    let again = text
                        .iter()
                        .chain(&text)
                        .fold(next.all.clone(), |states, &letter| simulation.after(&states, letter, budget));
                    if again.contains(&search) && again.contains(&pivot) {
                        return Some(text);
                    }
                }
                if known.len() < MAX_NODES && known.insert(next.clone()) {
                    queue.push_back((next, text));
                }
            }
        }
    }
    None
}
