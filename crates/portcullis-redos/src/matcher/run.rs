//! The run itself: one loop, one stack of choices and of what to undo.
#![allow(
    clippy::indexing_slicing,
    reason = "addresses, registers and stack indices are made by the compiler and by this loop"
)]

use std::ops::Range;

use super::program::{Instruction, Program};
use crate::syntax::Assertion;
use crate::unicode::{Canonical, CharSet, canonicalize};

const UNSET: u32 = u32::MAX;
/// Most entries on the stack (16 bytes each): memory stays below 32 MiB whatever is run.
const MAX_STACK: usize = 2_000_000;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Matched,
    NoMatch,
    /// The steps allowed, or the memory, were used up.
    Stopped,
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    Branch { at: u32, position: u32 },
    Restore { register: u32, value: u32 },
    Look { negated: bool, exit: u32, position: u32 },
}

/// Runs a program; keeps its buffers from run to run.
#[derive(Debug)]
pub(crate) struct Matcher<'a> {
    program: &'a Program,
    stack: Vec<Choice>,
    /// Where in `stack` the lookarounds stand that are under way.
    looks: Vec<usize>,
    registers: Vec<u32>,
    steps: u64,
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(program: &'a Program) -> Self {
        Self {
            program,
            stack: Vec::new(),
            looks: Vec::new(),
            registers: vec![UNSET; program.registers as usize],
            steps: 0,
        }
    }

    /// Searches `input` from its start as `RegExp.prototype.exec` does; the steps taken and how it ended.
    pub(crate) fn search(&mut self, input: &[u16], max_steps: u64) -> (u64, Outcome) {
        self.steps = 0;
        // An attempt that fails leaves them so.
        self.registers.fill(UNSET);
        let mut start = self.program.from_end.map_or(0, |distance| input.len().saturating_sub(distance));
        if self.program.once {
            start = 0;
        }
        loop {
            match self.attempt(input, start, max_steps) {
                Outcome::NoMatch if !self.program.once && start < input.len() => {
                    start += 1;
                    if self.program.code_points && pair_ends(input, start) {
                        start += 1;
                    }
                }
                outcome => return (self.steps, outcome),
            }
        }
    }

    /// Start and end of each group after a match, the whole match first.
    pub(crate) fn captures(&self) -> Vec<Option<Range<usize>>> {
        (0..self.program.groups as usize)
            .map(|group| {
                let (start, end) = (self.registers[group * 2], self.registers[group * 2 + 1]);
                (start != UNSET && end != UNSET).then_some(start as usize..end as usize)
            })
            .collect()
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn attempt(&mut self, input: &[u16], start: usize, max_steps: u64) -> Outcome {
        let program = self.program;
        self.stack.clear();
        self.looks.clear();
        let mut at = 0usize;
        let mut position = start;
        loop {
            self.steps += 1;
            if self.steps > max_steps || self.stack.len() > MAX_STACK {
                return Outcome::Stopped;
            }
            let mut held = true;
            let mut next = at + 1;
            match &program.code[at] {
                Instruction::Set { set, backward } => {
                    let set = &program.sets[set.0 as usize];
                    held = match self.read(input, position, *backward) {
                        Some((c, after)) if set.contains(c) => {
                            position = after;
                            true
                        }
                        _ => false,
                    };
                }
                Instruction::Split { first, second } => {
                    self.stack.push(Choice::Branch { at: *second, position: narrow(position) });
                    next = *first as usize;
                }
                Instruction::Jump(to) => next = *to as usize,
                Instruction::Save(register) => self.write(*register, narrow(position)),
                Instruction::Clear { from, to } => {
                    for register in *from..*to {
                        self.write(register, UNSET);
                    }
                }
                Instruction::Advanced(mark) => held = self.registers[*mark as usize] != narrow(position),
                Instruction::Zero(register) => self.write(*register, 0),
                Instruction::Loop { count, min, max, greedy, exit } => {
                    let done = self.registers[*count as usize];
                    if done >= *max {
                        next = *exit as usize;
                    } else if done >= *min {
                        let (go, other) =
                            if *greedy { (next, *exit as usize) } else { (*exit as usize, next) };
                        self.stack.push(Choice::Branch { at: narrow(other), position: narrow(position) });
                        next = go;
                    }
                }
                Instruction::Again { count, mark, min, head } => {
                    let done = self.registers[*count as usize].saturating_add(1);
                    let empty = mark.is_some_and(|mark| self.registers[mark as usize] == narrow(position));
                    if empty && done > *min {
                        held = false;
                    } else {
                        self.write(*count, done);
                        next = *head as usize;
                    }
                }
                Instruction::Assert(assertion) => held = holds(*assertion, &program.sets, input, position),
                Instruction::BackReference { groups, ignore_case, backward } => {
                    match self.back_reference(input, position, groups, *ignore_case, *backward) {
                        Some(after) => position = after,
                        None => held = false,
                    }
                }
                Instruction::Look { negated, exit } => {
                    self.looks.push(self.stack.len());
                    self.stack.push(Choice::Look {
                        negated: *negated,
                        exit: *exit,
                        position: narrow(position),
                    });
                }
                Instruction::LookEnd => match self.look_succeeded() {
                    Some((exit, before)) => (next, position) = (exit, before),
                    None => held = false,
                },
                Instruction::Match => return Outcome::Matched,
            }
            if held {
                at = next;
                continue;
            }
            match self.backtrack() {
                Some((to, back)) => (at, position) = (to, back),
                None => return Outcome::NoMatch,
            }
        }
    }

    fn write(&mut self, register: u32, value: u32) {
        let slot = &mut self.registers[register as usize];
        if *slot != value {
            self.stack.push(Choice::Restore { register, value: *slot });
            *slot = value;
        }
    }

    /// The next choice left, with its registers as they were.
    fn backtrack(&mut self) -> Option<(usize, usize)> {
        while let Some(choice) = self.stack.pop() {
            match choice {
                Choice::Branch { at, position } => return Some((at as usize, position as usize)),
                Choice::Restore { register, value } => self.registers[register as usize] = value,
                Choice::Look { negated, exit, position } => {
                    self.looks.pop();
                    if negated {
                        return Some((exit as usize, position as usize));
                    }
                }
            }
        }
        None
    }

    /// The body of the innermost lookaround matched: its choices are dropped, and what it captured stays
    /// unless it was negated, which then has failed.
    fn look_succeeded(&mut self) -> Option<(usize, usize)> {
        let base = self.looks.pop()?;
        let Choice::Look { negated, exit, position } = self.stack[base] else {
            return None;
        };
        if negated {
            for choice in self.stack.drain(base..).rev() {
                if let Choice::Restore { register, value } = choice {
                    self.registers[register as usize] = value;
                }
            }
            return None;
        }
        let mut kept = base;
        for i in base + 1..self.stack.len() {
            if matches!(self.stack[i], Choice::Restore { .. }) {
                self.stack[kept] = self.stack[i];
                kept += 1;
            }
        }
        self.stack.truncate(kept);
        Some((exit as usize, position as usize))
    }

    fn back_reference(
        &mut self,
        input: &[u16],
        position: usize,
        groups: &[u32],
        ignore_case: Option<Canonical>,
        backward: bool,
    ) -> Option<usize> {
        let captured = groups.iter().find_map(|&group| {
            let (start, end) = (self.registers[group as usize * 2], self.registers[group as usize * 2 + 1]);
            (start != UNSET && end != UNSET).then_some((start as usize, end as usize))
        });
        let Some((start, end)) = captured else {
            return Some(position);
        };
        let length = end.checked_sub(start)?;
        self.steps += length as u64;
        let from = if backward { position.checked_sub(length)? } else { position };
        let (wanted, here) = (input.get(start..end)?, input.get(from..from + length)?);
        let same = match ignore_case {
            None => wanted == here,
            Some(mode) => self.same_letters(wanted, here, mode),
        };
        same.then_some(if backward { from } else { from + length })
    }

    fn same_letters(&self, a: &[u16], b: &[u16], mode: Canonical) -> bool {
        let mut at = 0;
        while at < a.len() {
            let (Some((x, next)), Some((y, _))) = (self.read(a, at, false), self.read(b, at, false)) else {
                return false;
            };
            if x != y && canonicalize(x, mode) != canonicalize(y, mode) {
                return false;
            }
            at = next;
        }
        true
    }

    /// The character at (or before) `position`, and the position after (or before) it.
    #[inline]
    fn read(&self, input: &[u16], position: usize, backward: bool) -> Option<(u32, usize)> {
        let at = if backward { position.checked_sub(1)? } else { position };
        let unit = u32::from(*input.get(at)?);
        if self.program.code_points && unit & 0xf800 == 0xd800 {
            let high = if backward { at.saturating_sub(1) } else { at };
            if pair_ends(input, high + 1) {
                let (h, l) = (u32::from(input[high]), u32::from(input[high + 1]));
                let c = 0x1_0000 + ((h & 0x3ff) << 10) + (l & 0x3ff);
                return Some((c, if backward { high } else { high + 2 }));
            }
        }
        Some((unit, if backward { at } else { at + 1 }))
    }
}

/// Whether `position` is in the middle of a surrogate pair.
fn pair_ends(input: &[u16], position: usize) -> bool {
    position > 0
        && input.get(position - 1).is_some_and(|unit| unit & 0xfc00 == 0xd800)
        && input.get(position).is_some_and(|unit| unit & 0xfc00 == 0xdc00)
}

fn holds(assertion: Assertion, sets: &[CharSet], input: &[u16], position: usize) -> bool {
    let line_end = |unit: Option<&u16>| matches!(unit, Some(0x0a | 0x0d | 0x2028 | 0x2029));
    let before = position.checked_sub(1).and_then(|i| input.get(i));
    match assertion {
        Assertion::Start { multiline } => position == 0 || multiline && line_end(before),
        Assertion::End { multiline } => position == input.len() || multiline && line_end(input.get(position)),
        Assertion::WordBoundary { negated, words } => {
            let words = &sets[words.0 as usize];
            let word = |unit: Option<&u16>| unit.is_some_and(|&unit| words.contains(u32::from(unit)));
            (word(before) != word(input.get(position))) != negated
        }
    }
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(UNSET)
}
