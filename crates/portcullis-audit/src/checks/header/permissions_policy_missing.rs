//! The page has a Permissions-Policy.

use portcullis_rules::header::PERMISSIONS_POLICY_MISSING;

use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&PERMISSIONS_POLICY_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        if !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document");
        }
        match page.field("permissions-policy") {
            Some(value) if !value.trim().is_empty() => Verdict::holds("the page has a Permissions-Policy"),
            _ => Verdict::broken(request, "no Permissions-Policy"),
        }
    })
}
