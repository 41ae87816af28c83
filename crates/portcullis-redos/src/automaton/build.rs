//! Tree to operations: Thompson's construction, with the order of choices kept.

use super::alphabet::{Alphabet, END, Letters};
use crate::syntax::{Assertion, Node, NodeId, Pattern, UNBOUNDED};

pub(super) type OpId = u32;

/// One operation; all but `Eat` read nothing.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Eat {
        letters: Letters,
        next: OpId,
    },
    /// Choices in order.
    Split(Vec<OpId>),
    /// The next letter, or the end, must be of these.
    Next {
        letters: Letters,
        next: OpId,
    },
    /// Only at the start, or behind a line end.
    LineStart {
        multiline: bool,
        next: OpId,
    },
    WordBoundary {
        negated: bool,
        next: OpId,
    },
    /// An iteration begins.
    Enter {
        loop_id: u32,
        next: OpId,
    },
    /// The iteration must have read something.
    Advanced {
        loop_id: u32,
        next: OpId,
    },
    /// The next iteration begins.
    Back {
        loop_id: u32,
        next: OpId,
    },
    /// A lookaround: its body runs beside what follows.
    Look {
        body: OpId,
        next: OpId,
    },
    LookEnd,
    /// Whether one comes through here is not known: a match right behind it counts for nothing.
    Uncertain {
        next: OpId,
    },
    Match,
}

/// How counted repetition is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counters {
    /// Copied out as far as that stays small, and cut off there: a bounded counter adds no growth for long texts.
    Copied,
    /// `{n,m}` with a larger `m` has no upper bound: finds what grows until the counter is full.
    Loose,
}

/// What is taken for granted of a lookaround of more than one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// It lets pass; whether it really does decides no match.
    Pass,
    /// It does not: only its body counts.
    Block,
}

#[derive(Debug)]
pub(super) struct Operations {
    pub(super) ops: Vec<Op>,
    pub(super) start: OpId,
    /// A counter was let go.
    pub(super) loosened: bool,
}

/// Most operations of an automaton: memory stays below a few megabytes.
const MAX_OPS: usize = 20_000;
/// Most letters read by the copies of one counted part.
const MAX_MANDATORY: u32 = 260;
const MAX_OPTIONAL: u32 = 40;
/// A counter this large bounds nothing that would be noticed.
const ENDLESS_FROM: u32 = 2_000;
/// From this count on [`Counters::Loose`] lets a counter go.
const LOOSE_FROM: u32 = 5;

/// Builds the operations of `root` (or of a lookbehind's body, `backward`); `None` if there were too many.
pub(crate) fn build(
    pattern: &Pattern,
    alphabet: &Alphabet,
    root: NodeId,
    backward: bool,
    search: bool,
    (counters, looks): (Counters, Looks),
) -> Option<super::Automaton> {
    let mut builder = Builder {
        pattern,
        alphabet,
        counters,
        looks,
        // The body of a lookbehind only ends; what it is part of goes on.
        ops: vec![if backward { Op::LookEnd } else { Op::Match }],
        loops: 0,
        loosened: false,
        in_reference: false,
        sizes: sizes(pattern),
    };
    let body = builder.node(root, 0, backward)?;
    let start = if search {
        // A search is a lazy loop over anything, before the pattern.
        let again = builder.op(Op::Split(Vec::new()))?;
        let any = builder.op(Op::Eat { letters: alphabet.all, next: again })?;
        builder.set(again, Op::Split(vec![body, any]));
        again
    } else {
        body
    };
    let operations = Operations { ops: builder.ops, start, loosened: builder.loosened };
    super::Automaton::new(&operations, alphabet)
}

struct Builder<'a> {
    pattern: &'a Pattern,
    alphabet: &'a Alphabet,
    counters: Counters,
    looks: Looks,
    ops: Vec<Op>,
    loops: u32,
    loosened: bool,
    in_reference: bool,
    /// Letters each node reads, copies counted.
    sizes: Vec<u32>,
}

impl Builder<'_> {
    /// Operations for a node that go on to `next`.
    fn node(&mut self, id: NodeId, next: OpId, backward: bool) -> Option<OpId> {
        let pattern = self.pattern;
        match pattern.node(id) {
            Node::Empty => Some(next),
            Node::Set(set) => {
                let letters = self.alphabet.of(set.0 as usize);
                self.op(Op::Eat { letters, next })
            }
            Node::Concat(nodes) if backward => {
                nodes.iter().try_fold(next, |next, &node| self.node(node, next, true))
            }
            Node::Concat(nodes) => {
                nodes.iter().rev().try_fold(next, |next, &node| self.node(node, next, false))
            }
            Node::Alternation(nodes) => {
                let choices =
                    nodes.iter().map(|&node| self.node(node, next, backward)).collect::<Option<Vec<_>>>()?;
                self.op(Op::Split(choices))
            }
            Node::Capture { body, .. } => self.node(*body, next, backward),
            Node::Repeat { body, min, max, greedy, .. } => {
                self.repeat(*body, (*min, *max), *greedy, next, backward)
            }
            // Read backward, the start of the input is the end of what is read.
            Node::Assertion(Assertion::Start { multiline }) if backward => {
                let mut letters = Letters::single(END);
                if *multiline {
                    letters = letters.or(self.alphabet.line_ends);
                }
                self.op(Op::Next { letters, next })
            }
            Node::Assertion(Assertion::End { .. }) if backward => self.op(Op::Uncertain { next }),
            Node::Assertion(Assertion::Start { multiline }) => {
                self.op(Op::LineStart { multiline: *multiline, next })
            }
            Node::Assertion(Assertion::End { multiline }) => {
                let mut letters = Letters::single(END);
                if *multiline {
                    letters = letters.or(self.alphabet.line_ends);
                }
                self.op(Op::Next { letters, next })
            }
            Node::Assertion(Assertion::WordBoundary { negated, .. }) => {
                self.op(Op::WordBoundary { negated: *negated, next })
            }
            Node::Look { body, ahead, negated } => self.look(*body, (*ahead, *negated), next, backward),
            Node::BackReference { groups, .. } => {
                let group = groups.first().copied().unwrap_or(0);
                let body = pattern.nodes().iter().find_map(|node| match node {
                    Node::Capture { index, body } if *index == group => Some(*body),
                    _ => None,
                });
                match body.filter(|body| !self.in_reference && self.size(*body) <= MAX_OPTIONAL) {
                    Some(body) => {
                        self.in_reference = true;
                        let copy = self.node(body, next, backward);
                        self.in_reference = false;
                        copy
                    }
                    None => Some(next),
                }
            }
        }
    }

    fn look(
        &mut self,
        body: NodeId,
        (ahead, negated): (bool, bool),
        next: OpId,
        backward: bool,
    ) -> Option<OpId> {
        if ahead
            && !backward
            && let Some(letters) = self.one_letter(body)
        {
            let letters = if negated { Letters::ALL.minus(letters) } else { letters };
            return self.op(Op::Next { letters, next });
        }
        if ahead == backward {
            // Runs the other way: analysed by itself.
            return self.op(Op::Uncertain { next });
        }
        let end = self.op(Op::LookEnd)?;
        let body = self.node(body, end, backward)?;
        let next = match self.looks {
            Looks::Pass => self.op(Op::Uncertain { next })?,
            Looks::Block => self.op(Op::Split(Vec::new()))?,
        };
        self.op(Op::Look { body, next })
    }

    /// The letters a lookahead of one letter asks for.
    fn one_letter(&self, id: NodeId) -> Option<Letters> {
        match self.pattern.node(id) {
            Node::Set(set) => Some(self.alphabet.of(set.0 as usize)),
            Node::Assertion(Assertion::End { multiline: false }) => Some(Letters::single(END)),
            Node::Capture { body, .. } => self.one_letter(*body),
            Node::Alternation(nodes) => {
                nodes.iter().try_fold(Letters::NONE, |all, &node| Some(all.or(self.one_letter(node)?)))
            }
            _ => None,
        }
    }

    fn repeat(
        &mut self,
        body: NodeId,
        (min, max): (u32, u32),
        greedy: bool,
        next: OpId,
        backward: bool,
    ) -> Option<OpId> {
        if max == 0 {
            return Some(next);
        }
        let size = self.size(body).max(1);
        let mandatory_fits = min.min((MAX_MANDATORY / size).max(1));
        let optional_fits = (max - min).min((MAX_OPTIONAL / size).max(1));
        let (mut mandatory, mut optional, mut endless) = (mandatory_fits, optional_fits, max >= ENDLESS_FROM);
        let mut doubled = false;
        if self.counters == Counters::Loose && max >= LOOSE_FROM && !endless {
            (mandatory, endless) = (min.min(1), true);
            // Which of the iterations that must be are empty is a choice as well.
            doubled = min >= LOOSE_FROM && self.nullable(body);
            self.loosened = true;
        }
        if endless {
            optional = 0;
        }
        let mut entry = next;
        if endless {
            entry = self.endless(body, (mandatory > 0, doubled), greedy, next, backward)?;
            mandatory = mandatory.saturating_sub(1);
        } else {
            for _ in 0..optional {
                let loop_id = self.loop_id();
                let advanced = self.op(Op::Advanced { loop_id, next: entry })?;
                let copy = self.node(body, advanced, backward)?;
                let enter = self.op(Op::Enter { loop_id, next: copy })?;
                entry = self.choice(enter, next, greedy)?;
            }
        }
        for _ in 0..mandatory {
            entry = self.node(body, entry, backward)?;
        }
        Some(entry)
    }

    fn endless(
        &mut self,
        body: NodeId,
        (once, doubled): (bool, bool),
        greedy: bool,
        next: OpId,
        backward: bool,
    ) -> Option<OpId> {
        let loop_id = self.loop_id();
        let head = self.op(Op::Split(Vec::new()))?;
        let back = self.op(Op::Back { loop_id, next: 0 })?;
        // The end of an iteration: another one, or out.
        let end = self.choice(back, next, greedy)?;
        let end = self.op(Op::Advanced { loop_id, next: end })?;
        let mut copy = self.node(body, end, backward)?;
        if doubled {
            copy = self.op(Op::Split(vec![copy, copy]))?;
        }
        self.set(back, Op::Back { loop_id, next: copy });
        if once {
            self.set(head, Op::Split(vec![copy]));
        } else {
            let enter = self.op(Op::Enter { loop_id, next: copy })?;
            self.set(head, Op::Split(if greedy { vec![enter, next] } else { vec![next, enter] }));
        }
        Some(head)
    }

    fn choice(&mut self, inside: OpId, outside: OpId, greedy: bool) -> Option<OpId> {
        self.op(Op::Split(if greedy { vec![inside, outside] } else { vec![outside, inside] }))
    }

    fn loop_id(&mut self) -> u32 {
        self.loops += 1;
        self.loops
    }

    fn op(&mut self, op: Op) -> Option<OpId> {
        (self.ops.len() < MAX_OPS).then(|| self.ops.push(op))?;
        u32::try_from(self.ops.len() - 1).ok()
    }

    fn set(&mut self, id: OpId, op: Op) {
        if let Some(slot) = self.ops.get_mut(id as usize) {
            *slot = op;
        }
    }

    fn nullable(&self, id: NodeId) -> bool {
        match self.pattern.node(id) {
            Node::Empty | Node::Assertion(_) | Node::Look { .. } | Node::BackReference { .. } => true,
            Node::Set(_) => false,
            Node::Concat(nodes) => nodes.iter().all(|&node| self.nullable(node)),
            Node::Alternation(nodes) => nodes.iter().any(|&node| self.nullable(node)),
            Node::Capture { body, .. } => self.nullable(*body),
            Node::Repeat { body, min, .. } => *min == 0 || self.nullable(*body),
        }
    }

    fn size(&self, id: NodeId) -> u32 {
        self.sizes.get(id.0 as usize).copied().unwrap_or(u32::MAX)
    }
}

fn sizes(pattern: &Pattern) -> Vec<u32> {
    let mut sizes: Vec<u32> = Vec::with_capacity(pattern.nodes().len());
    for node in pattern.nodes() {
        let of = |id: &NodeId| sizes.get(id.0 as usize).copied().unwrap_or(u32::MAX);
        sizes.push(match node {
            Node::Empty | Node::Assertion(_) => 0,
            Node::Set(_) | Node::BackReference { .. } => 1,
            Node::Concat(nodes) | Node::Alternation(nodes) => {
                nodes.iter().map(of).fold(0, u32::saturating_add)
            }
            Node::Capture { body, .. } | Node::Look { body, .. } => of(body),
            Node::Repeat { body, min, max, .. } => {
                let copies = if *max == UNBOUNDED { (*min).max(1) } else { *max };
                of(body).saturating_mul(copies.clamp(1, MAX_MANDATORY)).min(of(body).max(MAX_MANDATORY))
            }
        });
    }
    sizes
}
