//! IDA: a state with a path to itself and one to another, which has one to itself, all over the same text.
#![allow(clippy::indexing_slicing, reason = "state ids are indices of vectors of that length")]

use std::collections::VecDeque;

use super::hash::StateMap;
use super::{Candidate, Choice, Graph};
use crate::automaton::StateId;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Polynomial {
    /// With the degree each may reach, the highest first.
    pub(crate) candidates: Vec<(u32, Candidate)>,
    /// The search was not finished.
    pub(crate) cut: bool,
}

/// States tried in each component, as the first and as the second of a pair.
const MAX_TRIED: usize = 12;
/// Steps for one pair of states.
const MAX_PAIR: u64 = 4_000;

/// Texts that can be read in polynomially many ways, spending at most `budget` steps.
pub(crate) fn polynomial(graph: &Graph, choice: Choice, budget: &mut u64) -> Polynomial {
    let mut found = Polynomial::default();
    let mut scratch = Scratch::default();
    let components: Vec<usize> =
        (0..graph.cyclic.len()).filter(|&component| !graph.cyclic[component].is_empty()).collect();
    let mut pairs: Vec<(usize, usize, Candidate)> = Vec::new();
    for &second in &components {
        // Targets are numbered before sources.
        let mut leading = None;
        for &first in components.iter().filter(|&&first| first > second) {
            if *budget == 0 {
                found.cut = true;
                break;
            }
            let leading = leading.get_or_insert_with(|| {
                *budget = budget.saturating_sub(graph.steps.len() as u64 / 4);
                graph.leading_to(second)
            });
            if !leading[graph.cyclic[first][0]] {
                continue;
            }
            match pair(graph, first, second, leading, choice, &mut scratch, budget) {
                Ok(Some(candidate)) => pairs.push((first, second, candidate)),
                Ok(None) => {}
                Err(Cut) => found.cut = true,
            }
        }
    }
    // Degree of a chain through a pair: as many as can come before it and after it.
    let mut before: StateMap<usize, u32> = StateMap::default();
    let mut after: StateMap<usize, u32> = StateMap::default();
    let mut by_first: Vec<&(usize, usize, Candidate)> = pairs.iter().collect();
    by_first.sort_by_key(|(first, _, _)| *first);
    for (first, second, _) in &by_first {
        let behind = after.get(second).copied().unwrap_or(0) + 1;
        let slot = after.entry(*first).or_default();
        *slot = (*slot).max(behind);
    }
    for (first, second, _) in by_first.iter().rev() {
        let ahead = before.get(first).copied().unwrap_or(0) + 1;
        let slot = before.entry(*second).or_default();
        *slot = (*slot).max(ahead);
    }
    found.candidates = pairs
        .into_iter()
        .map(|(first, second, candidate)| {
            let ahead = before.get(&first).copied().unwrap_or(0);
            let behind = after.get(&second).copied().unwrap_or(0);
            (ahead + behind + 2, candidate)
        })
        .collect();
    found.candidates.sort_by_key(|(degree, candidate)| (std::cmp::Reverse(*degree), candidate.pump.len()));
    found
}

struct Cut;

/// Three states under way.
type Triple = (StateId, StateId, StateId);

/// Buffers kept from pair to pair.
#[derive(Default)]
struct Scratch {
    before: StateMap<Triple, (Triple, usize)>,
    queue: VecDeque<Triple>,
}

fn pair(
    graph: &Graph,
    first: usize,
    second: usize,
    leading: &[bool],
    choice: Choice,
    scratch: &mut Scratch,
    budget: &mut u64,
) -> Result<Option<Candidate>, Cut> {
    let (ones, twos) = (&graph.cyclic[first], &graph.cyclic[second]);
    let mut cut = ones.len() > MAX_TRIED || twos.len() > MAX_TRIED;
    for &p in ones.iter().take(MAX_TRIED) {
        for &q in twos.iter().take(MAX_TRIED) {
            let mut allowed = MAX_PAIR.min(*budget);
            let before = allowed;
            let pump = common_text(graph, p, q, leading, choice, scratch, &mut allowed);
            *budget -= before - allowed;
            if let Some(pump) = pump {
                return Ok(Some(Candidate { from: p, pivot: q, pump }));
            }
            cut |= allowed == 0;
        }
    }
    if cut { Err(Cut) } else { Ok(None) }
}

/// A text over which `p` comes to `p`, `p` to `q`, and `q` to `q`.
fn common_text(
    graph: &Graph,
    p: StateId,
    q: StateId,
    leading: &[bool],
    choice: Choice,
    scratch: &mut Scratch,
    budget: &mut u64,
) -> Option<Vec<usize>> {
    let (first, second) = (graph.component[p], graph.component[q]);
    let (start, goal): (Triple, Triple) = ((p, p, q), (p, q, q));
    let Scratch { before, queue } = scratch;
    before.clear();
    queue.clear();
    queue.push_back(start);
    while let Some(triple) = queue.pop_front() {
        let pairs = graph.steps[triple.0].len() * graph.steps[triple.2].len();
        *budget = budget.saturating_sub(pairs as u64 / 8);
        for x in graph.steps[triple.0].iter().filter(|step| graph.component[step.target] == first) {
            for z in graph.steps[triple.2].iter().filter(|step| graph.component[step.target] == second) {
                let looping = x.letters.and(z.letters).minus(choice.avoid);
                if looping.is_empty() {
                    continue;
                }
                for y in graph.steps[triple.1].iter().filter(|step| leading[step.target]) {
                    let Some(letter) = choice.pick(looping.and(y.letters), before.len()) else {
                        continue;
                    };
                    let next = (x.target, y.target, z.target);
                    *budget = budget.checked_sub(1)?;
                    if before.contains_key(&next) || next == start {
                        continue;
                    }
                    before.insert(next, (triple, letter));
                    if next == goal {
                        let (mut at, mut letters) = (next, Vec::new());
                        while at != start {
                            let &(previous, letter) = before.get(&at)?;
                            letters.push(letter);
                            at = previous;
                        }
                        letters.reverse();
                        return Some(letters);
                    }
                    queue.push_back(next);
                }
            }
        }
    }
    None
}
