//! What a TLS handshake and the plain HTTP port show. What needs hand-made hellos (old versions, weak suites)
//! is not judged here.

pub(super) mod certificate_invalid;
pub(super) mod no_13;
pub(super) mod no_pq;
pub(super) mod no_redirect;
pub(super) mod plain_http;

use crate::evidence::live::{Evidence, Handshake, Request};
use crate::verdict::Verdict;

/// Judges the handshake before the page; does not apply without TLS.
fn on_handshake(evidence: &Evidence, judge: impl FnOnce(&Request, &Handshake) -> Verdict) -> Verdict {
    if !evidence.target.is_https() {
        return Verdict::does_not_apply("the site was audited over plain HTTP");
    }
    let handshake = evidence
        .answers()
        .find_map(|(request, response)| response.handshake.as_ref().map(|handshake| (request, handshake)));
    match handshake {
        Some((request, handshake)) => judge(request, handshake),
        None => Verdict::unanswered("the TLS handshake", None),
    }
}
