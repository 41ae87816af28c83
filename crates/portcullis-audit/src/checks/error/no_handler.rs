//! Errors are answered in the application's own form. Express's default page for anything but a missing page
//! shows that no middleware with four arguments took the error. Cannot see whether a rejected promise gets
//! lost.

use portcullis_rules::error::NO_HANDLER;

use super::{failures, is_express_page, without_fault};
use crate::checks::{Check, observed};
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&NO_HANDLER, live);

fn live(evidence: &Evidence) -> Verdict {
    let observations = observed(failures(evidence), |response| {
        is_express_page(response)
            .then(|| format!("Express's default error page, status {}", response.status.as_u16()))
    });
    Verdict::broken_if_any(
        observations,
        without_fault(evidence, "errors are answered in the application's own form"),
    )
}
