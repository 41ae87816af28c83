//! Tree to program.

use super::program::{Address, Instruction, Program, Register};
use crate::syntax::{Assertion, Node, NodeId, Pattern, UNBOUNDED};

/// Translates a pattern. The caller has checked its depth.
pub(crate) fn compile(pattern: &Pattern) -> Program {
    let groups = pattern.captures + 1;
    let lengths = lengths(pattern);
    let units = if pattern.flags.code_points() { 2 } else { 1 };
    let longest =
        lengths.get(pattern.root.0 as usize).map_or(UNBOUNDED, |(_, longest)| longest.saturating_mul(units));
    let from_end = (longest < MAX_FROM_END && anchored_at_end(pattern, &lengths, pattern.root))
        .then_some(longest as usize);
    let mut compiler = Compiler { pattern, lengths, code: Vec::new(), registers: groups * 2 };
    compiler.emit(Instruction::Save(0));
    compiler.node(pattern.root, false);
    compiler.emit(Instruction::Save(1));
    compiler.emit(Instruction::Match);
    Program {
        code: compiler.code,
        sets: pattern.sets().to_vec(),
        registers: compiler.registers,
        groups,
        code_points: pattern.flags.code_points(),
        once: pattern.flags.sticky || anchored_at_start(pattern, pattern.root),
        from_end,
    }
}

struct Compiler<'a> {
    pattern: &'a Pattern,
    /// Least and greatest number of characters each node matches.
    lengths: Vec<(u32, u32)>,
    code: Vec<Instruction>,
    registers: u32,
}

impl Compiler<'_> {
    fn node(&mut self, id: NodeId, backward: bool) {
        match self.pattern.node(id) {
            Node::Empty => {}
            Node::Set(set) => {
                self.emit(Instruction::Set { set: *set, backward });
            }
            Node::Concat(nodes) if backward => {
                for &node in nodes.iter().rev() {
                    self.node(node, true);
                }
            }
            Node::Concat(nodes) => {
                for &node in nodes {
                    self.node(node, false);
                }
            }
            Node::Alternation(nodes) => {
                let mut ends = Vec::with_capacity(nodes.len());
                for (i, &node) in nodes.iter().enumerate() {
                    if i + 1 == nodes.len() {
                        self.node(node, backward);
                    } else {
                        let split = self.split(true);
                        self.node(node, backward);
                        ends.push(self.emit(Instruction::Jump(0)));
                        self.patch(split);
                    }
                }
                for end in ends {
                    self.patch(end);
                }
            }
            Node::Capture { index, body } => {
                let (first, second) =
                    if backward { (index * 2 + 1, index * 2) } else { (index * 2, index * 2 + 1) };
                self.emit(Instruction::Save(first));
                self.node(*body, backward);
                self.emit(Instruction::Save(second));
            }
            Node::Repeat { body, min, max, greedy, captures } => {
                let captures =
                    (captures.start < captures.end).then_some((captures.start * 2, captures.end * 2));
                self.repeat(*body, (*min, *max), *greedy, captures, backward);
            }
            Node::Assertion(assertion) => {
                self.emit(Instruction::Assert(*assertion));
            }
            Node::Look { body, ahead, negated } => {
                let look = self.emit(Instruction::Look { negated: *negated, exit: 0 });
                self.node(*body, !ahead);
                self.emit(Instruction::LookEnd);
                self.patch(look);
            }
            Node::BackReference { groups, ignore_case } => {
                let (groups, ignore_case) = (groups.clone(), *ignore_case);
                self.emit(Instruction::BackReference { groups, ignore_case, backward });
            }
        }
    }

    fn repeat(
        &mut self,
        body: NodeId,
        (mut min, mut max): (u32, u32),
        greedy: bool,
        captures: Option<(Register, Register)>,
        backward: bool,
    ) {
        let (shortest, longest) = self.lengths.get(body.0 as usize).copied().unwrap_or((0, UNBOUNDED));
        if longest == 0 {
            // Again and again nothing is once nothing.
            (min, max) = (min.min(1), max.min(1));
        }
        let clear = |compiler: &mut Self| {
            if let Some((from, to)) = captures {
                compiler.emit(Instruction::Clear { from, to });
            }
        };
        match (min, max) {
            (_, 0) => {}
            (1, 1) => {
                clear(self);
                self.node(body, backward);
            }
            (0, 1 | UNBOUNDED) => {
                let head = self.split(greedy);
                let mark = (shortest == 0).then(|| self.register());
                if let Some(mark) = mark {
                    self.emit(Instruction::Save(mark));
                }
                clear(self);
                self.node(body, backward);
                if let Some(mark) = mark {
                    self.emit(Instruction::Advanced(mark));
                }
                if max == UNBOUNDED {
                    self.emit(Instruction::Jump(head));
                }
                self.patch(head);
            }
            (1, UNBOUNDED) if shortest > 0 => {
                let head = self.here();
                clear(self);
                self.node(body, backward);
                let exit = self.here() + 1;
                let (first, second) = if greedy { (head, exit) } else { (exit, head) };
                self.emit(Instruction::Split { first, second });
            }
            _ => {
                let count = self.register();
                self.emit(Instruction::Zero(count));
                let head = self.emit(Instruction::Loop { count, min, max, greedy, exit: 0 });
                let mark = (shortest == 0).then(|| self.register());
                if let Some(mark) = mark {
                    self.emit(Instruction::Save(mark));
                }
                clear(self);
                self.node(body, backward);
                self.emit(Instruction::Again { count, mark, min, head });
                self.patch(head);
            }
        }
    }

    fn register(&mut self) -> Register {
        self.registers += 1;
        self.registers - 1
    }

    fn here(&self) -> Address {
        Address::try_from(self.code.len()).unwrap_or(Address::MAX)
    }

    fn emit(&mut self, instruction: Instruction) -> Address {
        self.code.push(instruction);
        self.here() - 1
    }

    /// A split that goes on with the next instruction first, or the other way round; `patch` gives the exit.
    fn split(&mut self, next_first: bool) -> Address {
        let next = self.here() + 1;
        self.emit(if next_first {
            Instruction::Split { first: next, second: Address::MAX }
        } else {
            Instruction::Split { first: Address::MAX, second: next }
        })
    }

    /// Lets the jump at `address` lead to here.
    fn patch(&mut self, address: Address) {
        let here = self.here();
        match self.code.get_mut(address as usize) {
            Some(Instruction::Split { first, .. }) if *first == Address::MAX => *first = here,
            Some(Instruction::Split { second, .. }) => *second = here,
            Some(
                Instruction::Jump(to)
                | Instruction::Loop { exit: to, .. }
                | Instruction::Look { exit: to, .. },
            ) => {
                *to = here;
            }
            _ => {}
        }
    }
}

/// V8 starts a search for what is anchored at the end and shorter than this at that distance from the end
/// (`kMaxBacksearchLimit` in regexp.cc).
const MAX_FROM_END: u32 = 1024;

/// Whether V8 sees that a match can only start at the start (`RegExpTree::IsAnchoredAtStart` in regexp-ast.cc).
pub(crate) fn anchored_at_start(pattern: &Pattern, id: NodeId) -> bool {
    match pattern.node(id) {
        Node::Assertion(Assertion::Start { multiline }) => !multiline,
        Node::Capture { body, .. } | Node::Look { body, ahead: true, negated: false } => {
            anchored_at_start(pattern, *body)
        }
        Node::Alternation(nodes) => nodes.iter().all(|&node| anchored_at_start(pattern, node)),
        Node::Concat(nodes) => nodes
            .iter()
            .find_map(|&node| match pattern.node(node) {
                _ if anchored_at_start(pattern, node) => Some(true),
                Node::Empty | Node::Assertion(_) | Node::Look { .. } => None,
                _ => Some(false),
            })
            .unwrap_or(false),
        _ => false,
    }
}

/// The same for the end (`IsAnchoredAtEnd`).
fn anchored_at_end(pattern: &Pattern, lengths: &[(u32, u32)], id: NodeId) -> bool {
    let within = |node| anchored_at_end(pattern, lengths, node);
    match pattern.node(id) {
        Node::Assertion(Assertion::End { multiline }) => !multiline,
        Node::Capture { body, .. } => within(*body),
        Node::Alternation(nodes) => nodes.iter().all(|&node| within(node)),
        Node::Concat(nodes) => nodes
            .iter()
            .rev()
            .find_map(|&node| match lengths.get(node.0 as usize) {
                _ if within(node) => Some(true),
                Some((_, 0)) => None,
                _ => Some(false),
            })
            .unwrap_or(false),
        _ => false,
    }
}

/// Least and greatest length of what each node matches; children stand before parents in the arena.
fn lengths(pattern: &Pattern) -> Vec<(u32, u32)> {
    let mut lengths: Vec<(u32, u32)> = Vec::with_capacity(pattern.nodes().len());
    for node in pattern.nodes() {
        let of = |id: &NodeId| lengths.get(id.0 as usize).copied().unwrap_or((0, UNBOUNDED));
        lengths.push(match node {
            Node::Empty | Node::Assertion(_) | Node::Look { .. } => (0, 0),
            Node::Set(_) => (1, 1),
            Node::BackReference { .. } => (0, UNBOUNDED),
            Node::Concat(nodes) => nodes
                .iter()
                .map(of)
                .fold((0u32, 0u32), |(min, max), (a, b)| (min.saturating_add(a), max.saturating_add(b))),
            Node::Alternation(nodes) => {
                nodes.iter().map(of).fold((UNBOUNDED, 0), |(min, max), (a, b)| (min.min(a), max.max(b)))
            }
            Node::Capture { body, .. } => of(body),
            Node::Repeat { body, min, max, .. } => {
                let (a, b) = of(body);
                (a.saturating_mul(*min), b.saturating_mul(*max))
            }
        });
    }
    lengths
}
