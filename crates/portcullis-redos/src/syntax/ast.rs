//! The tree of a pattern, in an arena so that no depth of nesting can overflow the stack.
//!
//! Flags are resolved while parsing: sets are closed under case where `i` holds, `.` and assertions know their
//! lines. What comes after the parser never looks at flags again, except for how the text is read.

use std::collections::HashMap;
use std::ops::Range;

use super::Flags;
use crate::unicode::{Canonical, CharSet};

/// No upper bound on a repetition.
pub(crate) const UNBOUNDED: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SetId(pub(crate) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assertion {
    Start {
        multiline: bool,
    },
    End {
        multiline: bool,
    },
    /// `words` are the word characters where it stands: more with `i` and `u`.
    WordBoundary {
        negated: bool,
        words: SetId,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Empty,
    Set(SetId),
    Concat(Vec<NodeId>),
    Alternation(Vec<NodeId>),
    Capture {
        index: u32,
        body: NodeId,
    },
    Repeat {
        body: NodeId,
        min: u32,
        max: u32,
        greedy: bool,
        captures: Range<u32>,
    },
    Assertion(Assertion),
    Look {
        body: NodeId,
        ahead: bool,
        negated: bool,
    },
    /// More than one group when a name is given twice.
    BackReference {
        groups: Vec<u32>,
        ignore_case: Option<Canonical>,
    },
}

/// Where a node stands in the pattern, in UTF-16 code units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Of a repetition: where its quantifier begins.
    pub(crate) quantifier: usize,
}

#[derive(Debug)]
pub(crate) struct Pattern {
    nodes: Vec<Node>,
    spans: Vec<Span>,
    sets: Vec<CharSet>,
    set_ids: HashMap<CharSet, SetId>,
    pub(crate) root: NodeId,
    pub(crate) flags: Flags,
    /// Capture groups, without the whole match.
    pub(crate) captures: u32,
    /// Levels of the deepest node: what walks the tree by recursion looks here first.
    pub(crate) depth: u32,
    pub(crate) has_look: bool,
    pub(crate) has_back_reference: bool,
    /// Uses what came after ECMAScript 2024: modifiers, names given twice.
    pub(crate) es2025: bool,
}

impl Pattern {
    pub(crate) fn new(flags: Flags) -> Self {
        Self {
            nodes: Vec::new(),
            spans: Vec::new(),
            sets: Vec::new(),
            set_ids: HashMap::new(),
            root: NodeId(0),
            flags,
            captures: 0,
            depth: 0,
            has_look: false,
            has_back_reference: false,
            es2025: false,
        }
    }

    pub(crate) fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.spans.push(Span::default());
        NodeId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
    }

    pub(crate) fn intern(&mut self, set: CharSet) -> SetId {
        if let Some(&id) = self.set_ids.get(&set) {
            return id;
        }
        let id = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(set.clone());
        self.set_ids.insert(set, id);
        id
    }

    #[allow(clippy::indexing_slicing, reason = "ids are only made by `push`")]
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Known for characters, classes, captures, lookaround and repetition.
    #[allow(clippy::indexing_slicing, reason = "ids are only made by `push`")]
    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.spans[id.0 as usize]
    }

    pub(crate) fn sets(&self) -> &[CharSet] {
        &self.sets
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The largest character: a code point, or a code unit without `u` and `v`.
    pub(crate) fn max_char(&self) -> u32 {
        if self.flags.code_points() { 0x10_ffff } else { 0xffff }
    }
}

impl Pattern {
    pub(super) fn set_span(&mut self, id: NodeId, span: Span) {
        if let Some(slot) = self.spans.get_mut(id.0 as usize) {
            *slot = span;
        }
    }

    /// Fills in the groups of a reference by name.
    pub(super) fn set_groups(&mut self, id: NodeId, indices: Vec<u32>) {
        if let Some(Node::BackReference { groups, .. }) = self.nodes.get_mut(id.0 as usize) {
            *groups = indices;
        }
    }
}
