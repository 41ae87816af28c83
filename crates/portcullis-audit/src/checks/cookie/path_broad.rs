//! No cookie has a `Path` without a leading slash, which browsers replace by the directory of the request
//! (RFC 6265bis, 5.6.4). Cannot see which part of the host is the application's: `Path=/` is taken as meant.

use portcullis_rules::cookie::PATH_BROAD;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&PATH_BROAD, live);

fn live(evidence: &Evidence) -> Verdict {
    on_cookies(
        evidence,
        |(cookie, ..)| {
            let path = cookie.path.as_deref()?;
            (!path.is_empty() && !path.starts_with('/')).then(|| format!("Set-Cookie: {cookie}"))
        },
        "each Path begins with a slash",
    )
}
