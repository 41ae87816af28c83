//! Ids: what a new one is, and which ones are taken from a request.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header, request::Parts};

use super::{Policy, SessionError};
use crate::cookie::{Cookies, Signed, pairs};

/// 24 random bytes in base64url, 32 characters: compatible with uid-safe 2.1, as express-session uses it.
pub(super) fn generate() -> Result<String, SessionError> {
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(|_| SessionError::NoRandomness)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random))
}

/// The id that came with a request under one of our signatures.
pub(super) fn sent(policy: &Policy, name: &str, headers: &HeaderMap) -> Option<String> {
    let mut fields = headers.get_all(header::COOKIE).iter();
    let first = fields.next()?;
    let joined; // RFC 9113, section 8.2.3: HTTP/2 may bring several fields
    let field = match fields.next() {
        None => first.as_bytes(),
        Some(second) => {
            let rest = fields.map(http::HeaderValue::as_bytes);
            joined = [first.as_bytes(), second.as_bytes()]
                .into_iter()
                .chain(rest)
                .collect::<Vec<_>>()
                .join(&b"; "[..]);
            &joined
        }
    };
    if policy.improved() && is_ambiguous(field, name) {
        tracing::warn!(
            target: "portcullis::session",
            "a request brought the session cookie twice with different values; neither counts"
        );
        return None;
    }
    match policy.keys.open(Cookies::parse(field).get(name)?) {
        Signed::Valid(id) if (1..=MAX_BYTES).contains(&id.len()) => Some(id.to_owned()),
        Signed::Valid(_) | Signed::Invalid | Signed::Not => None,
    }
}

/// A new id for a session, of the application's own making if it has one.
pub(super) fn next(policy: &Policy, head: &Parts) -> Result<String, SessionError> {
    let Some(make) = &policy.new_id else { return generate() };
    let id = make(head);
    if (1..=MAX_BYTES).contains(&id.len()) { Ok(id) } else { Err(SessionError::BadId { bytes: id.len() }) }
}

fn is_ambiguous(field: &[u8], name: &str) -> bool {
    let mut values = pairs(field).filter(|pair| pair.name == name.as_bytes()).map(|pair| pair.value);
    values.next().is_some_and(|first| values.any(|other| other != first))
}

/// No id is longer: a store's key stays one.
const MAX_BYTES: usize = 512;
