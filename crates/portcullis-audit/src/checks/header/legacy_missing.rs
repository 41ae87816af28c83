//! The page has the fields that only old browsers and plug-ins read.

use portcullis_rules::header::LEGACY_MISSING;

use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&LEGACY_MISSING, live);

const LEGACY: [&str; 3] =
    ["X-DNS-Prefetch-Control", "X-Download-Options", "X-Permitted-Cross-Domain-Policies"];

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        if !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document");
        }
        let missing: Vec<_> =
            LEGACY.into_iter().filter(|name| !page.fields.contains_key(name.to_ascii_lowercase())).collect();
        if missing.is_empty() {
            Verdict::holds("all three are there")
        } else {
            Verdict::broken(request, format!("no {}", missing.join(", ")))
        }
    })
}
