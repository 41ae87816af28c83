//! The answers say how many requests are left, or that there are none: that is a limit. Without a word of it there may
//! be one all the same, since nothing obliges a site to say so, and it is not tried out.

use portcullis_rules::auth::RATE_LIMIT_GLOBAL;

use crate::checks::Check;
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&RATE_LIMIT_GLOBAL, live);

fn live(evidence: &Evidence) -> Verdict {
    match evidence.answers().find_map(|(request, response)| Some((request, limit(response)?))) {
        Some((request, limit)) => Verdict::holds(format!("{request} is answered with {limit}")),
        None => {
            Verdict::out_of_sight("no answer speaks of a limit, and whether there is one was not tried out")
        }
    }
}

/// The fields of the drafts (draft-ietf-httpapi-ratelimit-headers), those before them, and the status that a limit has.
fn limit(response: &Response) -> Option<String> {
    let said =
        ["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit"]
            .into_iter()
            .find_map(|name| Some(format!("{name}: {}", response.list(name)?)));
    said.or_else(|| (response.status.as_u16() == 429).then(|| "429 Too Many Requests".to_owned()))
}
