//! Patterns that mean the same, and texts to test that on.

use crate::attack::Attack;
use crate::syntax::{Flags, Node, NodeId, Pattern, UNBOUNDED, parse};

/// Every text that one step of rewriting makes of a pattern. Whether it means the same is for the caller to test.
pub(crate) fn edits(pattern: &str, flags: Flags) -> Vec<String> {
    let units: Vec<u16> = pattern.encode_utf16().collect();
    let Ok(tree) = parse(&units, flags) else {
        return Vec::new();
    };
    let editor = Editor { units: &units, tree: &tree };
    let mut edits = Vec::new();
    for (index, node) in tree.nodes().iter().enumerate() {
        let id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
        match node {
            Node::Repeat { body, min, max: UNBOUNDED, greedy: true, .. } => {
                edits.extend(editor.nested(id, *body, *min));
                edits.extend(editor.alternatives(*body));
            }
            Node::Concat(nodes) => {
                edits.extend(nodes.windows(2).filter_map(|pair| match pair {
                    [first, second] => editor.adjacent(*first, *second),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    if !flags.global && !flags.sticky {
        edits.extend(editor.start_of_run());
    }
    edits
}

struct Editor<'a> {
    units: &'a [u16],
    tree: &'a Pattern,
}

impl Editor<'_> {
    /// `(x+)+` is `(x+)`, and `(x+)*` is `(x+)?`.
    fn nested(&self, outer: NodeId, body: NodeId, min: u32) -> Option<String> {
        let Node::Repeat { body: inner, max: UNBOUNDED, greedy: true, .. } =
            self.tree.node(self.inside(body))
        else {
            return None;
        };
        if min > 1 || !matches!(self.tree.node(*inner), Node::Set(_)) {
            return None;
        }
        let span = self.tree.span(outer);
        self.replace(span.quantifier, span.end, if min == 0 { "?" } else { "" })
    }

    /// `a|\w` under a repetition is `[a\w]`.
    fn alternatives(&self, body: NodeId) -> Option<String> {
        let Node::Alternation(choices) = self.tree.node(self.inside(body)) else {
            return None;
        };
        let mut class = String::from("[");
        for &choice in choices {
            if !matches!(self.tree.node(choice), Node::Set(_)) {
                return None;
            }
            let span = self.tree.span(choice);
            let piece = self.text(span.start, span.end)?;
            match piece.strip_prefix('[').and_then(|piece| piece.strip_suffix(']')) {
                Some(members) if !members.starts_with('^') => class.push_str(members),
                Some(_) => return None,
                None if piece == "." => return None,
                None if matches!(piece.as_str(), "-" | "^" | "]") => {
                    class.extend(['\\', piece.chars().next()?]);
                }
                None => class.push_str(&piece),
            }
        }
        class.push(']');
        let (first, last) = (choices.first()?, choices.last()?);
        self.replace(self.tree.span(*first).start, self.tree.span(*last).end, &class)
    }

    /// `x*x+` is `x+`.
    fn adjacent(&self, first: NodeId, second: NodeId) -> Option<String> {
        let endless = |id| match self.tree.node(id) {
            Node::Repeat { body, min, max: UNBOUNDED, greedy: true, .. } => match self.tree.node(*body) {
                Node::Set(set) => Some((*set, *min)),
                _ => None,
            },
            _ => None,
        };
        let ((set, min), (other, more)) = (endless(first)?, endless(second)?);
        if set != other {
            return None;
        }
        let quantifier = match min.checked_add(more)? {
            0 => "*".to_owned(),
            1 => "+".to_owned(),
            min => format!("{{{min},}}"),
        };
        self.replace(self.tree.span(first).quantifier, self.tree.span(second).end, &quantifier)
    }

    /// A search for `x+...` need only start where a run of `x` does.
    fn start_of_run(&self) -> Option<String> {
        let mut first = self.tree.root;
        loop {
            match self.tree.node(first) {
                Node::Concat(nodes) => first = *nodes.first()?,
                Node::Capture { body, .. } => first = *body,
                Node::Repeat { body, max: UNBOUNDED, min: 0 | 1, greedy: true, .. } => {
                    let Node::Set(_) = self.tree.node(*body) else {
                        return None;
                    };
                    let span = self.tree.span(*body);
                    return self.replace(0, 0, &format!("(?<!{})", self.text(span.start, span.end)?));
                }
                _ => return None,
            }
        }
    }

    /// The body of a group around nothing else.
    fn inside(&self, mut id: NodeId) -> NodeId {
        while let Node::Capture { body, .. } = self.tree.node(id) {
            id = *body;
        }
        id
    }

    fn text(&self, start: usize, end: usize) -> Option<String> {
        String::from_utf16(self.units.get(start..end)?).ok()
    }

    fn replace(&self, start: usize, end: usize, with: &str) -> Option<String> {
        Some(self.text(0, start)? + with + &self.text(end, self.units.len())?)
    }
}

/// Texts that the pattern may match, or just not match: the attack, and texts grown from the tree.
pub(crate) fn samples(tree: &Pattern, attack: &Attack) -> Vec<Vec<u16>> {
    const GROWN: u64 = 300;
    let mut samples: Vec<Vec<u16>> = (0..8).map(|pumps| attack.text(pumps)).collect();
    samples.extend((0..8).map(|pumps| Attack { suffix: "".into(), ..attack.clone() }.text(pumps)));
    for seed in 0..GROWN {
        let mut grower = Grower { tree, seed, text: Vec::new() };
        grower.node(tree.root, 0);
        let mut text = grower.text;
        if seed % 3 == 1 {
            // One character changed or dropped.
            let at = usize::try_from(grower.seed % (text.len() as u64 + 1)).unwrap_or(0);
            if at < text.len() {
                text.remove(at);
            } else {
                text.push(0x21);
            }
        }
        if seed % 5 == 2 {
            text.splice(0..0, [0x20, 0x61]);
        }
        samples.push(text);
    }
    samples
}

struct Grower<'a> {
    tree: &'a Pattern,
    seed: u64,
    text: Vec<u16>,
}

impl Grower<'_> {
    fn node(&mut self, id: NodeId, depth: u32) {
        const MAX_TEXT: usize = 200;
        if depth > 300 || self.text.len() > MAX_TEXT {
            return;
        }
        match self.tree.node(id) {
            Node::Empty | Node::Assertion(_) | Node::Look { .. } | Node::BackReference { .. } => {}
            Node::Set(set) => {
                if let Some(set) = self.tree.sets().get(set.0 as usize) {
                    let range = self.below(set.ranges().len());
                    if let Some(&(low, high)) = set.ranges().get(range) {
                        let c =
                            low + u32::try_from(self.below((high - low).min(40) as usize + 1)).unwrap_or(0);
                        let mut units = [0; 2];
                        match char::from_u32(c) {
                            Some(c) => self.text.extend_from_slice(c.encode_utf16(&mut units)),
                            None => self.text.extend(u16::try_from(c)),
                        }
                    }
                }
            }
            Node::Concat(nodes) => {
                for &node in nodes {
                    self.node(node, depth + 1);
                }
            }
            Node::Alternation(nodes) => {
                let choice = self.below(nodes.len());
                if let Some(&node) = nodes.get(choice) {
                    self.node(node, depth + 1);
                }
            }
            Node::Capture { body, .. } => self.node(*body, depth + 1),
            Node::Repeat { body, min, max, .. } => {
                let times =
                    (*min).saturating_add(u32::try_from(self.below(4)).unwrap_or(0)).min(*max).min(30);
                for _ in 0..times {
                    self.node(*body, depth + 1);
                }
            }
        }
    }

    /// splitmix64.
    fn below(&mut self, limit: usize) -> usize {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from(z ^ (z >> 31)).unwrap_or(0).checked_rem(limit).unwrap_or(0)
    }
}
