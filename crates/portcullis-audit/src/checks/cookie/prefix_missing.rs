//! Every cookie that looks like a session has the prefix `__Host-`, and what the prefix demands: `Secure`,
//! `Path=/`, no `Domain` (RFC 6265bis, 4.1.3.2). A prefix whose demands are not met makes browsers refuse the
//! cookie: low. `__Secure-` is enough where a `Domain` or another path is set.

use portcullis_rules::Severity;
use portcullis_rules::cookie::PREFIX_MISSING;

use super::on_sessions;
use crate::checks::Check;
use crate::evidence::live::{Evidence, SetCookie};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&PREFIX_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    let refused = on_sessions(
        evidence,
        |(cookie, ..)| is_refused(cookie).then(|| format!("browsers refuse Set-Cookie: {cookie}")),
        "each session cookie has a prefix",
    );
    match refused {
        Verdict::Broken(_) => refused.at(Severity::Low),
        Verdict::Holds { because } => on_sessions(
            evidence,
            |(cookie, ..)| (!is_prefixed(cookie)).then(|| format!("Set-Cookie: {cookie}")),
            because,
        ),
        other => other,
    }
}

fn is_host_bound(cookie: &SetCookie) -> bool {
    cookie.domain.is_none() && cookie.path.as_deref() == Some("/")
}

fn has_prefix(cookie: &SetCookie, prefix: &str) -> bool {
    cookie.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_refused(cookie: &SetCookie) -> bool {
    let host = has_prefix(cookie, "__Host-");
    let secure = has_prefix(cookie, "__Secure-");
    (host && !(cookie.secure && is_host_bound(cookie))) || (secure && !cookie.secure)
}

fn is_prefixed(cookie: &SetCookie) -> bool {
    has_prefix(cookie, "__Host-") || (has_prefix(cookie, "__Secure-") && !is_host_bound(cookie))
}
