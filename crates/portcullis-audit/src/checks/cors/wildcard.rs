//! No answer allows every origin by `*`. Right for public data that is only read: low, and not wrong for
//! everybody.

use portcullis_rules::cors::WILDCARD;

use super::{allowed_origin, on_foreign_origins};
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&WILDCARD, live);

fn live(evidence: &Evidence) -> Verdict {
    on_foreign_origins(
        evidence,
        |_, _, response| {
            allowed_origin(response)
                .filter(|origin| origin == "*")
                .map(|_| "Access-Control-Allow-Origin: *".to_owned())
        },
        Verdict::holds("no answer allows every origin"),
    )
}
