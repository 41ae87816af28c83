//! The JSON of a session, as express-session 1.19 stores it: `{"cookie":{...},"user":"alice"}`.
//!
//! What nobody changed is written byte for byte as it was read, whatever wrote it: values are kept as their JSON text.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::data::{COOKIE, CREATED, Data, is_reserved, put};

/// A session as it is stored.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) cookie: StoredCookie,
    pub(super) data: Data,
    /// When the session began, for its absolute lifetime. Kept under [`CREATED`], which express-session carries along.
    pub(super) created: Option<SystemTime>,
    /// There were keys that no session may have; they are not in `data`.
    pub(super) incomplete: bool,
}

/// The text is no session: not a JSON object, or without `cookie`.
#[derive(Debug)]
pub struct Malformed(serde_json::Error);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The error of serde_json names places and kinds, never values.
        write!(f, "what is stored is no session: {}", self.0)
    }
}

impl Error for Malformed {}

impl Record {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        serde_json::from_str(text).map_err(Malformed)
    }
}

/// Writes a session. The keys come in the order given.
pub(super) fn write<'a>(
    cookie: &StoredCookie,
    data: impl IntoIterator<Item = (&'a str, &'a RawValue)>,
    created: Option<SystemTime>,
) -> String {
    let mut text = String::with_capacity(256);
    let mut member = |key: &str, value: &str| {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&json(key));
        text.push(':');
        text.push_str(value);
    };
    member(COOKIE, &json(cookie));
    for (key, value) in data {
        member(key, value.get());
    }
    if let Some(created) = created {
        member(CREATED, &milliseconds(created).to_string());
    }
    text.push('}');
    text
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a `cookie`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Record, A::Error> {
                let (mut cookie, mut created, mut incomplete) = (None, None, false);
                let mut data: Data = Vec::new();
                while let Some(key) = members.next_key::<Cow<'de, str>>()? {
                    if key == COOKIE {
                        cookie = Some(members.next_value()?);
                    } else if key == CREATED {
                        let at = members.next_value::<&RawValue>()?.get().parse::<u64>().ok();
                        created = at.and_then(|at| UNIX_EPOCH.checked_add(Duration::from_millis(at)));
                    } else if is_reserved(&key) {
                        members.next_value::<IgnoredAny>()?;
                        incomplete = true;
                    } else {
                        let value = members.next_value()?;
                        put(&mut data, &key, Some(value)); // as in JavaScript, the last of equal names counts
                    }
                }
                let cookie = cookie.ok_or_else(|| serde::de::Error::missing_field(COOKIE))?;
                Ok(Record { cookie, data, created, incomplete })
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The `cookie` member. A field that is `None` is absent; an inner `None` is `null`, which JavaScript tells apart.
#[allow(clippy::option_option, reason = "absent, null and a value are three things in JavaScript")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StoredCookie {
    /// Milliseconds.
    pub(super) original_max_age: Option<Option<i64>>,
    pub(super) partitioned: Option<bool>,
    pub(super) priority: Option<String>,
    pub(super) expires: Option<Option<SystemTime>>,
    pub(super) secure: Option<bool>,
    pub(super) http_only: Option<bool>,
    pub(super) domain: Option<String>,
    pub(super) path: Option<String>,
    pub(super) same_site: Option<StoredSameSite>,
}

/// `true` is written `Strict`, `false` not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum StoredSameSite {
    Flag(bool),
    Text(String),
}

impl StoredCookie {
    /// The end moves to one lifetime from now: `resetMaxAge`.
    pub(super) fn touch(&mut self, now: SystemTime) {
        self.expires = self.original_max_age.map(|lifetime| lifetime.map(|lifetime| after(now, lifetime)));
    }

    /// Another lifetime, from now on: the setter of `maxAge`.
    pub(super) fn set_max_age(&mut self, lifetime: Option<Duration>, now: SystemTime) {
        let lifetime = lifetime.map(|lifetime| i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX));
        self.original_max_age = Some(lifetime);
        self.touch(now);
    }

    pub(super) fn ends(&self) -> Option<SystemTime> {
        self.expires.flatten()
    }

    /// The moment up to which the end was last moved.
    pub(super) fn touched(&self) -> Option<SystemTime> {
        let lifetime = u64::try_from(self.original_max_age??).ok()?;
        self.ends()?.checked_sub(Duration::from_millis(lifetime))
    }
}

/// `milliseconds` from then, no later than the last moment that has a date of four digits, which is all that HTTP and
/// RFC 3339 can write.
fn after(now: SystemTime, milliseconds: i64) -> SystemTime {
    let step = Duration::from_millis(milliseconds.unsigned_abs());
    let there = if milliseconds < 0 { now.checked_sub(step) } else { now.checked_add(step) };
    let last = UNIX_EPOCH + Duration::from_secs(YEAR_10000 - 1);
    there.map_or(last, |there| there.clamp(UNIX_EPOCH, last))
}

impl Serialize for StoredCookie {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        if let Some(lifetime) = &self.original_max_age {
            map.serialize_entry("originalMaxAge", lifetime)?;
        }
        if let Some(partitioned) = &self.partitioned {
            map.serialize_entry("partitioned", partitioned)?;
        }
        if let Some(priority) = &self.priority {
            map.serialize_entry("priority", priority)?;
        }
        if let Some(expires) = self.expires {
            map.serialize_entry("expires", &expires.map(date))?;
        }
        if let Some(secure) = &self.secure {
            map.serialize_entry("secure", secure)?;
        }
        if let Some(http_only) = &self.http_only {
            map.serialize_entry("httpOnly", http_only)?;
        }
        if let Some(domain) = &self.domain {
            map.serialize_entry("domain", domain)?;
        }
        if let Some(path) = &self.path {
            map.serialize_entry("path", path)?;
        }
        if let Some(same_site) = &self.same_site {
            map.serialize_entry("sameSite", same_site)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for StoredCookie {
    /// A field of a kind that does not belong there is as if it were absent: one writer's slip ends no session.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = StoredCookie;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the object `cookie`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<StoredCookie, A::Error> {
                // Compatible with express-session: `new Cookie` begins with these.
                let mut cookie = StoredCookie {
                    http_only: Some(true),
                    path: Some("/".to_owned()),
                    ..StoredCookie::default()
                };
                while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
                    let value = fields.next_value::<&'de RawValue>()?.get();
                    match &*name {
                        "originalMaxAge" => cookie.original_max_age = nullable(value, whole),
                        "partitioned" => cookie.partitioned = read(value),
                        "priority" => cookie.priority = read(value),
                        "expires" => cookie.expires = nullable(value, time),
                        "secure" => cookie.secure = read(value),
                        "httpOnly" => cookie.http_only = read(value),
                        "domain" => cookie.domain = read(value),
                        "path" => cookie.path = read(value),
                        "sameSite" => cookie.same_site = read(value),
                        _ => {}
                    }
                }
                Ok(cookie)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

#[allow(clippy::option_option, reason = "absent, null and a value are three things in JavaScript")]
fn nullable<T>(json: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if json == "null" { Some(None) } else { read(json).map(Some) }
}

fn whole(json: &str) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation, reason = "saturates, and fractions of a millisecond go")]
    json.parse().ok().or_else(|| json.parse().ok().map(|number: f64| number as i64))
}

fn time(json: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(&read::<Cow<'_, str>>(json)?).ok()
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => unreachable!("texts, numbers and flags are always JSON: {error}"),
    }
}

/// As JavaScript's `toISOString`.
fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

fn milliseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Seconds from 1970 to the first year that has five digits.
const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        let record = Record::parse(text).unwrap();
        write(&record.cookie, record.data.iter().map(|(key, value)| (&**key, &**value)), record.created)
    }

    #[test]
    fn what_nobody_changed_is_written_as_it_was_read() {
        for text in [
            r#"{"cookie":{"originalMaxAge":null,"expires":null,"httpOnly":true,"path":"/"},"user":"alice"}"#,
            r#"{"cookie":{"originalMaxAge":1500,"expires":"2030-01-01T00:00:01.500Z","secure":false,"httpOnly":false,"domain":"example.com","path":"/a","sameSite":"lax"},"cart":[1, {"q":2e400}],"":"\ud83d\ude00","portcullis.createdAt":1893456000000}"#,
            r#"{"cookie":{"originalMaxAge":0,"partitioned":true,"priority":"high","expires":"2030-01-01T00:00:00.000Z","secure":true,"httpOnly":true,"path":"/","sameSite":true}}"#,
        ] {
            assert_eq!(again(text), text);
        }
        let deep = format!(
            r#"{{"cookie":{{"httpOnly":true,"path":"/"}},"deep":{}{}}}"#,
            "[".repeat(5000),
            "]".repeat(5000)
        );
        assert_eq!(again(&deep), deep);
    }

    #[test]
    fn a_cookie_without_fields_is_one_with_defaults() {
        assert_eq!(again(r#"{"cookie":{},"a":1}"#), r#"{"cookie":{"httpOnly":true,"path":"/"},"a":1}"#);
    }

    #[test]
    fn what_is_odd_in_a_cookie_does_not_end_the_session() {
        let text = r#"{"cookie":{"originalMaxAge":"1h","expires":"soon","secure":1,"path":7,"sameSite":{},"new":[]},"a":1}"#;
        assert_eq!(again(text), r#"{"cookie":{"httpOnly":true},"a":1}"#);
        assert_eq!(
            again(r#"{"cookie":{"originalMaxAge":1e300}}"#),
            r#"{"cookie":{"originalMaxAge":9223372036854775807,"httpOnly":true,"path":"/"}}"#
        );
    }

    #[test]
    fn what_javascript_would_not_read_back_is_dropped() {
        let text = r#"{"cookie":{},"__proto__":{"admin":true},"save":1,"a":1,"toString":"x","a":2}"#;
        assert_eq!(again(text), r#"{"cookie":{"httpOnly":true,"path":"/"},"a":2}"#);
    }

    #[test]
    fn what_is_no_session_is_an_error() {
        for text in [
            "",
            "null",
            "[]",
            "\"x\"",
            "{}",
            "{\"cookie\":1}",
            "{\"cookie\":{}",
            "{\"cookie\":{}} x",
            "\u{0}",
        ] {
            assert!(Record::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_end_never_leaves_what_can_be_written() {
        let mut cookie = StoredCookie::default();
        cookie.set_max_age(Some(Duration::MAX), SystemTime::now());
        assert_eq!(date(cookie.ends().unwrap()), "9999-12-31T23:59:59.000Z");
        cookie.original_max_age = Some(Some(i64::MIN));
        cookie.touch(SystemTime::now());
        assert_eq!(date(cookie.ends().unwrap()), "1970-01-01T00:00:00.000Z");
        assert_eq!(cookie.touched(), None);
    }
}
