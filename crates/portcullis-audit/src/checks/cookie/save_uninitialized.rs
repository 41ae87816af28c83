//! A first visit without a cookie sets no session cookie. Where it does, the application may have a reason (a
//! token against login CSRF), which the outside cannot see: info.

use portcullis_rules::Severity;
use portcullis_rules::cookie::SAVE_UNINITIALIZED;

use crate::checks::{Check, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&SAVE_UNINITIALIZED, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        let now = page.unix_time();
        let sessions = page
            .cookies()
            .filter(|cookie| cookie.looks_like_session() && !cookie.is_removal(now))
            .map(|cookie| Observation::new(request, format!("an anonymous visit sets {cookie}")))
            .collect();
        Verdict::broken_if_any(sessions, Verdict::holds("an anonymous visit sets no session cookie"))
            .at(Severity::Info)
    })
}
