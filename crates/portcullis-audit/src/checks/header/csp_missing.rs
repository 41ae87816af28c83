//! Every HTML answer, error pages included, has an enforced policy, in a field or in a `meta` element. Cannot
//! see pages that were not fetched.

use portcullis_rules::header::CSP_MISSING;

use crate::checks::{Check, on_documents};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&CSP_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_documents(evidence, fault, "each HTML answer has a policy")
}

fn fault(response: &Response) -> Option<String> {
    if !response.policies().is_empty() {
        return None;
    }
    Some(match response.field("content-security-policy-report-only") {
        Some(_) => "only Content-Security-Policy-Report-Only, which blocks nothing".to_owned(),
        None => "no Content-Security-Policy".to_owned(),
    })
}
