//! The part of the automaton that a text which does not match can stay in.
#![allow(clippy::indexing_slicing, reason = "state ids are indices of vectors of that length")]

use std::collections::VecDeque;

use super::hash::StateMap;
use crate::automaton::{Automaton, Letters, State, StateId};

/// An edge that no match goes before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) target: StateId,
    pub(crate) letters: Letters,
    /// Letters for which there are two ways along this edge.
    pub(crate) twice: Letters,
}

/// States with edges, their strongly connected components, and shortest texts that lead to them.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) steps: Vec<Vec<Step>>,
    /// Component of each state; components are numbered against the direction of the edges.
    pub(crate) component: Vec<usize>,
    /// Members of each component that has a cycle; empty for the others.
    pub(crate) cyclic: Vec<Vec<StateId>>,
    /// Previous state and letter on the shortest way from the start.
    came_from: Vec<Option<(StateId, usize)>>,
}

impl Graph {
    pub(crate) fn new(automaton: &Automaton) -> Self {
        Self::with(automaton, |state| state.matches)
    }

    /// With the edges that a match is only tried after: what fails at every turn costs time even if in the end
    /// the whole matches.
    pub(crate) fn through_matches(automaton: &Automaton) -> Self {
        Self::with(automaton, |_| Letters::NONE)
    }

    fn with(automaton: &Automaton, cut: impl Fn(&State) -> Letters) -> Self {
        let count = automaton.states.len();
        let mut place = vec![usize::MAX; count];
        let steps: Vec<Vec<Step>> = automaton
            .states
            .iter()
            .map(|state| {
                let mut steps: Vec<Step> = Vec::with_capacity(state.edges.len());
                for edge in &state.edges {
                    let letters = edge.letters.minus(cut(state));
                    if letters.is_empty() {
                        continue;
                    }
                    match steps.get_mut(place[edge.target]).filter(|step| step.target == edge.target) {
                        Some(step) => {
                            step.twice = step.twice.or(step.letters.and(letters));
                            step.letters = step.letters.or(letters);
                        }
                        None => {
                            place[edge.target] = steps.len();
                            steps.push(Step { target: edge.target, letters, twice: Letters::NONE });
                        }
                    }
                }
                steps
            })
            .collect();
        let component = components(&steps);
        let mut cyclic = vec![Vec::new(); component.iter().max().map_or(0, |&last| last + 1)];
        for (state, &own) in component.iter().enumerate() {
            if steps[state].iter().any(|step| component[step.target] == own) {
                cyclic[own].push(state);
            }
        }
        let came_from = shortest(&steps);
        Self { steps, component, cyclic, came_from }
    }

    /// A shortest text from the start to `state`; `None` if nothing leads there.
    pub(crate) fn way_to(&self, state: StateId) -> Option<Vec<usize>> {
        let (mut at, mut letters) = (state, Vec::new());
        while at != 0 {
            let (before, letter) = self.came_from[at]?;
            letters.push(letter);
            at = before;
        }
        letters.reverse();
        Some(letters)
    }

    /// A shortest text from `from` to `to` within their component; empty if they are one.
    pub(crate) fn way_within(&self, from: StateId, to: StateId, budget: &mut u64) -> Option<Vec<usize>> {
        let own = self.component[from];
        let mut before: StateMap<StateId, (StateId, usize)> = StateMap::default();
        let mut queue = VecDeque::from([from]);
        while let Some(state) = queue.pop_front() {
            *budget = budget.checked_sub(1 + self.steps[state].len() as u64 / 8)?;
            if state == to {
                let (mut at, mut letters) = (to, Vec::new());
                while at != from {
                    let &(previous, letter) = before.get(&at)?;
                    letters.push(letter);
                    at = previous;
                }
                letters.reverse();
                return Some(letters);
            }
            for step in self.steps[state].iter().filter(|step| self.component[step.target] == own) {
                if step.target != from
                    && !before.contains_key(&step.target)
                    && let Some(letter) = step.letters.first()
                {
                    before.insert(step.target, (state, letter));
                    queue.push_back(step.target);
                }
            }
        }
        None
    }

    /// A shortest text from `state` back to itself.
    pub(crate) fn cycle(&self, state: StateId, budget: &mut u64) -> Option<Vec<usize>> {
        let own = self.component[state];
        self.steps[state]
            .iter()
            .filter(|step| self.component[step.target] == own)
            .filter_map(|step| {
                let mut letters = vec![step.letters.first()?];
                letters.extend(self.way_within(step.target, state, budget)?);
                Some(letters)
            })
            .min_by_key(Vec::len)
    }

    /// Which states lead into `component`.
    pub(crate) fn leading_to(&self, component: usize) -> Vec<bool> {
        // Components are numbered against the edges: targets first. So one pass in that order would do for
        // components; for states the number of passes is small, and each is linear.
        let mut leading: Vec<bool> = self.component.iter().map(|&own| own == component).collect();
        loop {
            let mut changed = false;
            for state in (0..self.steps.len()).rev() {
                if !leading[state] && self.steps[state].iter().any(|step| leading[step.target]) {
                    leading[state] = true;
                    changed = true;
                }
            }
            if !changed {
                return leading;
            }
        }
    }
}

fn shortest(steps: &[Vec<Step>]) -> Vec<Option<(StateId, usize)>> {
    let mut came_from = vec![None; steps.len()];
    let mut seen = vec![false; steps.len()];
    let mut queue = VecDeque::from([0]);
    if let Some(start) = seen.first_mut() {
        *start = true;
    }
    while let Some(state) = queue.pop_front() {
        for step in &steps[state] {
            if !seen[step.target] {
                seen[step.target] = true;
                came_from[step.target] = step.letters.first().map(|letter| (state, letter));
                queue.push_back(step.target);
            }
        }
    }
    came_from
}

/// Tarjan's algorithm with a stack of its own.
fn components(steps: &[Vec<Step>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let count = steps.len();
    let (mut order, mut low, mut component) = (vec![NEW; count], vec![0; count], vec![NEW; count]);
    let (mut open, mut next, mut found) = (Vec::new(), 0, 0);
    for root in 0..count {
        if order[root] != NEW {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((state, edge)) = work.pop() {
            if edge == 0 {
                order[state] = next;
                low[state] = next;
                next += 1;
                open.push(state);
            }
            match steps[state].get(edge) {
                Some(step) => {
                    work.push((state, edge + 1));
                    if order[step.target] == NEW {
                        work.push((step.target, 0));
                    } else if component[step.target] == NEW {
                        low[state] = low[state].min(order[step.target]);
                    }
                }
                None => {
                    if low[state] == order[state] {
                        while let Some(member) = open.pop() {
                            component[member] = found;
                            if member == state {
                                break;
                            }
                        }
                        found += 1;
                    }
                    if let Some(&(parent, _)) = work.last() {
                        low[parent] = low[parent].min(low[state]);
                    }
                }
            }
        }
    }
    component
}
