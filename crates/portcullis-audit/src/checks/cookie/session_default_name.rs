//! No cookie has the name that a session package gives by default.

use portcullis_rules::cookie::SESSION_DEFAULT_NAME;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&SESSION_DEFAULT_NAME, live);

/// express-session, cookie-session, koa-session, older cookie-session, sails.
const DEFAULTS: [&str; 6] = ["connect.sid", "session", "koa.sess", "koa:sess", "express:sess", "sails.sid"];

fn live(evidence: &Evidence) -> Verdict {
    on_cookies(
        evidence,
        |(cookie, ..)| {
            let name = cookie.name.strip_suffix(".sig").unwrap_or(&cookie.name);
            DEFAULTS.contains(&name).then(|| format!("Set-Cookie: {cookie}"))
        },
        "no cookie has a session package's default name",
    )
}
