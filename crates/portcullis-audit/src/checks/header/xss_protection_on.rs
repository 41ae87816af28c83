//! `X-XSS-Protection` is absent or 0. The filter it switches on is gone from browsers, and in those that had
//! it, it made holes of its own.

use portcullis_rules::header::XSS_PROTECTION_ON;

use crate::checks::{Check, on_pages};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&XSS_PROTECTION_ON, live);

fn live(evidence: &Evidence) -> Verdict {
    on_pages(evidence, fault, "absent or 0 in each answer")
}

fn fault(response: &Response) -> Option<String> {
    let value = response.list("x-xss-protection")?;
    (!value.trim_start().starts_with('0')).then(|| format!("X-XSS-Protection: {value}"))
}
