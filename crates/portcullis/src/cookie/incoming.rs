//! `Cookie` fields of a request: renamed sessions get their own names back.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use portcullis_rules::cookie;

use super::{
    CookieGuard, Seen,
    name::{Slot, Spelling},
    parse::{Pair, parts},
};
use crate::{RequestId, tally};

/// The best spelling of one session that a request brings.
struct Candidate<'a> {
    slot: Slot,
    spelling: Spelling,
    value: &'a [u8],
    ambiguous: bool,
    written: bool,
}

impl CookieGuard {
    pub(super) fn give_names_back(&self, headers: &mut HeaderMap, seen: &mut Seen) {
        let Some(first) = headers.get(COOKIE) else { return };
        let mut fields = headers.get_all(COOKIE).iter();
        let several = fields.next().is_some() && fields.next().is_some();
        let is_ours = |part: &[u8]| {
            Pair::parse(part).is_some_and(|pair| self.renames.incoming(pair.name, seen.plain).is_some())
        };
        if !several && !parts(first.as_bytes()).any(is_ours) {
            return;
        }

        let candidates = self.candidates(headers, seen);
        let field = self.with_original_names(headers, candidates, seen.plain);
        if field.is_empty() {
            headers.remove(COOKIE);
        } else if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(field)) {
            headers.insert(COOKIE, value);
        }
    }

    /// At most one for each session that is renamed.
    fn candidates<'a>(&self, headers: &'a HeaderMap, seen: &mut Seen) -> Vec<Candidate<'a>> {
        let mut candidates: Vec<Candidate<'a>> = Vec::new();
        for Pair { name, value } in all_parts(headers).filter_map(Pair::parse) {
            let Some((slot, spelling)) = self.renames.incoming(name, seen.plain) else { continue };
            if spelling == Spelling::Original {
                if !self.accept_original_names {
                    continue;
                }
                if !seen.original_names.contains(&slot) {
                    seen.original_names.push(slot);
                }
            }
            if spelling == Spelling::Secure
                && self.require_host_prefix
                && self.renames.allows_host_prefix(slot)
            {
                continue;
            }
            let candidate = Candidate { slot, spelling, value, ambiguous: false, written: false };
            match candidates.iter_mut().find(|best| best.slot == slot) {
                Some(best) if spelling == best.spelling => best.ambiguous |= value != best.value,
                Some(best) if spelling < best.spelling => {}
                Some(best) => *best = candidate,
                None => candidates.push(candidate),
            }
        }
        for candidate in candidates.iter().filter(|candidate| candidate.ambiguous) {
            tally::count(&cookie::SESSION_FIXATION, tally::Outcome::Refused);
            tracing::warn!(
                target: "portcullis::cookie",
                request_id = seen.request.as_ref().map_or("-", RequestId::as_str),
                rule = cookie::SESSION_FIXATION.id.as_str(),
                cookie = %String::from_utf8_lossy(self.renames.original(candidate.slot)),
                "dropped: it came twice with different values"
            );
        }
        candidates
    }

    /// All cookies in one field, each session once, in the order in which they came.
    fn with_original_names(
        &self,
        headers: &HeaderMap,
        mut candidates: Vec<Candidate>,
        plain: bool,
    ) -> Vec<u8> {
        let sent: usize = headers.get_all(COOKIE).iter().map(|field| field.len() + 2).sum();
        let mut field = Vec::with_capacity(sent);
        let mut write = |parts: &[&[u8]]| {
            if !field.is_empty() {
                field.extend_from_slice(b"; ");
            }
            for part in parts {
                field.extend_from_slice(part);
            }
        };
        for part in all_parts(headers) {
            let ours = Pair::parse(part).and_then(|pair| self.renames.incoming(pair.name, plain));
            let Some((slot, spelling)) = ours else {
                write(&[part]);
                continue;
            };
            let best = candidates.iter_mut().find(|best| best.slot == slot && best.spelling == spelling);
            if let Some(best) = best.filter(|best| !best.ambiguous && !best.written) {
                best.written = true;
                write(&[self.renames.original(slot), b"=", best.value]);
            }
        }
        field
    }
}

fn all_parts(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().flat_map(|field| parts(field.as_bytes()))
}
