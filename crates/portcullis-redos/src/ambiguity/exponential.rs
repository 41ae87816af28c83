//! EDA: two different paths from a state to itself over the same text.
#![allow(clippy::indexing_slicing, reason = "state ids are indices of vectors of that length")]

use std::collections::VecDeque;

use super::graph::Step;
use super::hash::StateMap;
use super::{Candidate, Choice, Graph};
use crate::automaton::{Letters, StateId};

/// Texts that can be read in exponentially many ways, at most `most`, spending at most `budget` steps.
pub(crate) fn exponential(graph: &Graph, choice: Choice, most: u32, budget: &mut u64) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut pairs = 0u64;
    for (own, members) in graph.cyclic.iter().enumerate() {
        for &state in members {
            if found.len() >= most as usize {
                return found;
            }
            let inside: Vec<&Step> =
                graph.steps[state].iter().filter(|step| graph.component[step.target] == own).collect();
            for step in &inside {
                if let Some(letter) = step.twice.minus(choice.avoid).first()
                    && let Some(back) = graph.way_within(step.target, state, budget)
                {
                    found.push(candidate(state, letter, &[], &back));
                }
            }
            for (i, a) in inside.iter().enumerate() {
                for b in inside.iter().skip(i + 1) {
                    if *budget == 0 {
                        return found;
                    }
                    pairs += 1;
                    *budget -= u64::from(pairs.is_multiple_of(16));
                    let both = a.letters.and(b.letters).minus(choice.avoid);
                    if both.is_empty() || found.len() >= most as usize {
                        continue;
                    }
                    for letter in first_and_last(both) {
                        if let Some((middle, end)) = meet(graph, own, (a.target, b.target), choice, budget)
                            && let Some(back) = graph.way_within(end, state, budget)
                        {
                            found.push(candidate(state, letter, &middle, &back));
                        }
                    }
                }
            }
        }
    }
    found
}

fn first_and_last(letters: Letters) -> impl Iterator<Item = usize> {
    let first = letters.first();
    let last = letters.iter().last().filter(|&last| Some(last) != first);
    first.into_iter().chain(last)
}

fn candidate(state: StateId, first: usize, middle: &[usize], back: &[usize]) -> Candidate {
    let mut pump = vec![first];
    pump.extend_from_slice(middle);
    pump.extend_from_slice(back);
    Candidate { from: state, pivot: state, pump }
}

/// A shortest text over which both states come to one and the same, and that state.
fn meet(
    graph: &Graph,
    own: usize,
    (a, b): (StateId, StateId),
    choice: Choice,
    budget: &mut u64,
) -> Option<(Vec<usize>, StateId)> {
    let start = (a.min(b), a.max(b));
    let mut before: StateMap<(StateId, StateId), ((StateId, StateId), usize)> = StateMap::default();
    let mut queue = VecDeque::from([start]);
    while let Some(pair) = queue.pop_front() {
        *budget = budget.checked_sub(1)?;
        let pairs = graph.steps[pair.0].len() * graph.steps[pair.1].len();
        *budget = budget.saturating_sub(pairs as u64 / 8);
        for x in graph.steps[pair.0].iter().filter(|step| graph.component[step.target] == own) {
            for y in graph.steps[pair.1].iter().filter(|step| graph.component[step.target] == own) {
                let Some(letter) = choice.pick(x.letters.and(y.letters), before.len()) else {
                    continue;
                };
                let next = (x.target.min(y.target), x.target.max(y.target));
                if next == start || before.contains_key(&next) {
                    continue;
                }
                before.insert(next, (pair, letter));
                if next.0 == next.1 {
                    let (mut at, mut letters) = (next, Vec::new());
                    while at != start {
                        let &(previous, letter) = before.get(&at)?;
                        letters.push(letter);
                        at = previous;
                    }
                    letters.reverse();
                    return Some((letters, next.0));
                }
                queue.push_back(next);
            }
        }
    }
    None
}
