//! The user names in the body of a login.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The body does not say without doubt whose login it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// More names than this are nobody's login.
const MAX_NAMES: usize = 4;

/// All values of `fields` in JSON, at any depth: applications nest them (`{"user": {"email": ...}}`).
pub(super) fn in_json(body: &[u8], fields: &[String]) -> Result<Vec<String>, Unreadable> {
    // As body-parser, which takes a byte order mark.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut names = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let search = Search { fields, is_name: false, names: &mut names };
    search.deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|_| Unreadable)?;
    bounded(names)
}

/// All values of `fields` in a form; `user[email]` is `email`, as Express reads it.
pub(super) fn in_form(body: &[u8], fields: &[String]) -> Result<Vec<String>, Unreadable> {
    let mut names = Vec::new();
    for pair in body.split(|byte| *byte == b'&') {
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (key, value) = pair.split_at(equals);
        let key = decoded(key);
        if fields.iter().any(|field| field == innermost(&key)) {
            names.push(decoded(value.strip_prefix(b"=").unwrap_or(value)).into_owned());
        }
    }
    bounded(names)
}

fn bounded(names: Vec<String>) -> Result<Vec<String>, Unreadable> {
    if names.len() > MAX_NAMES { Err(Unreadable) } else { Ok(names) }
}

/// `a[b][c]` is `c`, `a[]` is `a`.
fn innermost(key: &str) -> &str {
    let Some(open) = key.strip_suffix(']').and_then(|inner| inner.rfind('[')) else { return key };
    match key.get(open + 1..key.len() - 1) {
        Some("") | None => innermost(key.get(..open).unwrap_or(key)),
        Some(inner) => inner,
    }
}

/// `application/x-www-form-urlencoded`, as the URL standard decodes it.
fn decoded(text: &[u8]) -> Cow<'_, str> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return String::from_utf8_lossy(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        rest = after;
        match (byte, hex(0).zip(hex(1))) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some((high, low))) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Walks a value and keeps what is under a field that may hold a name. Keys that come twice count twice.
struct Search<'a> {
    fields: &'a [String],
    is_name: bool,
    names: &'a mut Vec<String>,
}

impl Search<'_> {
    fn keep(self, name: impl Into<String>) {
        if self.is_name && self.names.len() <= MAX_NAMES {
            self.names.push(name.into());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.keep(name);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.keep(number.to_string());
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.keep(number.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.keep(number.to_string());
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { fields, is_name, names } = self;
        while list.next_element_seed(Search { fields, is_name, names: &mut *names })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { fields, names, .. } = self;
        while let Some(key) = map.next_key::<String>()? {
            let is_name = fields.contains(&key);
            if key == "password" {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Search { fields, is_name, names: &mut *names })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<String> {
        ["username", "email"].map(String::from).to_vec()
    }

    #[test]
    fn a_name_is_found_wherever_an_application_would_look() {
        for (body, names) in [
            (r#"{"username":"alice","password":"x"}"#, &["alice"][..]),
            ("\u{feff}{\"email\":\"a@b.c\"}", &["a@b.c"]),
            (r#"{"user":{"email":"a@b.c"}}"#, &["a@b.c"]),
            (r#"{"username":"a","username":"b"}"#, &["a", "b"]),
            (r#"{"username":["a"]}"#, &["a"]),
            (r#"{"username":7}"#, &["7"]),
            (r#"{"user\u006eame":"alice"}"#, &["alice"]),
            (r#"{"username":{"$gt":""}}"#, &[]),
            ("[]", &[]),
        ] {
            assert_eq!(in_json(body.as_bytes(), &fields()).unwrap(), names, "{body}");
        }
        for (body, names) in [
            ("username=alice&password=x", &["alice"][..]),
            ("user%6eame=al%69ce+b", &["alice b"]),
            ("user[email]=a%40b.c", &["a@b.c"]),
            ("username[]=a&username[]=b", &["a", "b"]),
            ("username", &[""]),
            ("", &[]),
        ] {
            assert_eq!(in_form(body.as_bytes(), &fields()).unwrap(), names, "{body}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_unreadable() {
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        let many = format!("[{}]", [r#"{"username":"a"}"#; 9].join(","));
        for body in ["{", "{\"username\":\"a\"} x", "{username:1}", &deep, &many, ""] {
            assert_eq!(in_json(body.as_bytes(), &fields()), Err(Unreadable), "{body}");
        }
    }
}
