//! `[...]`: ranges, and with `v` nested classes, intersection, subtraction and strings.

use super::SyntaxError;
use super::ast::{Node, NodeId};
use super::parser::Parser;
use crate::unicode::CharSet;

/// What a class with `v` stands for: characters, and strings as sequences of sets.
#[derive(Clone, Default)]
struct ClassContents {
    chars: CharSet,
    strings: Vec<Vec<CharSet>>,
}

/// Nested classes deeper than this are refused, so that nobody's stack overflows; V8 has a limit as well.
const MAX_CLASS_DEPTH: u32 = 200;

impl Parser {
    /// Reads a class, the bracket included.
    pub(super) fn class(&mut self) -> Result<NodeId, SyntaxError> {
        if self.pattern.flags.unicode_sets {
            let contents = self.set_class(0)?;
            return Ok(self.class_node(contents));
        }
        self.at += 1;
        let negated = self.eat('^');
        let mut members = CharSet::default();
        let mut ranges = Vec::new();
        loop {
            if self.eat(']') {
                break;
            }
            let low = self.class_atom()?;
            if self.peek() == Some('-') && !matches!(self.peek_at(1), None | Some(']')) {
                let dash = self.at;
                self.at += 1;
                let high = self.class_atom()?;
                match (low, high) {
                    (Ok(low), Ok(high)) if low > high => {
                        self.at = dash;
                        return self.fail("range out of order in class");
                    }
                    (Ok(low), Ok(high)) => ranges.push((low, high)),
                    _ if self.strict => {
                        self.at = dash;
                        return self.fail("invalid class in range");
                    }
                    (low, high) => {
                        ranges.push((0x2d, 0x2d));
                        for end in [low, high] {
                            add(end, &mut ranges, &mut members);
                        }
                    }
                }
            } else {
                add(low, &mut ranges, &mut members);
            }
        }
        let set = self.folded(members.union(&CharSet::new(ranges)));
        let set = if negated { set.complement(self.pattern.max_char()) } else { set };
        let id = self.pattern.intern(set);
        Ok(self.pattern.push(Node::Set(id)))
    }

    /// One character, or the set of an escape such as `\w`.
    fn class_atom(&mut self) -> Result<Result<u32, CharSet>, SyntaxError> {
        let Some(&code) = self.text.get(self.at) else {
            return self.fail("class is not closed");
        };
        self.at += 1;
        if code != u32::from('\\') {
            return Ok(Ok(code));
        }
        if let Some(set) = self.class_escape()? {
            return Ok(Err(set));
        }
        // Annex B: without a letter after it, `\c` is a backslash and a `c`.
        Ok(Ok(self.character_escape(true)?))
    }

    /// ECMA-262 22.2.1 `ClassContents[UnicodeSetsMode]`, the bracket included.
    fn set_class(&mut self, depth: u32) -> Result<ClassContents, SyntaxError> {
        if depth > MAX_CLASS_DEPTH {
            return self.fail("classes nested too deep");
        }
        let start = self.at;
        self.at += 1;
        let negated = self.eat('^');
        let mut all = ClassContents::default();
        let mut operator: Option<&str> = None;
        let mut operands = 0;
        loop {
            if self.peek().is_none() {
                return self.fail("class is not closed");
            }
            if self.eat(']') {
                break;
            }
            let found = ["&&", "--"].into_iter().find(|word| self.looking_at(word));
            match (found, operator) {
                (Some(word), None) if operands == 1 => operator = Some(word),
                (Some(word), Some(first)) if word == first => {}
                (None, None) => {}
                _ => return self.fail("invalid set operation in class"),
            }
            if operands > 0 && operator.is_some() {
                self.at += 2;
                if operator == Some("&&") && self.peek() == Some('&') {
                    return self.fail("invalid character in class");
                }
            }
            let (operand, is_range) = self.set_operand(depth)?;
            if operator.is_some() && is_range {
                return self.fail("invalid set operation in class");
            }
            operands += if is_range { 2 } else { 1 };
            match operator {
                None => {
                    all.chars = all.chars.union(&operand.chars);
                    all.strings.extend(operand.strings);
                }
                Some("&&") => {
                    all.chars = all.chars.intersection(&operand.chars);
                    all.strings.retain(|string| operand.strings.contains(string));
                }
                Some(_) => {
                    all.chars = all.chars.difference(&operand.chars);
                    all.strings.retain(|string| !operand.strings.contains(string));
                }
            }
        }
        if negated {
            if !all.strings.is_empty() {
                self.at = start;
                return self.fail("negated class may not contain strings");
            }
            all.chars = all.chars.complement(self.pattern.max_char());
        }
        Ok(all)
    }

    /// A nested class, an escape, `\q{...}`, a character, or a range of characters.
    fn set_operand(&mut self, depth: u32) -> Result<(ClassContents, bool), SyntaxError> {
        let chars = |chars| ClassContents { chars, strings: Vec::new() };
        if self.peek() == Some('[') {
            return Ok((self.set_class(depth + 1)?, false));
        }
        if self.peek() == Some('\\') {
            if self.peek_at(1) == Some('q') && self.peek_at(2) == Some('{') {
                self.at += 3;
                return Ok((self.class_strings()?, false));
            }
            self.at += 1;
            if matches!(self.peek(), Some('p' | 'P')) && self.is_property_of_strings() {
                let strings = self.strings_of_property()?;
                return Ok((ClassContents { chars: CharSet::default(), strings }, false));
            }
            if let Some(set) = self.class_escape()? {
                return Ok((chars(set), false));
            }
            self.at -= 1;
        }
        let low = self.set_character()?;
        if self.peek() == Some('-') && self.peek_at(1) != Some('-') {
            self.at += 1;
            let high = self.set_character()?;
            if low > high {
                return self.fail("range out of order in class");
            }
            return Ok((chars(self.folded(CharSet::new(vec![(low, high)]))), true));
        }
        Ok((chars(self.folded(CharSet::single(low))), false))
    }

    /// ECMA-262 22.2.1 `ClassSetCharacter`.
    fn set_character(&mut self) -> Result<u32, SyntaxError> {
        let Some(c) = self.peek() else {
            return self.fail("class is not closed");
        };
        let code = self.text.get(self.at).copied().unwrap_or_default();
        if c == '\\' {
            self.at += 1;
            if let Some(c) = self.peek().filter(|c| "&-!#%,:;<=>@`~".contains(*c)) {
                self.at += 1;
                return Ok(u32::from(c));
            }
            return self.character_escape(true);
        }
        let doubled = self.peek_at(1) == Some(c) && "&!#$%*+,.:;<=>?@^`~".contains(c);
        if doubled || "()[]{}/-|".contains(c) {
            return self.fail("invalid character in class");
        }
        self.at += 1;
        Ok(code)
    }

    /// After `\q{`: strings between bars.
    fn class_strings(&mut self) -> Result<ClassContents, SyntaxError> {
        let mut contents = ClassContents::default();
        let mut string = Vec::new();
        loop {
            match self.peek() {
                None => return self.fail("class string is not closed"),
                Some(end @ ('|' | '}')) => {
                    self.at += 1;
                    let done: Vec<CharSet> = std::mem::take(&mut string);
                    match <[CharSet; 1]>::try_from(done) {
                        Ok([only]) => contents.chars = contents.chars.union(&only),
                        Err(string) => contents.strings.push(string),
                    }
                    if end == '}' {
                        return Ok(contents);
                    }
                }
                Some(_) => {
                    let c = self.set_character()?;
                    string.push(self.folded(CharSet::single(c)));
                }
            }
        }
    }

    /// Strings are tried before characters, the longest first (ECMA-262 22.2.2.9).
    fn class_node(&mut self, mut contents: ClassContents) -> NodeId {
        let chars = self.pattern.intern(contents.chars.clone());
        let chars_node = self.pattern.push(Node::Set(chars));
        if contents.strings.is_empty() {
            return chars_node;
        }
        contents.strings.sort_by_key(|string| std::cmp::Reverse(string.len()));
        let mut alternatives = Vec::new();
        let mut chars_pending = !contents.chars.is_empty();
        for string in contents.strings {
            if string.is_empty() && std::mem::take(&mut chars_pending) {
                alternatives.push(chars_node);
            }
            let nodes = string
                .into_iter()
                .map(|set| {
                    let id = self.pattern.intern(set);
                    self.pattern.push(Node::Set(id))
                })
                .collect::<Vec<_>>();
            let node = if nodes.is_empty() { Node::Empty } else { Node::Concat(nodes) };
            alternatives.push(self.pattern.push(node));
        }
        if chars_pending {
            alternatives.push(chars_node);
        }
        self.pattern.push(Node::Alternation(alternatives))
    }

    fn looking_at(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c))
    }
}

fn add(atom: Result<u32, CharSet>, ranges: &mut Vec<(u32, u32)>, members: &mut CharSet) {
    match atom {
        Ok(c) => ranges.push((c, c)),
        Err(set) => *members = members.union(&set),
    }
}
