//! The page says who may frame it: CSP `frame-ancestors`, or `X-Frame-Options` with DENY or SAMEORIGIN. Does
//! not know whether it is meant to be framed.

use portcullis_rules::header::FRAME_MISSING;

use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&FRAME_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        if !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document");
        }
        if super::limits_framing(page) {
            return Verdict::holds("the page says who may frame it");
        }
        match page.list("x-frame-options") {
            Some(value) => Verdict::broken(
                request,
                format!("X-Frame-Options: {value}, which browsers ignore, and no frame-ancestors"),
            ),
            None => Verdict::broken(request, "neither X-Frame-Options nor frame-ancestors"),
        }
    })
}
