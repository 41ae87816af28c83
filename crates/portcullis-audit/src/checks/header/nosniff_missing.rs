//! Every answer with a body says `X-Content-Type-Options: nosniff`, error pages included.

use portcullis_rules::header::NOSNIFF_MISSING;

use crate::checks::{Check, on_pages};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&NOSNIFF_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_pages(evidence, fault, "each answer with a body has nosniff")
}

fn fault(response: &Response) -> Option<String> {
    // Browsers look at the first entry of the list (Fetch, 3.6).
    let value = response.list("x-content-type-options");
    let first = value.as_deref().and_then(|value| value.split(',').next()).map(str::trim);
    match first {
        Some(value) if value.eq_ignore_ascii_case("nosniff") => None,
        _ if response.body.is_empty() || response.status.is_redirection() => None,
        Some(value) => Some(format!("X-Content-Type-Options: {value}")),
        None => Some("no X-Content-Type-Options".to_owned()),
    }
}
