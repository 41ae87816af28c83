//! Every cookie has `SameSite` with a value that browsers know, and `None` only together with `Secure`
//! (without it browsers refuse the cookie). Does not judge whether `None` is needed.

use portcullis_rules::cookie::SAMESITE_MISSING;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::{Evidence, SetCookie};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&SAMESITE_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_cookies(evidence, |(cookie, ..)| fault(cookie), "each cookie says where it may come from")
}

fn fault(cookie: &SetCookie) -> Option<String> {
    let fine = match cookie.same_site.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("lax" | "strict") => true,
        Some("none") => cookie.secure,
        _ => false,
    };
    (!fine).then(|| format!("Set-Cookie: {cookie}"))
}
