//! A session cookie's `Expires` moves on from one answer to a later one. The page is fetched twice, more than
//! a second apart; the same date in both was computed before either request. `Max-Age` is relative and always
//! right.

use portcullis_rules::cookie::EXPIRES_AT_BOOT;

use super::Seen;
use crate::checks::{Check, unanswered_page};
use crate::evidence::live::{Evidence, Probe, SetCookie};
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&EXPIRES_AT_BOOT, live);

fn live(evidence: &Evidence) -> Verdict {
    let sessions: Vec<Seen<'_>> =
        evidence.cookies().into_iter().filter(|(cookie, ..)| cookie.looks_like_session()).collect();
    if sessions.iter().all(|(cookie, ..)| !depends_on_date(cookie)) {
        return unanswered_page(evidence)
            .unwrap_or_else(|| Verdict::does_not_apply("no session cookie ends by a date alone"));
    }
    let Some((_, page)) = evidence.answer(&Probe::Page) else {
        return Verdict::unanswered("the page", None);
    };
    let again =
        match evidence.exchange(&Probe::PageAgain).map(|exchange| (&exchange.request, &exchange.outcome)) {
            Some((request, Ok(response))) => (request, response),
            Some((_, Err(error))) => return Verdict::unanswered("the page, fetched again,", Some(error)),
            None => return Verdict::out_of_sight("the page itself sets no session cookie with a date"),
        };
    let later: Vec<_> = again.1.cookies().collect();
    let fixed =
        page.cookies().filter(|cookie| depends_on_date(cookie) && cookie.looks_like_session()).filter(
            |first| later.iter().any(|second| second.name == first.name && second.expires == first.expires),
        );
    let observations: Vec<_> = fixed
        .map(|cookie| {
            Observation::new(again.0, format!("the same Expires more than a second later: {cookie}"))
        })
        .collect();
    if observations.is_empty() && later.is_empty() {
        return Verdict::out_of_sight("the page set its session cookie only once");
    }
    Verdict::broken_if_any(observations, Verdict::holds("Expires moves on with the clock"))
}

fn depends_on_date(cookie: &SetCookie) -> bool {
    cookie.expires.is_some() && cookie.max_age.is_none()
}
