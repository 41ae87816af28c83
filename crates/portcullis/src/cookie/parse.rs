//! The `Cookie` field of a request, as npm `cookie` 0.7 reads it.

use std::borrow::Cow;

/// One `name=value` of a `Cookie` field: trimmed, and otherwise as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// May be empty.
    pub name: &'a [u8],
    /// May be empty; quotes and percent signs still in it.
    pub value: &'a [u8],
}

/// The pairs of a field in their order. A part without `=` is no pair: browsers send nameless cookies so, and npm
/// `cookie` ignores them.
pub fn pairs(field: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    parts(field).filter_map(Pair::parse)
}

/// The parts between semicolons, trimmed of spaces and tabs; empty ones do not count.
pub(super) fn parts(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|byte| *byte == b';').map(trim).filter(|part| !part.is_empty())
}

impl<'a> Pair<'a> {
    pub(super) fn parse(part: &'a [u8]) -> Option<Self> {
        let equals = part.iter().position(|byte| *byte == b'=')?;
        let (name, value) = part.split_at_checked(equals)?;
        Some(Self { name: trim(name), value: trim(value.get(1..)?) })
    }
}

/// The cookies of a request, decoded: what Express's `req.cookies` holds before `cookie-parser` looks for signatures and
/// JSON.
///
/// The first of equal names counts; one pair of double quotes goes; what is percent-encoded is decoded, and stays as it
/// is if that fails; bytes beyond ASCII are read as ISO-8859-1, as Node does. `__proto__` is dropped: in JavaScript it
/// cannot be set, and nobody sends it in good faith.
///
/// ```
/// use portcullis::cookie::Cookies;
///
/// let cookies = Cookies::parse(br#"a=1; b="x%20y"; a=2; flag; c=100%"#);
/// assert_eq!(cookies.get("a"), Some("1"));
/// assert_eq!(cookies.get("b"), Some("x y"));
/// assert_eq!(cookies.get("c"), Some("100%"));
/// assert_eq!(cookies.get("flag"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cookies<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Cookies<'a> {
    /// Reads a field. Everything can be read.
    pub fn parse(field: &'a [u8]) -> Self {
        let mut cookies = Self::default();
        if field.len() < 2 {
            return cookies; // compatible with cookie 0.7: a lone `=` is nothing
        }
        for pair in pairs(field) {
            let name = text(pair.name);
            if name != "__proto__" && cookies.get(&name).is_none() {
                cookies.0.push((name, decode(unquote(pair.value))));
            }
        }
        cookies
    }

    /// The value of a cookie.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// One cookie, as [`Cookies::get`] gives it, without reading the others.
pub(crate) fn find<'a>(field: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    pairs(field).find(|pair| pair.name == name.as_bytes()).map(|pair| decode(unquote(pair.value)))
}

/// The JSON in a value that `cookie-parser` would take for JSON (`j:` in front).
///
/// Compatible with cookie-parser 1.4: broken JSON, and JSON which JavaScript holds for false (`null`, `false`, `0`,
/// `""`), stays the text that it is.
pub fn json(value: &str) -> Option<serde_json::Value> {
    use serde_json::Value;

    let json: Value = serde_json::from_str(value.strip_prefix("j:")?).ok()?;
    let falsy = match &json {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    };
    (!falsy).then_some(json)
}

fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// Compatible with cookie 0.7: a value that is one lone quote is empty.
fn unquote(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        [b'"'] => &[],
        value => value,
    }
}

/// As JavaScript's `decodeURIComponent`, the raw text if that would throw.
fn decode(value: &[u8]) -> Cow<'_, str> {
    if !value.contains(&b'%') {
        return text(value);
    }
    percent_decoded(value).map_or_else(|| text(value), Cow::Owned)
}

/// `None` if a percent sign has no two hexadecimal digits behind it, or the escapes are not UTF-8.
fn percent_decoded(value: &[u8]) -> Option<String> {
    let mut decoded = String::with_capacity(value.len());
    let mut escaped = Vec::new(); // a run of escapes: UTF-8 must be whole within it
    let mut rest = value;
    loop {
        match rest {
            [b'%', high, low, after @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                escaped.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest = after;
            }
            [b'%', ..] => return None,
            other => {
                decoded.push_str(std::str::from_utf8(&escaped).ok()?);
                escaped.clear();
                let plain = other.iter().position(|byte| *byte == b'%').unwrap_or(other.len());
                let (plain, after) = other.split_at_checked(plain)?;
                decoded.push_str(&text(plain));
                if after.is_empty() {
                    return Some(decoded);
                }
                rest = after;
            }
        }
    }
}

/// ISO-8859-1, which every byte is.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Vec<(String, String)> {
        Cookies::parse(field.as_bytes()).iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.into(), value.into())]
    }

    /// Each expectation is what `cookie.parse` of cookie 0.7.2 answers.
    #[test]
    fn odd_fields_are_read_as_npm_cookie_reads_them() {
        assert_eq!(read("="), []);
        assert_eq!(read("=x"), one("", "x"));
        assert_eq!(read("a=\""), one("a", ""));
        assert_eq!(read("a=\"\"x\"\""), one("a", "\"x\""));
        assert_eq!(read("a = b = c ;"), one("a", "b = c"));
        assert_eq!(read("a=%zz"), one("a", "%zz"));
        assert_eq!(read("a=%e2%82"), one("a", "%e2%82"));
        assert_eq!(read("a=%"), one("a", "%"));
        assert_eq!(read("a=%E2%82%AC!"), one("a", "€!"));
        assert_eq!(read("toString=1"), one("toString", "1"));
        assert_eq!(Cookies::parse(b"a=\xff").get("a"), Some("ÿ"));
    }

    #[test]
    fn one_cookie_is_found_as_among_all() {
        let field = br#"a=1; b="x%20y%c3%a9z"; a=2; flag; c=100%; d= = "#;
        for name in ["a", "b", "c", "d", "e", "flag"] {
            assert_eq!(find(field, name).as_deref(), Cookies::parse(field).get(name), "{name}");
        }
    }

    #[test]
    fn json_that_javascript_holds_for_false_stays_text() {
        for text in ["j:null", "j:0", "j:-0", "j:false", "j:\"\"", "j:{", "{}", "j:"] {
            assert_eq!(json(text), None, "{text}");
        }
        assert_eq!(json("j:[]"), Some(serde_json::json!([])));
    }
}
