//! The token that a request sends, and where it is looked for.

use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// What stands in a place where a token may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Submitted {
    /// Nothing, or what JavaScript holds for false: the next place counts.
    Nothing,
    /// A token, right or wrong: no other place counts.
    Text(String),
    /// A list, a number, two fields: no token, and no other place counts.
    Unusable,
}

impl Submitted {
    /// The first that is something.
    pub(super) fn or_else(self, next: impl FnOnce() -> Self) -> Self {
        if self == Self::Nothing { next() } else { self }
    }

    pub(super) fn in_query(query: &str) -> Self {
        Self::in_pairs(query.as_bytes())
    }

    /// In a form or a JSON object.
    pub(super) fn in_body(kind: BodyKind, bytes: &[u8]) -> Self {
        match kind {
            BodyKind::Form => Self::in_pairs(bytes),
            // What is no JSON object is the application's to refuse.
            BodyKind::Json => match serde_json::from_slice::<Map<String, Value>>(bytes) {
                Ok(object) => object.get(FIELD).map_or(Self::Nothing, Self::in_json),
                Err(_) => Self::Nothing,
            },
        }
    }

    /// In csurf's four fields, in their order.
    pub(super) fn in_fields(headers: &HeaderMap) -> Self {
        FIELDS.iter().fold(Self::Nothing, |found, name| found.or_else(|| Self::in_field(headers, name)))
    }

    pub(super) fn in_field(headers: &HeaderMap, name: &HeaderName) -> Self {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (_, Some(_)) => Self::Unusable,
            // ISO-8859-1, as Node reads fields.
            (Some(value), None) => Self::text(value.as_bytes().iter().copied().map(char::from).collect()),
            (None, None) => Self::Nothing,
        }
    }

    /// In `application/x-www-form-urlencoded` (URL, section 5.1).
    fn in_pairs(text: &[u8]) -> Self {
        let mut values = text.split(|byte| *byte == b'&').filter_map(|pair| {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(equals) => (pair.get(..equals)?, pair.get(equals + 1..)?),
                None => (pair, &[][..]),
            };
            (decoded(name) == FIELD).then(|| decoded(value))
        });
        match (values.next(), values.next()) {
            (_, Some(_)) => Self::Unusable, // a list, in Express
            (Some(value), None) => Self::text(value),
            (None, None) => Self::Nothing,
        }
    }

    fn in_json(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::text(text.clone()),
            Value::Null | Value::Bool(false) => Self::Nothing,
            Value::Number(number) if number.as_f64() == Some(0.0) => Self::Nothing,
            _ => Self::Unusable,
        }
    }

    fn text(text: String) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }
}

/// A body in which a token may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyKind {
    Form,
    Json,
}

impl BodyKind {
    /// `None` for every other media type, for a coded body, and for one that says it is larger than `max_bytes`.
    pub(super) fn of(head: &Parts, max_bytes: usize) -> Option<Self> {
        let field = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if field(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return None;
        }
        let length = field(header::CONTENT_LENGTH).map(str::parse::<usize>);
        if length.is_some_and(|length| length.map_or(true, |length| length > max_bytes)) {
            return None;
        }
        let essence = field(header::CONTENT_TYPE)?.split(';').next()?.trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else if essence.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }
}

fn decoded(text: &[u8]) -> String {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// The name of a form's field, a query's parameter, a JSON object's member.
pub(super) const FIELD: &str = "_csrf";

pub(super) static X_CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

static FIELDS: [HeaderName; 4] = [
    HeaderName::from_static("csrf-token"),
    HeaderName::from_static("xsrf-token"),
    HeaderName::from_static("x-csrf-token"),
    HeaderName::from_static("x-xsrf-token"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Submitted {
        Submitted::Text(text.to_owned())
    }

    #[test]
    fn forms_and_queries_are_decoded_and_lists_refused() {
        for (pairs, found) in [
            ("_csrf=a-b&x=1", text("a-b")),
            ("x=1&%5Fcsrf=a%2Db+c", text("a-b c")),
            ("_csrf=", Submitted::Nothing),
            ("_csrf", Submitted::Nothing),
            ("x_csrf=a&_csrfx=b", Submitted::Nothing),
            ("", Submitted::Nothing),
            ("_csrf=a&_csrf=a", Submitted::Unusable),
            ("_csrf=a=b", text("a=b")),
        ] {
            assert_eq!(Submitted::in_query(pairs), found, "{pairs}");
        }
    }

    #[test]
    fn json_counts_as_javascript_takes_it() {
        for (json, found) in [
            (r#"{"_csrf":"a"}"#, text("a")),
            (r#"{"_csrf":"a","_csrf":"b"}"#, text("b")),
            (r#"{"_csrf":""}"#, Submitted::Nothing),
            (r#"{"_csrf":null}"#, Submitted::Nothing),
            (r#"{"_csrf":0}"#, Submitted::Nothing),
            (r#"{"_csrf":1}"#, Submitted::Unusable),
            (r#"{"_csrf":["a"]}"#, Submitted::Unusable),
            (r#"["_csrf"]"#, Submitted::Nothing),
            ("{", Submitted::Nothing),
        ] {
            assert_eq!(Submitted::in_body(BodyKind::Json, json.as_bytes()), found, "{json}");
        }
    }
}
