//! Cookies that the site set in any answer.

pub(super) mod client_side_data;
pub(super) mod domain_broad;
pub(super) mod expires_at_boot;
pub(super) mod httponly_missing;
pub(super) mod lifetime_too_long;
pub(super) mod path_broad;
pub(super) mod prefix_missing;
pub(super) mod samesite_missing;
pub(super) mod save_uninitialized;
pub(super) mod secret_hardcoded;
pub(super) mod secure_missing;
pub(super) mod session_default_name;
pub(super) mod too_large;

use crate::checks::unanswered_page;
use crate::evidence::live::{Evidence, Request, Response, SetCookie};
use crate::verdict::{Observation, Verdict};

type Seen<'a> = (SetCookie, &'a Request, &'a Response);

/// Judges each cookie; does not apply if none was set.
fn on_cookies(
    evidence: &Evidence,
    fault: impl Fn(&Seen<'_>) -> Option<String>,
    because: impl Into<String>,
) -> Verdict {
    judged(evidence, &evidence.cookies(), "no answer set a cookie", fault, because)
}

/// Judges each cookie that looks like what keeps a user logged in; does not apply if there is none.
fn on_sessions(
    evidence: &Evidence,
    fault: impl Fn(&Seen<'_>) -> Option<String>,
    because: impl Into<String>,
) -> Verdict {
    let mut cookies = evidence.cookies();
    cookies.retain(|(cookie, ..)| cookie.looks_like_session());
    judged(evidence, &cookies, "no answer set a cookie that looks like a session", fault, because)
}

fn judged(
    evidence: &Evidence,
    cookies: &[Seen<'_>],
    none: &str,
    fault: impl Fn(&Seen<'_>) -> Option<String>,
    because: impl Into<String>,
) -> Verdict {
    if cookies.is_empty() {
        return unanswered_page(evidence).unwrap_or_else(|| Verdict::does_not_apply(none));
    }
    let observations =
        cookies.iter().filter_map(|seen| fault(seen).map(|saw| Observation::new(seen.1, saw))).collect();
    Verdict::broken_if_any(observations, Verdict::holds(because))
}
