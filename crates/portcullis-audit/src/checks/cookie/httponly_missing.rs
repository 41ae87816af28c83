//! Every cookie that looks like a session has `HttpOnly`. Others, such as the readable half of a CSRF token,
//! may do without. Cannot know a session that is called and looks like none.

use portcullis_rules::cookie::HTTPONLY_MISSING;

use super::on_sessions;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&HTTPONLY_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_sessions(
        evidence,
        |(cookie, ..)| (!cookie.http_only).then(|| format!("Set-Cookie: {cookie}")),
        "each session cookie has HttpOnly",
    )
}
