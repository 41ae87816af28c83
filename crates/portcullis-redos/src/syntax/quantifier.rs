//! `*`, `+`, `?`, `{n,m}`, and what follows them.

use super::SyntaxError;
use super::ast::{Node, NodeId, UNBOUNDED};
use super::parser::Parser;

impl Parser {
    /// The term that `body` and the quantifier that may follow make; `atom` is where `body` began.
    pub(super) fn quantified(
        &mut self,
        body: NodeId,
        allowed: bool,
        captures_before: u32,
        atom: usize,
    ) -> Result<NodeId, SyntaxError> {
        let start = self.at;
        let (min, max) = match self.peek() {
            Some('*') => (0, UNBOUNDED),
            Some('+') => (1, UNBOUNDED),
            Some('?') => (0, 1),
            Some('{') => match self.braces()? {
                Some(bounds) => {
                    self.at -= 1;
                    bounds
                }
                None if self.strict => return self.fail("incomplete quantifier"),
                None => {
                    self.at = start;
                    return Ok(body);
                }
            },
            _ => return Ok(body),
        };
        if !allowed {
            self.at = start;
            return self.fail("nothing to repeat");
        }
        self.at += 1;
        let greedy = !self.eat('?');
        let captures = captures_before + 1..self.pattern.captures + 1;
        let repeat = self.pattern.push(Node::Repeat { body, min, max, greedy, captures });
        self.span(repeat, atom, start);
        Ok(repeat)
    }

    /// `{2}`, `{2,}`, `{2,3}`; `None`, and nothing read for certain, if it is none of these.
    pub(super) fn braces(&mut self) -> Result<Option<(u32, u32)>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let Some(min) = self.number() else { return Ok(None) };
        let max = if self.eat(',') {
            if self.peek() == Some('}') { Some(UNBOUNDED) } else { self.number() }
        } else {
            Some(min)
        };
        let Some(max) = max.filter(|_| self.eat('}')) else {
            return Ok(None);
        };
        if max < min {
            self.at = start;
            return self.fail("numbers out of order in quantifier");
        }
        Ok(Some((min, max)))
    }

    /// Decimal digits; a number that is too large is the largest.
    pub(super) fn number(&mut self) -> Option<u32> {
        let mut value: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            self.at += 1;
        }
        value
    }
}
