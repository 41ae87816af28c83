//! Characters of the pattern: looking at them, and stepping over them.

use super::SyntaxError;
use super::parser::Parser;

impl Parser {
    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    /// The character ahead; a surrogate stands as U+FFFD, which has no meaning in a pattern either.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).map(|&c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        self.at += usize::from(here);
        here
    }

    pub(super) fn eat_all(&mut self, word: &str) -> bool {
        let here = word.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c));
        if here {
            self.at += word.chars().count();
        }
        here
    }

    pub(super) fn fail<T>(&self, message: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { position: self.position(self.at), message })
    }

    pub(super) fn position(&self, at: usize) -> usize {
        self.offsets.get(at).or(self.offsets.last()).map_or(0, |&offset| offset as usize)
    }
}

pub(super) fn join_surrogates(high: u32, low: u32) -> u32 {
    0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff)
}

/// Counts capture groups ahead of parsing, skipping escapes and classes.
pub(super) fn count_groups(text: &[u32], nested_classes: bool) -> (u32, bool) {
    let is = |i: usize, c: char| text.get(i) == Some(&u32::from(c));
    let (mut count, mut names, mut class) = (0, false, 0u32);
    let mut i = 0;
    while i < text.len() {
        if is(i, '\\') {
            i += 1;
        } else if is(i, '[') {
            if class == 0 || nested_classes {
                class += 1;
            }
        } else if is(i, ']') {
            class = class.saturating_sub(1);
        } else if class == 0 && is(i, '(') {
            if !is(i + 1, '?') {
                count += 1;
            } else if is(i + 2, '<') && !is(i + 3, '=') && !is(i + 3, '!') {
                count += 1;
                names = true;
            }
        }
        i += 1;
    }
    (count, names)
}
