//! `Set-Cookie` fields of a response: attributes that are missing, names that tell too much.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use portcullis_rules::{Rule, cookie};

use super::{CookieGuard, HttpOnly, Seen, SetCookie, looks_like_session, name::Slot};
use crate::{RequestId, tally};

/// What is wrong with a cookie.
struct Faults<'a> {
    not_secure: bool,
    not_http_only: bool,
    no_same_site: bool,
    /// Its new name.
    rename: Option<(Slot, &'a [u8])>,
}

impl CookieGuard {
    pub(super) fn mend(&self, headers: &mut HeaderMap, seen: &Seen) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let mut mended = Vec::with_capacity(headers.get_all(SET_COOKIE).iter().count());
        for field in headers.get_all(SET_COOKIE) {
            match SetCookie::parse(field.as_bytes()) {
                Err(why) => tracing::warn!(
                    target: "portcullis::cookie",
                    request_id = request_id(seen),
                    "dropped a Set-Cookie field: {why}"
                ),
                Ok(cookie) => self.mend_one(cookie, field, seen, &mut mended),
            }
        }
        headers.remove(SET_COOKIE);
        for field in mended {
            headers.append(SET_COOKIE, field);
        }
    }

    fn mend_one<'a>(
        &'a self,
        mut cookie: SetCookie<'a>,
        field: &HeaderValue,
        seen: &Seen,
        mended: &mut Vec<HeaderValue>,
    ) {
        let original = cookie.name;
        let faults = self.faults(&cookie, seen.plain);
        if faults.not_secure {
            cookie.push("Secure", None);
        }
        if faults.not_http_only {
            cookie.push("HttpOnly", None);
        }
        if faults.no_same_site {
            cookie.remove("SameSite");
            cookie.push("SameSite", Some("Lax"));
        }
        if let Some((slot, new_name)) = faults.rename {
            if seen.original_names.contains(&slot) {
                mended.extend(deletion(&cookie));
            }
            if self.require_host_prefix
                && new_name.starts_with(b"__Secure-")
                && self.renames.allows_host_prefix(slot)
            {
                log(
                    &cookie::PREFIX_MISSING,
                    original,
                    seen,
                    "its Path or Domain forbids __Host-: it will not come back",
                );
            }
            cookie.name = new_name;
        }
        let field = if faults.any() { to_field(&cookie) } else { Some(field.clone()) };
        if field.as_ref().is_some_and(|field| field.len() > self.max_bytes) {
            log(&cookie::TOO_LARGE, original, seen, "browsers may drop it");
        }
        mended.extend(field);
    }

    /// Counts and logs what [`Self::mend`] would have changed.
    pub(super) fn report(&self, headers: &HeaderMap, seen: &Seen) {
        for field in headers.get_all(SET_COOKIE) {
            let cookie = match SetCookie::parse(field.as_bytes()) {
                Ok(cookie) => cookie,
                Err(why) => {
                    tracing::warn!(
                        target: "portcullis::report",
                        request_id = request_id(seen),
                        "would drop a Set-Cookie field: {why}"
                    );
                    continue;
                }
            };
            let faults = self.faults(&cookie, seen.plain);
            for (fault, rule) in [
                (faults.not_secure, &cookie::SECURE_MISSING),
                (faults.not_http_only, &cookie::HTTPONLY_MISSING),
                (faults.no_same_site, &cookie::SAMESITE_MISSING),
                (faults.rename.is_some(), &cookie::SESSION_DEFAULT_NAME),
                (field.len() > self.max_bytes, &cookie::TOO_LARGE),
            ] {
                if fault {
                    log(rule, cookie.name, seen, "would be mended");
                }
            }
        }
    }

    fn faults(&self, cookie: &SetCookie, plain: bool) -> Faults<'_> {
        // RFC 6265bis, section 4.1.3.2.
        let host_only = cookie.last("Path") == Some(b"/") && !cookie.has("Domain");
        let rename = self.renames.outgoing(cookie.name, host_only, plain);
        let names = |list: &[String]| list.iter().any(|name| name.as_bytes() == cookie.name);
        let is_session = || rename.is_some() || looks_like_session(cookie.name);
        let http_only = match &self.http_only {
            HttpOnly::Sessions => is_session(),
            HttpOnly::SessionsBut(readable) => is_session() && !names(readable),
            HttpOnly::AllBut(readable) => !names(readable),
        };
        Faults {
            not_secure: !cookie.has("Secure") && (!plain || needs_secure(cookie.name)),
            not_http_only: http_only && !cookie.has("HttpOnly"),
            no_same_site: !cookie.last("SameSite").is_some_and(|value| {
                [&b"Lax"[..], b"Strict", b"None"].iter().any(|known| value.eq_ignore_ascii_case(known))
            }),
            rename,
        }
    }
}

impl Faults<'_> {
    fn any(&self) -> bool {
        self.not_secure || self.not_http_only || self.no_same_site || self.rename.is_some()
    }
}

/// The prefixes mean nothing without `Secure`, and are compared without regard to case (RFC 6265bis, section 5.7).
fn needs_secure(name: &[u8]) -> bool {
    [&b"__Host-"[..], b"__Secure-"]
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// Takes the cookie of the original name out of the browser: its place is taken by the renamed one, and it must not be
/// believed again after a logout.
fn deletion(cookie: &SetCookie) -> Option<HeaderValue> {
    let mut cookie = cookie.clone();
    cookie.value = b"";
    for lifetime in ["Max-Age", "Expires"] {
        cookie.remove(lifetime);
    }
    cookie.push("Max-Age", Some("0"));
    cookie.push("Expires", Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    to_field(&cookie)
}

/// `None` does not happen: every byte came out of a field value, or is a token.
fn to_field(cookie: &SetCookie) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::from(cookie.to_bytes())).ok()
}

fn log(rule: &'static Rule, name: &[u8], seen: &Seen, what: &'static str) {
    tally::count(rule, tally::Outcome::Reported);
    tracing::warn!(
        target: "portcullis::report",
        request_id = request_id(seen),
        rule = rule.id.as_str(),
        cookie = %String::from_utf8_lossy(name),
        "{what}"
    );
}

fn request_id(seen: &Seen) -> &str {
    seen.request.as_ref().map_or("-", RequestId::as_str)
}
