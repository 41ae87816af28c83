//! No cookie that looks like a session lives longer than 30 days, by `Max-Age`, or by `Expires` against the
//! answer's `Date`. Does not know a cookie that remembers a user on purpose from another.

use portcullis_rules::cookie::LIFETIME_TOO_LONG;

use super::on_sessions;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&LIFETIME_TOO_LONG, live);

const DAY: i64 = 24 * 60 * 60;

fn live(evidence: &Evidence) -> Verdict {
    on_sessions(
        evidence,
        |(cookie, _, response)| {
            let seconds = cookie.lifetime(response.unix_time())?;
            // An hour of grace for clocks that differ.
            (seconds > 30 * DAY + 3_600).then(|| format!("lives {} days: {cookie}", seconds / DAY))
        },
        "each session cookie ends within 30 days",
    )
}
