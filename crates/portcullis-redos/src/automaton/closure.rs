//! Operations to states: what a matcher tries next after each character, in its order.
#![allow(clippy::indexing_slicing, reason = "operation and state ids are indices of vectors that only grow")]

use super::alphabet::{Alphabet, Letters};
use super::build::{Op, OpId, Operations};

pub(crate) type StateId = usize;

/// Where the matcher may go on reading one of `letters`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) target: StateId,
    pub(crate) letters: Letters,
}

/// A state: a character was just read (or none yet), and these are the choices.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// In order; the same target twice means two ways to it. Letters on which a match came first are taken off.
    pub(crate) edges: Vec<Edge>,
    /// Letters (or the end) before which the pattern matches here, after the edges for them were tried.
    pub(crate) matches: Letters,
    /// The same for the body of a lookaround.
    pub(crate) look_ends: Letters,
    /// The letters one has come here by.
    pub(crate) entered_by: Letters,
}

/// State 0 is the start of the input.
#[derive(Debug)]
pub(crate) struct Automaton {
    pub(crate) states: Vec<State>,
    /// It goes on where a counter of the pattern ends.
    pub(crate) loosened: bool,
    /// State that is the search itself, once per kind of last letter.
    pub(crate) searching: Vec<bool>,
}

const MAX_STATES: usize = 8_000;
/// Bound on all edges: beyond it the pattern is not analysed.
const MAX_EDGES: usize = 60_000;
/// Bound on the work of finding them.
const MAX_VISITS: usize = 300_000;

/// What assertions want to know of the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Behind {
    start: bool,
    word: bool,
    line_end: bool,
}

impl Automaton {
    pub(super) fn new(operations: &Operations, alphabet: &Alphabet) -> Option<Self> {
        let kinds: Vec<(Behind, Letters)> = [(false, false), (true, false), (false, true), (true, true)]
            .into_iter()
            .map(|(word, line_end)| {
                let among = |set: Letters, wanted: bool| if wanted { set } else { alphabet.all.minus(set) };
                let letters = among(alphabet.words, word).and(among(alphabet.line_ends, line_end));
                (Behind { start: false, word, line_end }, letters)
            })
            .filter(|(_, letters)| !letters.is_empty())
            .collect();
        let mut automaton =
            Self { states: vec![State::default()], loosened: operations.loosened, searching: vec![true] };
        let mut ids: Vec<Option<StateId>> = vec![None; operations.ops.len() * kinds.len()];
        let mut pending = vec![(operations.start, Behind { start: true, word: false, line_end: false })];
        let mut closure = Closure::new(operations, alphabet);
        let (mut done, mut edges) = (0, 0);
        while done < pending.len() {
            let (op, behind) = pending[done];
            closure.run(op, behind);
            let mut state = State {
                matches: closure.matches,
                look_ends: closure.look_ends,
                entered_by: automaton.states[done].entered_by,
                edges: Vec::with_capacity(closure.found.len()),
            };
            for &(next, letters) in &closure.found {
                for (index, &(behind, kind)) in kinds.iter().enumerate() {
                    let letters = letters.and(kind);
                    if letters.is_empty() {
                        continue;
                    }
                    let target = *ids[next as usize * kinds.len() + index].get_or_insert_with(|| {
                        pending.push((next, behind));
                        automaton.states.push(State::default());
                        automaton.searching.push(next == operations.start);
                        pending.len() - 1
                    });
                    let entered = &mut automaton.states[target].entered_by;
                    *entered = entered.or(letters);
                    state.edges.push(Edge { target, letters });
                    edges += 1;
                }
            }
            state.entered_by = automaton.states[done].entered_by;
            automaton.states[done] = state;
            done += 1;
            if pending.len() > MAX_STATES || edges > MAX_EDGES || closure.visits > MAX_VISITS {
                return None;
            }
        }
        Some(automaton)
    }
}

struct Closure<'a> {
    operations: &'a Operations,
    alphabet: &'a Alphabet,
    /// Letters for which an operation was reached once, and twice: a third way tells nothing new.
    reached: Vec<(Letters, Letters)>,
    touched: Vec<OpId>,
    stack: Vec<Work>,
    /// Loops whose iteration has read nothing so far on the way here.
    empty: Vec<u32>,
    /// Letters that were matched before, per lookaround under way.
    taken: Vec<Letters>,
    found: Vec<(OpId, Letters)>,
    matches: Letters,
    look_ends: Letters,
    /// How many uncertain operations are on the way here.
    uncertain: u32,
    visits: usize,
}

enum Work {
    Visit(OpId, Letters),
    LeaveLoop,
    LeaveLook,
    Certain,
}

impl<'a> Closure<'a> {
    fn new(operations: &'a Operations, alphabet: &'a Alphabet) -> Self {
        Self {
            operations,
            alphabet,
            reached: vec![(Letters::NONE, Letters::NONE); operations.ops.len()],
            touched: Vec::new(),
            stack: Vec::new(),
            empty: Vec::new(),
            taken: Vec::new(),
            found: Vec::new(),
            matches: Letters::NONE,
            look_ends: Letters::NONE,
            uncertain: 0,
            visits: 0,
        }
    }

    fn run(&mut self, start: OpId, behind: Behind) {
        for op in self.touched.drain(..) {
            self.reached[op as usize] = (Letters::NONE, Letters::NONE);
        }
        self.found.clear();
        self.empty.clear();
        self.taken.clear();
        self.taken.push(Letters::NONE);
        (self.matches, self.look_ends) = (Letters::NONE, Letters::NONE);
        self.stack.push(Work::Visit(start, Letters::ALL));
        while let Some(work) = self.stack.pop() {
            match work {
                Work::LeaveLoop => {
                    self.empty.pop();
                }
                Work::Certain => self.uncertain -= 1,
                Work::LeaveLook => {
                    self.taken.pop();
                }
                Work::Visit(op, letters) => self.visit(op, letters, behind),
            }
        }
    }

    fn visit(&mut self, id: OpId, letters: Letters, behind: Behind) {
        self.visits += 1;
        let (once, twice) = self.reached[id as usize];
        let taken = self.taken.last().copied().unwrap_or_default();
        let letters = letters.minus(twice).minus(taken);
        if letters.is_empty() {
            return;
        }
        self.touched.push(id);
        self.reached[id as usize] = (once.or(letters), twice.or(once.and(letters)));
        match &self.operations.ops[id as usize] {
            Op::Eat { letters: set, next } => {
                let letters = letters.and(*set);
                if !letters.is_empty() {
                    self.found.push((*next, letters));
                }
            }
            Op::Split(choices) => {
                self.stack.extend(choices.iter().rev().map(|&choice| Work::Visit(choice, letters)));
            }
            Op::Next { letters: set, next } => self.stack.push(Work::Visit(*next, letters.and(*set))),
            Op::LineStart { multiline, next } => {
                if behind.start || *multiline && behind.line_end {
                    self.stack.push(Work::Visit(*next, letters));
                }
            }
            Op::WordBoundary { negated, next } => {
                let words = self.alphabet.words;
                let letters = if behind.word == *negated { letters.and(words) } else { letters.minus(words) };
                self.stack.push(Work::Visit(*next, letters));
            }
            Op::Enter { loop_id, next } | Op::Back { loop_id, next } => {
                self.empty.push(*loop_id);
                self.stack.push(Work::LeaveLoop);
                self.stack.push(Work::Visit(*next, letters));
            }
            Op::Advanced { loop_id, next } => {
                if !self.empty.contains(loop_id) {
                    self.stack.push(Work::Visit(*next, letters));
                }
            }
            Op::Look { body, next } => {
                self.stack.push(Work::Visit(*next, letters));
                self.stack.push(Work::LeaveLook);
                self.taken.push(Letters::NONE);
                self.stack.push(Work::Visit(*body, letters));
            }
            Op::LookEnd => {
                self.look_ends = self.look_ends.or(letters);
                if let Some(taken) = self.taken.last_mut() {
                    *taken = taken.or(letters);
                }
            }
            Op::Uncertain { next } => {
                self.uncertain += 1;
                self.stack.push(Work::Certain);
                self.stack.push(Work::Visit(*next, letters));
            }
            Op::Match if self.uncertain > 0 => {}
            Op::Match => {
                self.matches = self.matches.or(letters);
                if let Some(taken) = self.taken.first_mut() {
                    *taken = taken.or(letters);
                }
            }
        }
    }
}
