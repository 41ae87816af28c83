//! Express's default error page shows a stack trace only when `NODE_ENV` is not `production`. The same page
//! without one shows that it is. Where the application or a gate answers errors itself, the outside cannot
//! tell.

use portcullis_rules::error::NODE_ENV;

use super::stack_trace::first_frame;
use super::{failures, is_express_page, without_fault};
use crate::checks::{Check, observed};
use crate::evidence::live::Evidence;
use crate::verdict::{Gap, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&NODE_ENV, live);

fn live(evidence: &Evidence) -> Verdict {
    let observations = observed(failures(evidence), |response| {
        if !is_express_page(response) {
            return None;
        }
        first_frame(&response.visible_text()?)
            .map(|_| "Express's default error page with a stack trace".to_owned())
    });
    let otherwise = if failures(evidence).any(|(_, response)| is_express_page(response)) {
        Verdict::holds("Express's default error page shows no stack trace")
    } else {
        match without_fault(evidence, "") {
            unknown @ Verdict::Unknown { gap: Gap::Unanswered, .. } => unknown,
            _ => Verdict::out_of_sight(
                "no error was answered by Express's default page, which alone would tell",
            ),
        }
    };
    Verdict::broken_if_any(observations, otherwise)
}
