//! No cookie is larger, name and value together, than the 4,093 bytes that every browser keeps.

use portcullis_rules::cookie::TOO_LARGE;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&TOO_LARGE, live);

const MAX_BYTES: usize = 4_093;

fn live(evidence: &Evidence) -> Verdict {
    on_cookies(
        evidence,
        |(cookie, ..)| {
            let bytes = cookie.name.len() + 1 + cookie.value.len();
            (bytes > MAX_BYTES).then(|| format!("{bytes} bytes: {cookie}"))
        },
        "each cookie fits into 4,093 bytes",
    )
}
