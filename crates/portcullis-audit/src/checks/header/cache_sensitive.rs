//! An answer that sets a cookie says that shared caches must not keep it: `no-store`, `private` or `no-cache`
//! (RFC 9111, 7.3: Set-Cookie alone does not keep a cache away). Where nothing is said at all, few caches
//! would keep it: low. Cannot see pages behind a login.

use portcullis_rules::Severity;
use portcullis_rules::header::CACHE_SENSITIVE;

use crate::checks::{Check, unanswered_page};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::{Fault, Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&CACHE_SENSITIVE, live);

fn live(evidence: &Evidence) -> Verdict {
    let setting: Vec<_> =
        evidence.pages().filter(|(_, response)| response.fields.contains_key("set-cookie")).collect();
    if setting.is_empty() {
        return unanswered_page(evidence).unwrap_or_else(|| Verdict::does_not_apply("no page set a cookie"));
    }
    let open: Vec<_> = setting.into_iter().filter(|(_, response)| !is_kept_private(response)).collect();
    if open.is_empty() {
        return Verdict::holds("each answer that sets a cookie keeps shared caches away");
    }
    let silent = open.iter().all(|(_, response)| !response.fields.contains_key("cache-control"));
    let observations = open
        .into_iter()
        .map(|(request, response)| {
            let saw = match response.list("cache-control") {
                Some(value) => format!("Set-Cookie with Cache-Control: {value}"),
                None => "Set-Cookie without Cache-Control".to_owned(),
            };
            Observation::new(request, saw)
        })
        .collect();
    Verdict::Broken(Fault { observations, severity: silent.then_some(Severity::Low) })
}

fn is_kept_private(response: &Response) -> bool {
    ["no-store", "private", "no-cache"].iter().any(|directive| response.lists("cache-control", directive))
}
