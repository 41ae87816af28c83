//! What an error body says, whatever it is wrapped in: HTML, entities, JSON escapes, UTF-16.

use std::borrow::Cow;

/// The readings of a body in which something can show.
pub(super) struct Readings {
    /// As it stands. Attributes and links are in it.
    pub(super) raw: String,
    /// What a person reads: without tags, entities decoded; then without JSON's escapes, and without those inside them.
    pub(super) spoken: Vec<String>,
}

impl Readings {
    pub(super) fn of(body: &[u8]) -> Self {
        // UTF-16 and UTF-32 of ASCII text is that text with zeros in between.
        let body: Cow<'_, [u8]> = if body.contains(&0) {
            body.iter().copied().filter(|byte| *byte != 0).collect::<Vec<_>>().into()
        } else {
            body.into()
        };
        let raw = String::from_utf8_lossy(&body).into_owned();
        let mut spoken = Vec::with_capacity(3);
        let mut text = without_markup(&raw);
        // In JSON, `a:\n` is no Windows path: only what the escapes mean is read.
        let mut escaped = is_json(&text);
        // A stack in JSON in a JSON string is escaped twice.
        for _ in 0..2 {
            if !text.contains('\\') {
                break;
            }
            let plain = without_escapes(&text);
            if !std::mem::take(&mut escaped) {
                spoken.push(text);
            }
            text = plain;
        }
        spoken.push(text);
        Self { raw, spoken }
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', '\u{fffd}']).trim_start().starts_with(['{', '[', '"'])
}

/// Tags go, and those that break a line leave a line break. Comments stay: frameworks put traces there.
fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, markup) = rest.split_at(at);
        plain.push_str(before);
        let (said, after) = match markup.strip_prefix('<') {
            Some(inside) => tag(inside).unwrap_or((Some('<'), inside)),
            None => entity(markup).unwrap_or((Some('&'), markup.get(1..).unwrap_or_default())),
        };
        plain.extend(said);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// What follows `<`: what a tag leaves behind, and what follows it.
fn tag(inside: &str) -> Option<(Option<char>, &str)> {
    if let Some(comment) = inside.strip_prefix("!--") {
        return Some((Some('\n'), comment));
    }
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
        return None;
    }
    let end = inside.bytes().take(MAX_TAG_BYTES).position(|byte| byte == b'>' || byte == b'<')?;
    let (tag, rest) = inside.split_at_checked(end)?;
    let rest = rest.strip_prefix('>')?;
    let name = tag.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let inline = ["a", "b", "i", "em", "strong", "span", "cite", "font", "u", "small", "var", "mark"];
    let breaks = !inline.iter().any(|inline| name.eq_ignore_ascii_case(inline));
    Some((breaks.then_some('\n'), rest))
}

/// What follows and includes `&`.
fn entity(text: &str) -> Option<(Option<char>, &str)> {
    let end = text.bytes().take(10).position(|byte| byte == b';')?;
    let (entity, rest) = (text.get(1..end)?, text.get(end + 1..)?);
    let said = match entity {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "sol" => '/',
        "colon" => ':',
        "bsol" => '\\',
        "period" => '.',
        "lpar" => '(',
        "rpar" => ')',
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            match char::from_u32(number.ok()?)? {
                '\u{a0}' => ' ',
                said => said,
            }
        }
    };
    Some((Some(said), rest))
}

/// JSON's escapes (RFC 8259, section 7) become what they stand for.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let mut after = escape.chars();
        after.next();
        match after.next() {
            Some('n' | 'r') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('b' | 'f') => plain.push(' '),
            Some(itself @ ('"' | '\\' | '/')) => plain.push(itself),
            Some('u') => {
                let code = after.as_str().get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                match code {
                    Some(code) => {
                        plain.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        rest = after.as_str().get(4..).unwrap_or_default();
                        continue;
                    }
                    None => plain.push_str("\\u"),
                }
            }
            Some(other) => {
                plain.push('\\');
                plain.push(other);
            }
            None => plain.push('\\'),
        }
        rest = after.as_str();
    }
    plain.push_str(rest);
    plain
}

/// Longer ones are taken for text.
const MAX_TAG_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(body: &str) -> String {
        Readings::of(body.as_bytes()).spoken.pop().unwrap()
    }

    #[test]
    fn what_is_said_is_the_same_in_every_wrapping() {
        let said = "at f (/srv/x.js:1:2)";
        for wrapped in [
            "at f (/srv/x.js:1:2)",
            "at&nbsp;f (&#47;srv&#x2F;x.js:1:2)",
            "at <b>f</b> (<a href=\"/view?x\">/srv/x.js</a>:1:2)",
            "\\u0061t f (\\/srv\\/x.js:1:2)",
            "a\0t\0 f (/srv/x.js:1:2)",
        ] {
            assert_eq!(spoken(wrapped), said, "{wrapped}");
        }
        assert_eq!(spoken("x<br>&nbsp; y<!-- z -->"), "x\n  y\n z -->");
        assert_eq!(spoken(r#"{"a":"{\"b\":\"c\\nd\"}"}"#), "{\"a\":\"{\"b\":\"c\nd\"}\"}");
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for text in ["a < b & c > d", "&unknown; &#xzz; &", "<", "\\", "\\u12", "<3", "a<b"] {
            assert_eq!(spoken(text), text, "{text}");
        }
    }

    #[test]
    fn windows_paths_survive_beside_escapes() {
        for body in [r"open C:\new\table.js", r#"{"path":"C:\\new\\table.js"}"#] {
            let readings = Readings::of(body.as_bytes());
            assert!(readings.spoken.iter().any(|text| text.contains(r"C:\new\table.js")), "{body}");
        }
    }
}
