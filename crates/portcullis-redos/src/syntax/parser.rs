//! Terms, groups and quantifiers. Groups are kept on a stack of our own, not on the machine's.

use std::collections::HashMap;

use super::ast::{Assertion, Node, NodeId, Pattern, Span};
use super::name::{GroupName, check_duplicates};
use super::reader::{count_groups, join_surrogates};
use super::{Flags, SyntaxError};
use crate::unicode::{Canonical, CharSet, close_over_case};

/// Parses `pattern`, UTF-16 code units.
pub(crate) fn parse(pattern: &[u16], flags: Flags) -> Result<Pattern, SyntaxError> {
    let mut parser = Parser::new(pattern, flags);
    parser.disjunction()?;
    parser.resolve_names()?;
    Ok(parser.pattern)
}

#[allow(clippy::struct_excessive_bools, reason = "the flags as they hold where the parser is")]
pub(super) struct Parser {
    /// Code points with `u` or `v`, code units else.
    pub(super) text: Vec<u32>,
    /// Offset of each in code units.
    pub(super) offsets: Vec<u32>,
    pub(super) at: usize,
    pub(super) pattern: Pattern,
    /// `u` or `v`: Annex B does not hold.
    pub(super) strict: bool,
    pub(super) ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    /// Capture groups in the whole pattern: whether `\2` is a reference depends on what comes later.
    group_count: u32,
    /// Any named group in the pattern makes `\k` a reference.
    pub(super) has_names: bool,
    names: Vec<GroupName>,
    /// References by name, to be filled in at the end: node, name, position.
    named_references: Vec<(NodeId, Vec<u32>, usize)>,
    disjunctions: u32,
    /// What `folded` answered before: patterns repeat their sets.
    folded: HashMap<CharSet, CharSet>,
}

enum GroupKind {
    Whole,
    Plain,
    Capture(u32),
    Look { ahead: bool, negated: bool },
}

/// A group that is still open.
struct Frame {
    kind: GroupKind,
    alternatives: Vec<NodeId>,
    terms: Vec<NodeId>,
    /// Captures opened before the last term, for the quantifier that may follow it.
    captures_before: u32,
    place: (u32, u32),
    flags_outside: (bool, bool, bool),
    start: usize,
}

impl Parser {
    fn new(units: &[u16], flags: Flags) -> Self {
        let strict = flags.code_points();
        let mut text = Vec::with_capacity(units.len());
        let mut offsets = Vec::with_capacity(units.len() + 1);
        let mut at = 0;
        while let Some(&unit) = units.get(at) {
            let low = units.get(at + 1).copied();
            offsets.push(u32::try_from(at).unwrap_or(u32::MAX));
            match low {
                Some(low) if strict && unit & 0xfc00 == 0xd800 && low & 0xfc00 == 0xdc00 => {
                    text.push(join_surrogates(u32::from(unit), u32::from(low)));
                    at += 2;
                }
                _ => {
                    text.push(u32::from(unit));
                    at += 1;
                }
            }
        }
        offsets.push(u32::try_from(at).unwrap_or(u32::MAX));
        let (group_count, has_names) = count_groups(&text, flags.unicode_sets);
        Self {
            text,
            offsets,
            at: 0,
            pattern: Pattern::new(flags),
            strict,
            ignore_case: flags.ignore_case,
            multiline: flags.multiline,
            dot_all: flags.dot_all,
            group_count,
            has_names,
            names: Vec::new(),
            named_references: Vec::new(),
            disjunctions: 0,
            folded: HashMap::new(),
        }
    }

    fn disjunction(&mut self) -> Result<(), SyntaxError> {
        let mut open = vec![self.frame(GroupKind::Whole)];
        let mut deepest = 1;
        loop {
            let depth = open.len();
            let Some(frame) = open.last_mut() else { break };
            frame.captures_before = self.pattern.captures;
            match self.peek() {
                None if depth > 1 => return self.fail("group is not closed"),
                None => {
                    let Some(frame) = open.pop() else { break };
                    self.pattern.root = self.close(frame);
                }
                Some('|') => {
                    self.at += 1;
                    let alternative = self.concat(std::mem::take(&mut frame.terms));
                    frame.alternatives.push(alternative);
                    frame.place.1 += 1;
                }
                Some('(') => {
                    let frame = self.open_group(&open)?;
                    open.push(frame);
                    deepest = deepest.max(open.len());
                }
                Some(')') => {
                    let Some(frame) = open.pop().filter(|_| !open.is_empty()) else {
                        return self.fail("unmatched ')'");
                    };
                    self.at += 1;
                    (self.ignore_case, self.multiline, self.dot_all) = frame.flags_outside;
                    let quantifiable = match frame.kind {
                        GroupKind::Look { ahead, .. } => ahead && !self.strict,
                        _ => true,
                    };
                    let start = frame.start;
                    let has_span = !matches!(frame.kind, GroupKind::Plain);
                    let node = self.close(frame);
                    if has_span {
                        self.span(node, start, start);
                    }
                    if let Some(outer) = open.last_mut() {
                        // Its captures were counted from where the group was opened.
                        let captures_before = outer.captures_before;
                        let term = self.quantified(node, quantifiable, captures_before, start)?;
                        if let Some(outer) = open.last_mut() {
                            outer.terms.push(term);
                        }
                    }
                }
                Some(_) => {
                    let (captures_before, start) = (self.pattern.captures, self.at);
                    let (node, quantifiable) = self.atom()?;
                    self.span(node, start, start);
                    let term = self.quantified(node, quantifiable, captures_before, start)?;
                    if let Some(frame) = open.last_mut() {
                        frame.terms.push(term);
                    }
                }
            }
        }
        self.pattern.depth = u32::try_from(deepest).unwrap_or(u32::MAX);
        Ok(())
    }

    fn frame(&mut self, kind: GroupKind) -> Frame {
        self.disjunctions += 1;
        Frame {
            kind,
            alternatives: Vec::new(),
            terms: Vec::new(),
            captures_before: self.pattern.captures,
            place: (self.disjunctions, 0),
            flags_outside: (self.ignore_case, self.multiline, self.dot_all),
            start: self.at,
        }
    }

    fn open_group(&mut self, open: &[Frame]) -> Result<Frame, SyntaxError> {
        let start = self.at;
        let mut frame = self.read_group_head(open)?;
        frame.start = start;
        Ok(frame)
    }

    fn read_group_head(&mut self, open: &[Frame]) -> Result<Frame, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let kind = if self.eat_all("?:") {
            GroupKind::Plain
        } else if self.eat_all("?=") {
            GroupKind::Look { ahead: true, negated: false }
        } else if self.eat_all("?!") {
            GroupKind::Look { ahead: true, negated: true }
        } else if self.eat_all("?<=") {
            GroupKind::Look { ahead: false, negated: false }
        } else if self.eat_all("?<!") {
            GroupKind::Look { ahead: false, negated: true }
        } else if self.eat_all("?<") {
            let name = self.group_name()?;
            self.pattern.captures += 1;
            let group = GroupName {
                name,
                index: self.pattern.captures,
                place: open.iter().map(|frame| frame.place).collect(),
            };
            if check_duplicates(&self.names, &group, self.position(start))? {
                self.pattern.es2025 = true;
            }
            self.names.push(group);
            GroupKind::Capture(self.pattern.captures)
        } else if self.eat('?') {
            let outside = (self.ignore_case, self.multiline, self.dot_all);
            self.modifiers()?;
            let mut frame = self.frame(GroupKind::Plain);
            frame.flags_outside = outside;
            return Ok(frame);
        } else {
            self.pattern.captures += 1;
            GroupKind::Capture(self.pattern.captures)
        };
        if matches!(kind, GroupKind::Look { .. }) {
            self.pattern.has_look = true;
        }
        Ok(self.frame(kind))
    }

    /// `(?ims-ims:`, after the question mark.
    fn modifiers(&mut self) -> Result<(), SyntaxError> {
        let mut seen = [false; 3];
        let (mut on, mut letters) = (true, 0);
        loop {
            let which = match self.peek() {
                Some('i') => 0,
                Some('m') => 1,
                Some('s') => 2,
                Some('-') if on => {
                    on = false;
                    self.at += 1;
                    continue;
                }
                Some(':') if letters > 0 => {
                    self.at += 1;
                    self.pattern.es2025 = true;
                    return Ok(());
                }
                _ => return self.fail("invalid group"),
            };
            let flag = match which {
                0 => &mut self.ignore_case,
                1 => &mut self.multiline,
                _ => &mut self.dot_all,
            };
            *flag = on;
            if let Some(seen) = seen.get_mut(which)
                && std::mem::replace(seen, true)
            {
                return self.fail("modifier given twice");
            }
            letters += 1;
            self.at += 1;
        }
    }

    fn close(&mut self, mut frame: Frame) -> NodeId {
        let last = self.concat(frame.terms);
        let body = if frame.alternatives.is_empty() {
            last
        } else {
            frame.alternatives.push(last);
            self.pattern.push(Node::Alternation(frame.alternatives))
        };
        match frame.kind {
            GroupKind::Whole | GroupKind::Plain => body,
            GroupKind::Capture(index) => self.pattern.push(Node::Capture { index, body }),
            GroupKind::Look { ahead, negated } => self.pattern.push(Node::Look { body, ahead, negated }),
        }
    }

    fn concat(&mut self, terms: Vec<NodeId>) -> NodeId {
        match terms.as_slice() {
            [] => self.pattern.push(Node::Empty),
            [only] => *only,
            _ => self.pattern.push(Node::Concat(terms)),
        }
    }

    /// One atom or assertion that is not a group, and whether a quantifier may follow.
    fn atom(&mut self) -> Result<(NodeId, bool), SyntaxError> {
        let Some(c) = self.peek() else {
            return self.fail("pattern ends too early");
        };
        let node = match c {
            '^' | '$' => {
                self.at += 1;
                let multiline = self.multiline;
                let assertion =
                    if c == '^' { Assertion::Start { multiline } } else { Assertion::End { multiline } };
                return Ok((self.pattern.push(Node::Assertion(assertion)), false));
            }
            '\\' if matches!(self.peek_at(1), Some('b' | 'B')) => {
                let negated = self.peek_at(1) == Some('B');
                self.at += 2;
                let words = self.word_set();
                let words = self.pattern.intern(words);
                return Ok((
                    self.pattern.push(Node::Assertion(Assertion::WordBoundary { negated, words })),
                    false,
                ));
            }
            '\\' => self.atom_escape()?,
            '.' => {
                self.at += 1;
                let all = CharSet::new(vec![(0, self.pattern.max_char())]);
                let set = if self.dot_all { all } else { all.difference(&CharSet::line_terminators()) };
                // Line ends have no case.
                let id = self.pattern.intern(set);
                self.pattern.push(Node::Set(id))
            }
            '[' => self.class()?,
            '*' | '+' | '?' => return self.fail("nothing to repeat"),
            '{' if self.strict => return self.fail("nothing to repeat"),
            '{' => {
                let before = self.at;
                if self.braces()?.is_some() {
                    self.at = before;
                    return self.fail("nothing to repeat");
                }
                self.at = before + 1;
                self.char_node(u32::from('{'))
            }
            ']' | '}' if self.strict => return self.fail("lone bracket"),
            _ => {
                let code = self.text.get(self.at).copied().unwrap_or_default();
                self.at += 1;
                self.char_node(code)
            }
        };
        Ok((node, true))
    }

    /// Notes that a node reaches from `start` to here.
    pub(super) fn span(&mut self, node: NodeId, start: usize, quantifier: usize) {
        let [start, quantifier, end] = [start, quantifier, self.at].map(|at| self.position(at));
        self.pattern.set_span(node, Span { start, end, quantifier });
    }

    /// A number below the count of groups is a reference; in Annex B anything else is an octal escape.
    pub(super) fn is_group(&self, number: u32) -> bool {
        number <= self.group_count
    }

    pub(super) fn back_reference(&mut self, groups: Vec<u32>) -> NodeId {
        self.pattern.has_back_reference = true;
        let ignore_case = self.ignore_case.then_some(self.canonical());
        self.pattern.push(Node::BackReference { groups, ignore_case })
    }

    pub(super) fn named_reference(&mut self, name: Vec<u32>, start: usize) -> NodeId {
        let node = self.back_reference(Vec::new());
        let position = self.position(start);
        self.named_references.push((node, name, position));
        node
    }

    fn resolve_names(&mut self) -> Result<(), SyntaxError> {
        for (node, name, position) in std::mem::take(&mut self.named_references) {
            let indices: Vec<u32> =
                self.names.iter().filter(|group| group.name == name).map(|group| group.index).collect();
            if indices.is_empty() {
                return Err(SyntaxError { position, message: "reference to a group that is not there" });
            }
            self.pattern.set_groups(node, indices);
        }
        Ok(())
    }

    pub(super) fn char_node(&mut self, c: u32) -> NodeId {
        self.set_node(CharSet::single(c))
    }

    /// A set that the `i` flag has still to widen.
    pub(super) fn set_node(&mut self, set: CharSet) -> NodeId {
        let set = self.folded(set);
        let id = self.pattern.intern(set);
        self.pattern.push(Node::Set(id))
    }

    pub(super) fn folded(&mut self, set: CharSet) -> CharSet {
        if !self.ignore_case {
            return set;
        }
        let mode = self.canonical();
        self.folded.entry(set).or_insert_with_key(|set| close_over_case(set, mode)).clone()
    }

    pub(super) fn canonical(&self) -> Canonical {
        if self.strict { Canonical::SimpleFold } else { Canonical::Uppercase }
    }

    pub(super) fn word_set(&self) -> CharSet {
        if self.strict && self.ignore_case {
            close_over_case(&CharSet::word(), Canonical::SimpleFold)
        } else {
            CharSet::word()
        }
    }
}
