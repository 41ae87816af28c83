//! The page has a referrer policy, in a field or in a `meta` element, and it is not `unsafe-url`. Of several
//! values the last one that browsers know counts (W3C Referrer Policy, 8.1).

use portcullis_rules::header::REFERRER_POLICY_MISSING;

use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&REFERRER_POLICY_MISSING, live);

const KNOWN: [&str; 8] = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        if !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document");
        }
        let Some(value) = page.list("referrer-policy").or_else(|| page.meta("name", "referrer")) else {
            return Verdict::broken(request, "no Referrer-Policy");
        };
        let effective = value
            .split(',')
            .map(|policy| policy.trim().to_ascii_lowercase())
            .rfind(|policy| KNOWN.contains(&policy.as_str()));
        match effective.as_deref() {
            None => Verdict::broken(request, format!("Referrer-Policy: {value}, which no browser knows")),
            Some("unsafe-url") => {
                Verdict::broken(request, "Referrer-Policy: unsafe-url, which sends the whole URL everywhere")
            }
            Some(policy) => Verdict::holds(format!("the page's policy is {policy}")),
        }
    })
}
