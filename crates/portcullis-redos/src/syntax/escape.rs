//! What follows a backslash outside of a class, group names, and the escapes both share.

use super::SyntaxError;
use super::ast::{Node, NodeId};
use super::parser::Parser;
use super::reader::join_surrogates;
use crate::unicode::{CharSet, is_id_continue, is_id_start, property, property_of_strings};

impl Parser {
    /// Reads an escape that is an atom, the backslash included.
    pub(super) fn atom_escape(&mut self) -> Result<NodeId, SyntaxError> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            None => self.fail("\\ at end of pattern"),
            Some('1'..='9') => {
                let digits = self.at;
                let number = self.number().unwrap_or(u32::MAX);
                if self.is_group(number) {
                    return Ok(self.back_reference(vec![number]));
                }
                self.at = digits;
                if self.strict {
                    return self.fail("reference to a group that is not there");
                }
                let c = self.legacy_octal();
                Ok(self.char_node(c))
            }
            Some('k') if self.strict || self.has_names => {
                self.at += 1;
                if !self.eat('<') {
                    return self.fail("invalid named reference");
                }
                let name = self.group_name()?;
                Ok(self.named_reference(name, start))
            }
            Some('p' | 'P') if self.pattern.flags.unicode_sets && self.is_property_of_strings() => {
                let alternatives = self.strings_of_property()?;
                let alternatives: Vec<NodeId> = alternatives
                    .into_iter()
                    .map(|sets| {
                        let nodes = sets.into_iter().map(|set| self.set_node(set)).collect();
                        self.pattern.push(Node::Concat(nodes))
                    })
                    .collect();
                Ok(self.pattern.push(Node::Alternation(alternatives)))
            }
            Some(_) => {
                if let Some(set) = self.class_escape()? {
                    let id = self.pattern.intern(set);
                    return Ok(self.pattern.push(Node::Set(id)));
                }
                let c = self.character_escape(false)?;
                Ok(self.char_node(c))
            }
        }
    }

    /// `\d \D \s \S \w \W \p{} \P{}` after the backslash, case already folded; `None` if it is another escape.
    pub(super) fn class_escape(&mut self) -> Result<Option<CharSet>, SyntaxError> {
        let max = self.pattern.max_char();
        let Some(letter) = self.peek() else {
            return self.fail("\\ at end of pattern");
        };
        let set = match letter {
            'd' | 'D' => CharSet::digits(),
            's' | 'S' => CharSet::space(),
            'w' | 'W' => self.word_set(),
            'p' | 'P' if self.strict => {
                self.at += 1;
                let set = self.property_set()?;
                // With `u` the complement is folded, with `v` the folded set is complemented
                // (ECMA-262 22.2.2.9, MaybeSimpleCaseFolding).
                return Ok(Some(match (letter, self.pattern.flags.unicode_sets) {
                    ('p', _) => self.folded(set),
                    (_, true) => self.folded(set).complement(max),
                    (_, false) => self.folded(set.complement(max)),
                }));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        let set = if letter.is_ascii_uppercase() { set.complement(max) } else { set };
        Ok(Some(self.folded(set)))
    }

    fn property_set(&mut self) -> Result<CharSet, SyntaxError> {
        let start = self.at;
        let (name, value) = self.property_name()?;
        property(&name, value.as_deref()).ok_or(()).or_else(|()| {
            self.at = start;
            self.fail("unknown property")
        })
    }

    pub(super) fn is_property_of_strings(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        let known = self
            .property_name()
            .is_ok_and(|(name, value)| value.is_none() && property_of_strings(&name).is_some());
        self.at = start;
        known
    }

    pub(super) fn strings_of_property(&mut self) -> Result<Vec<Vec<CharSet>>, SyntaxError> {
        let negated = self.peek() == Some('P');
        self.at += 1;
        if negated {
            return self.fail("a property of strings cannot be negated");
        }
        let (name, _) = self.property_name()?;
        Ok(property_of_strings(&name).unwrap_or_default())
    }

    fn property_name(&mut self) -> Result<(String, Option<String>), SyntaxError> {
        if !self.eat('{') {
            return self.fail("invalid property name");
        }
        let read = |parser: &mut Self| {
            let mut word = String::new();
            while let Some(c) = parser.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
                word.push(c);
                parser.at += 1;
            }
            word
        };
        let name = read(self);
        let value = self.eat('=').then(|| read(self));
        if self.eat('}') { Ok((name, value)) } else { self.fail("invalid property name") }
    }

    /// One character after the backslash.
    pub(super) fn character_escape(&mut self, in_class: bool) -> Result<u32, SyntaxError> {
        let Some(c) = self.peek() else {
            return self.fail("\\ at end of pattern");
        };
        let code = self.text.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        Ok(match c {
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'v' => 0x0b,
            'b' if in_class => 0x08,
            '-' if in_class && self.strict => code,
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    u32::from(letter) % 32
                }
                Some(letter) if in_class && !self.strict && (letter.is_ascii_digit() || letter == '_') => {
                    self.at += 1;
                    u32::from(letter) % 32
                }
                _ if self.strict => return self.fail("invalid control escape"),
                // Annex B: the backslash is itself, the `c` is read again.
                _ => {
                    self.at -= 1;
                    u32::from('\\')
                }
            },
            '0'..='7' if !self.strict => {
                self.at -= 1;
                self.legacy_octal()
            }
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => 0,
            '0'..='9' if self.strict => return self.fail("invalid decimal escape"),
            'x' => match self.hex(2) {
                Some(value) => value,
                None if self.strict => return self.fail("invalid escape"),
                None => code,
            },
            'u' => match self.unicode_escape(self.strict)? {
                Some(value) => value,
                None if self.strict => return self.fail("invalid Unicode escape"),
                None => code,
            },
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/' => code,
            'k' if self.has_names && !self.strict => return self.fail("invalid escape"),
            _ if self.strict => return self.fail("invalid escape"),
            _ => code,
        })
    }

    /// Annex B: up to three octal digits up to 0o377; `\8` and `\9` are themselves.
    fn legacy_octal(&mut self) -> u32 {
        let mut value = 0;
        for digits in 0..3 {
            match self.peek().and_then(|c| c.to_digit(8)) {
                Some(digit) if value * 8 + digit <= 0o377 => {
                    value = value * 8 + digit;
                    self.at += 1;
                }
                None if digits == 0 => {
                    let code = self.text.get(self.at).copied().unwrap_or_default();
                    self.at += 1;
                    return code;
                }
                _ => break,
            }
        }
        value
    }

    fn hex(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for i in 0..count {
            value = value * 16 + self.peek_at(i)?.to_digit(16)?;
        }
        self.at += count;
        Some(value)
    }

    /// After `\u`: four digits, and with `u` or in a name also `{...}` and pairs of surrogates.
    fn unicode_escape(&mut self, code_points: bool) -> Result<Option<u32>, SyntaxError> {
        if code_points && self.eat('{') {
            let mut value: Option<u32> = None;
            while let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) {
                value = Some(value.unwrap_or(0).saturating_mul(16).saturating_add(digit));
                self.at += 1;
            }
            return match value.filter(|&v| v <= 0x10_ffff && self.eat('}')) {
                Some(value) => Ok(Some(value)),
                None => self.fail("invalid Unicode escape"),
            };
        }
        let Some(unit) = self.hex(4) else { return Ok(None) };
        if code_points && unit & 0xfc00 == 0xd800 {
            let after = self.at;
            if self.eat_all("\\u")
                && let Some(low) = self.hex(4).filter(|low| low & 0xfc00 == 0xdc00)
            {
                return Ok(Some(join_surrogates(unit, low)));
            }
            self.at = after;
        }
        Ok(Some(unit))
    }

    /// A group name up to its `>`, the `<` already read.
    pub(super) fn group_name(&mut self) -> Result<Vec<u32>, SyntaxError> {
        let mut name = Vec::new();
        loop {
            let Some(&code) = self.text.get(self.at) else {
                return self.fail("group name is not closed");
            };
            if code == u32::from('>') && !name.is_empty() {
                self.at += 1;
                return Ok(name);
            }
            let before = self.at;
            self.at += 1;
            let c = if code == u32::from('\\') {
                if !self.eat('u') {
                    return self.fail("invalid group name");
                }
                match self.unicode_escape(true)? {
                    Some(c) => c,
                    None => return self.fail("invalid group name"),
                }
            } else {
                match self.text.get(self.at) {
                    Some(&low) if code & 0xffff_fc00 == 0xd800 && low & 0xffff_fc00 == 0xdc00 => {
                        self.at += 1;
                        join_surrogates(code, low)
                    }
                    _ => code,
                }
            };
            let dollar = c == u32::from('$') || c == u32::from('_');
            let joiner = matches!(c, 0x200c | 0x200d);
            let allowed = if name.is_empty() {
                dollar || is_id_start(c)
            } else {
                dollar || joiner || is_id_continue(c)
            };
            if !allowed {
                self.at = before;
                return self.fail("invalid group name");
            }
            name.push(c);
        }
    }
}
