//! What the sources import, and whether they use it.
//!
//! The text is read as words, strings and signs, with comments, templates and regular expressions told apart; it is
//! not parsed. That is enough to see `require` and `import` that stand in code, and whether the name that they bind is
//! spoken of again.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileKind, Files};
use crate::location::Location;

/// What the sources import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imports {
    /// Files that were read.
    pub files: usize,
    /// By the name of the package.
    pub packages: BTreeMap<String, Vec<Import>>,
}

/// One import of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// Where.
    pub location: Location,
    /// Whether what it gives is used: called at once, handed on, imported for its effect, or bound to a name that the
    /// file speaks of again.
    pub used: bool,
    /// Whether the file is a test.
    pub in_test: bool,
    /// Names taken out of it (`const { merge } = ...`) and members asked of it (`_.merge`).
    pub members: BTreeSet<String>,
}

impl Imports {
    pub(super) fn read(files: &Files) -> Self {
        let mut imports = Self::default();
        for (path, text) in files.of(FileKind::Source) {
            imports.files += 1;
            for (package, import) in in_file(path, text) {
                imports.packages.entry(package).or_default().push(import);
            }
        }
        imports
    }

    /// Imports of a package, or of a file in it.
    pub fn of(&self, package: &str) -> &[Import] {
        self.packages.get(package).map_or(&[], Vec::as_slice)
    }

    /// Whether anything but a test uses the package.
    pub fn uses(&self, package: &str) -> bool {
        self.of(package).iter().any(|import| import.used && !import.in_test)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Text(&'a str),
    Sign(u8),
}

fn in_file(path: &str, text: &str) -> Vec<(String, Import)> {
    let tokens = tokens(text);
    let in_test = path.split('/').any(|part| {
        matches!(part, "test" | "tests" | "__tests__" | "spec" | "cypress" | "e2e")
            || part.contains(".test.")
            || part.contains(".spec.")
    });
    let lines = crate::location::Lines::new(text);
    let mut found = Vec::new();
    for (index, (token, _)) in tokens.iter().enumerate() {
        let Token::Text(specifier) = token else { continue };
        let Some(package) = package(specifier) else { continue };
        let Some((from, bound)) = import(&tokens, index) else { continue };
        let Some((_, offset)) = tokens.get(from) else { continue };
        let import = Import {
            location: Location::line(path, lines.of(*offset)),
            used: bound.used || bound.names.iter().any(|name| spoken_of_beside(&tokens, name, from, index)),
            in_test,
            members: bound
                .members
                .into_iter()
                .map(ToOwned::to_owned)
                .chain(bound.names.iter().flat_map(|name| members(&tokens, name)).map(ToOwned::to_owned))
                .collect(),
        };
        found.push((package.to_owned(), import));
    }
    found
}

/// What an import gives.
#[derive(Default)]
struct Bound<'a> {
    used: bool,
    names: Vec<&'a str>,
    members: Vec<&'a str>,
}

/// The import whose specifier is the string at `at`: its first token, and what it binds.
fn import<'a>(tokens: &[(Token<'a>, usize)], at: usize) -> Option<(usize, Bound<'a>)> {
    let token = |index: usize| tokens.get(index).map(|(token, _)| *token);
    let before = |back: usize| at.checked_sub(back).and_then(token);
    match (before(2), before(1)) {
        (Some(Token::Word("require" | "import")), Some(Token::Sign(b'('))) => {
            let call = at - 2;
            // `require("x").y` and `require("x")()` use it on the spot.
            let after = token(at + 2);
            let member = match (after, token(at + 3)) {
                (Some(Token::Sign(b'.')), Some(Token::Word(name))) => Some(name),
                _ => None,
            };
            let called = after == Some(Token::Sign(b'('));
            let (first, mut bound) = assigned(tokens, call);
            bound.members.extend(member);
            bound.used |= called && bound.names.is_empty();
            Some((first, bound))
        }
        (_, Some(Token::Word("import"))) => Some((at - 1, Bound { used: true, ..Bound::default() })),
        (_, Some(Token::Word("from"))) => {
            let first = (0..at)
                .rev()
                .take(200)
                .find(|index| matches!(token(*index), Some(Token::Word("import" | "export"))))?;
            if token(first) == Some(Token::Word("export")) {
                return Some((first, Bound { used: true, ..Bound::default() }));
            }
            let clause: Vec<Token<'a>> =
                tokens.get(first + 1..at - 1)?.iter().map(|(token, _)| *token).collect();
            Some((first, pattern(&clause)))
        }
        _ => None,
    }
}

/// What the call at `call` is assigned to: `const a = require(...)`, `a.b = require(...)`, or nothing.
fn assigned<'a>(tokens: &[(Token<'a>, usize)], call: usize) -> (usize, Bound<'a>) {
    let token = |index: usize| tokens.get(index).map(|(token, _)| *token);
    let awaited =
        call.checked_sub(1).filter(|index| token(*index) == Some(Token::Word("await"))).unwrap_or(call);
    let handed_on = (call, Bound { used: true, ..Bound::default() });
    let Some(sign) = awaited.checked_sub(1) else { return (call, Bound { used: true, ..Bound::default() }) };
    if token(sign) != Some(Token::Sign(b'=')) {
        return handed_on;
    }
    let Some(last) = sign.checked_sub(1) else { return handed_on };
    match token(last) {
        Some(Token::Word(name)) => match last.checked_sub(1).and_then(token) {
            // A member of something else: others may read it.
            Some(Token::Sign(b'.')) => handed_on,
            _ => (last, Bound { names: vec![name], ..Bound::default() }),
        },
        Some(Token::Sign(b'}')) => {
            let Some(open) = (0..last).rev().take(200).find(|index| token(*index) == Some(Token::Sign(b'{')))
            else {
                return handed_on;
            };
            let clause: Vec<Token<'a>> = tokens
                .get(open..=last)
                .map(|tokens| tokens.iter().map(|(token, _)| *token).collect())
                .unwrap_or_default();
            (open, pattern(&clause))
        }
        _ => handed_on,
    }
}

/// The names in `a`, `* as a`, `{ a, b as c }`, `{ a, b: c }`, `a, { b }`.
fn pattern<'a>(clause: &[Token<'a>]) -> Bound<'a> {
    let mut bound = Bound::default();
    let mut inside = false;
    let mut renamed = false;
    for token in clause {
        match token {
            Token::Sign(b'{') => inside = true,
            Token::Sign(b'}') => inside = false,
            Token::Sign(b':') | Token::Word("as") => renamed = true,
            Token::Word("type" | "typeof") | Token::Text(_) => {}
            Token::Word(name) => {
                if renamed {
                    bound.names.pop();
                } else if inside {
                    bound.members.push(name);
                }
                bound.names.push(name);
                renamed = false;
            }
            Token::Sign(_) => renamed = false,
        }
    }
    bound
}

/// Whether `name` stands anywhere but between `from` and `to`, and not as a member of something else.
fn spoken_of_beside(tokens: &[(Token<'_>, usize)], name: &str, from: usize, to: usize) -> bool {
    tokens.iter().enumerate().any(|(index, (token, _))| {
        *token == Token::Word(name)
            && !(from..=to).contains(&index)
            && index
                .checked_sub(1)
                .and_then(|before| tokens.get(before))
                .is_none_or(|(before, _)| *before != Token::Sign(b'.'))
    })
}

/// The members that are asked of `name`.
fn members<'a>(tokens: &[(Token<'a>, usize)], name: &str) -> Vec<&'a str> {
    let mut all: Vec<&'a str> = tokens
        .windows(3)
        .filter_map(|three| match three {
            [(Token::Word(of), _), (Token::Sign(b'.'), _), (Token::Word(member), _)] if *of == name => {
                Some(*member)
            }
            _ => None,
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The package of a specifier: `@a/b` of `@a/b/lib/c.js`. `None` for files and for what Node.js brings along.
fn package(specifier: &str) -> Option<&str> {
    let first = specifier.chars().next()?;
    if matches!(first, '.' | '/' | '#') || specifier.contains([':', ' ']) {
        return None;
    }
    let slashes = if first == '@' { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(slashes - 1).map_or(specifier.len(), |(at, _)| at);
    specifier.get(..end)
}

/// Words, strings and signs with their offsets. What cannot be told ends with its line.
fn tokens(text: &str) -> Vec<(Token<'_>, usize)> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let mut tokens: Vec<(Token<'_>, usize)> = Vec::new();
    // Depth of braces at which each open template goes on.
    let mut templates: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(first) = byte(at) {
        let start = at;
        match first {
            b'/' if byte(at + 1) == Some(b'/') => at = end_of_line(bytes, at),
            b'/' if byte(at + 1) == Some(b'*') => {
                at = text
                    .get(at + 2..)
                    .and_then(|rest| rest.find("*/"))
                    .map_or(bytes.len(), |end| at + 2 + end + 2);
            }
            b'#' if at == 0 && byte(1) == Some(b'!') => at = end_of_line(bytes, at),
            b'\'' | b'"' => {
                at = end_of_string(bytes, at);
                let inner = text.get(start + 1..at.saturating_sub(1).max(start + 1)).unwrap_or_default();
                tokens.push((Token::Text(inner), start));
            }
            b'`' => at = template(bytes, at + 1, depth, &mut templates),
            b'}' if templates.last() == Some(&depth) => {
                templates.pop();
                at = template(bytes, at + 1, depth, &mut templates);
            }
            b'/' if may_be_regex(tokens.last()) => at = end_of_regex(bytes, at),
            _ if is_word(first) => {
                while byte(at).is_some_and(is_word) {
                    at += 1;
                }
                if let Some(word) = text.get(start..at) {
                    tokens.push((Token::Word(word), start));
                }
            }
            _ => {
                match first {
                    b'{' => depth += 1,
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if !first.is_ascii_whitespace() {
                    tokens.push((Token::Sign(first), start));
                }
                at += 1;
            }
        }
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// Behind the closing quote; a line's end closes a string that is not closed.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let quote = bytes.get(start).copied();
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            _ if Some(*byte) == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Behind the closing back quote, or behind the `${` that interrupts the template.
fn template(bytes: &[u8], start: usize, depth: usize, open: &mut Vec<usize>) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'`' => return at + 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                open.push(depth);
                return at + 2;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Behind the flags of a regular expression; a line's end shows that it was none.
fn end_of_regex(bytes: &[u8], start: usize) -> usize {
    let mut in_class = false;
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return start + 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => {
                at += 1;
                while bytes.get(at).copied().is_some_and(is_word) {
                    at += 1;
                }
                return at;
            }
            _ => {}
        }
        at += 1;
    }
    start + 1
}

/// Whether a `/` after this begins a regular expression: where a value cannot have ended.
fn may_be_regex(last: Option<&(Token<'_>, usize)>) -> bool {
    const BEFORE: [&str; 8] = ["return", "typeof", "case", "in", "of", "delete", "void", "throw"];
    match last {
        None => true,
        Some((Token::Word(word), _)) => BEFORE.contains(word),
        Some((Token::Text(_), _)) => false,
        Some((Token::Sign(sign), _)) => !matches!(sign, b')' | b']' | b'}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(text: &str) -> Vec<(String, bool, Vec<String>)> {
        in_file("app.js", text)
            .into_iter()
            .map(|(package, import)| (package, import.used, import.members.into_iter().collect()))
            .collect()
    }

    fn used(text: &str) -> Vec<(String, bool)> {
        imported(text).into_iter().map(|(package, used, _)| (package, used)).collect()
    }

    #[test]
    fn comments_strings_templates_and_regexes_import_nothing() {
        let text = r#"
            // const helmet = require("helmet");
            /* app.use(require("csurf")()) */
            const text = 'require("a")'; const other = `require("b") ${`require("c")`} import "d"`;
            const pattern = /require\("e"\)[/"]/; const ratio = a / b; const s = "import 'f'";
        "#;
        assert_eq!(imported(text), []);
    }

    #[test]
    fn every_form_of_import_is_seen() {
        let text = "
            import express, { Router as R } from 'express'; import * as h from \"helmet\"; import 'dotenv/config';
            const a = require('@scope/name/lib/x'); const { b, c: d } = require('bee'); export * from 'eff';
            app.use(require('cors')()); const m = await import('marked'); module.exports.x = require('ex');
            express(); R(); h(); a(); d(); m(); `${require('tee')()}`;
        ";
        let names: Vec<String> =
            used(text).into_iter().map(|(name, used)| format!("{name} {used}")).collect();
        assert_eq!(
            names,
            [
                "express true",
                "helmet true",
                "dotenv true",
                "@scope/name true",
                "bee true",
                "eff true",
                "cors true",
                "marked true",
                "ex true",
                "tee true"
            ]
        );
    }

    #[test]
    fn a_name_that_is_never_spoken_of_again_is_unused() {
        assert_eq!(used("const helmet = require('helmet'); // helmet()"), [("helmet".to_owned(), false)]);
        assert_eq!(used("import csrf from 'csurf'; app.csrf();"), [("csurf".to_owned(), false)]);
        assert_eq!(used("var h = require('helmet'); app.use(h())"), [("helmet".to_owned(), true)]);
    }

    #[test]
    fn members_that_are_asked_for_are_known() {
        let text =
            "const _ = require('lodash'); const { merge: m } = require('x'); _.template(a); _.pick(b); m();
                    const set = require('set-value').set;";
        let members: Vec<_> = imported(text).into_iter().map(|(_, _, members)| members).collect();
        assert_eq!(members, [vec!["pick", "template"], vec!["merge"], vec!["set"]]);
    }

    #[test]
    fn what_is_cut_short_ends() {
        for text in ["`${", "/*", "'", "/a", "`", "import", "require('", "}`", "\\", "const {a"] {
            let _ = tokens(text);
        }
    }
}
