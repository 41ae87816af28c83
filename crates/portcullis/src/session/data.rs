//! What an application put into a session: keys and values in their order, the values as their JSON text, so that what
//! nobody changed is written as it was read, whatever wrote it.

use serde_json::value::RawValue;

/// Keys and values.
pub(super) type Data = Vec<(String, Box<RawValue>)>;

pub(super) fn find<'a>(data: &'a Data, key: &str) -> Option<&'a RawValue> {
    data.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
}

/// A value that only another writer would spell otherwise stays as it is spelled.
pub(super) fn put(data: &mut Data, key: &str, value: Option<Box<RawValue>>) {
    match (value, data.iter_mut().find(|(known, _)| known == key)) {
        (Some(value), Some(entry)) if same(&entry.1, &value) => {}
        (Some(value), Some(entry)) => entry.1 = value,
        (Some(value), None) => data.push((key.to_owned(), value)),
        (None, _) => data.retain(|(known, _)| known != key),
    }
}

/// Whether two values are the same however they are spelled.
fn same(one: &RawValue, other: &RawValue) -> bool {
    let (one, other) = (one.get(), other.get());
    let may_be_spelled_otherwise = one.starts_with(['[', '{', '"']) && one.get(..1) == other.get(..1);
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || (may_be_spelled_otherwise && parse(one).is_some_and(|one| parse(other) == Some(one)))
}

/// Keys that express-session does not read back, because its session object or every JavaScript object has a member of
/// that name, and our own.
pub(super) fn is_reserved(key: &str) -> bool {
    const OF_SESSIONS: [&str; 10] =
        [COOKIE, CREATED, "req", "id", "touch", "resetMaxAge", "save", "reload", "destroy", "regenerate"];
    OF_SESSIONS.contains(&key) || is_of_every_object(key)
}

/// The members of `Object.prototype`.
pub(super) fn is_of_every_object(key: &str) -> bool {
    const MEMBERS: [&str; 12] = [
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    ];
    MEMBERS.contains(&key)
}

/// Where express-session keeps what belongs to its cookie.
pub(super) const COOKIE: &str = "cookie";

/// When the session began, in milliseconds, for its absolute lifetime; express-session carries it along.
pub(super) const CREATED: &str = "portcullis.createdAt";
