//! Every cookie has `Secure`. A cookie that does not look like a session is medium. Over plain HTTP the flag
//! is asked for as well: the cookie travelled in clear as it was seen.

use portcullis_rules::Severity;
use portcullis_rules::cookie::SECURE_MISSING;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&SECURE_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    let verdict = on_cookies(
        evidence,
        |(cookie, ..)| (!cookie.secure).then(|| format!("Set-Cookie: {cookie}")),
        "each cookie has Secure",
    );
    let session = evidence.cookies().iter().any(|(cookie, ..)| !cookie.secure && cookie.looks_like_session());
    if session { verdict } else { verdict.at(Severity::Medium) }
}
