//! The page has all of the protective fields, or none (then that is another rule's finding).
//! `frame-ancestors` does what X-Frame-Options does, a `meta` element what its field does; HSTS counts over
//! TLS.

use portcullis_rules::header::HELMET_PARTIAL;

use super::{PROTECTIVE, limits_framing};
use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&HELMET_PARTIAL, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        if !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document");
        }
        let over_tls = request.target.is_https().then_some("strict-transport-security");
        let (present, missing): (Vec<_>, Vec<_>) = PROTECTIVE.into_iter().chain(over_tls).partition(|name| {
            page.fields.contains_key(*name)
                || match *name {
                    "x-frame-options" => limits_framing(page),
                    "content-security-policy" => !page.policies().is_empty(),
                    "referrer-policy" => page.meta("name", "referrer").is_some(),
                    _ => false,
                }
        });
        if present.is_empty() {
            Verdict::does_not_apply("the page has none of the protective fields")
        } else if missing.is_empty() {
            Verdict::holds("the page has all of the protective fields")
        } else {
            Verdict::broken(request, format!("no {}", missing.join(", ")))
        }
    })
}
