//! Every answer over TLS asks for at least a year of HTTPS (RFC 6797, 6.1). Over plain HTTP the field means
//! nothing and is not asked for. Cannot see whether the host is on a preload list.

use portcullis_rules::header::HSTS_MISSING;

use crate::checks::{Check, on_pages};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&HSTS_MISSING, live);

const YEAR: u64 = 365 * 24 * 60 * 60;

fn live(evidence: &Evidence) -> Verdict {
    if !evidence.target.is_https() {
        return Verdict::does_not_apply(
            "the site was audited over plain HTTP, where the field means nothing",
        );
    }
    on_pages(evidence, fault, "each answer asks for a year of HTTPS or more")
}

fn fault(response: &Response) -> Option<String> {
    // Browsers read the first field only (RFC 6797, 8.1).
    let Some(value) = response.field("strict-transport-security") else {
        return Some("no Strict-Transport-Security".to_owned());
    };
    match max_age(&value) {
        None => Some(format!("Strict-Transport-Security without a valid max-age: {value}")),
        Some(seconds) if seconds < YEAR => Some(format!("Strict-Transport-Security: {value}")),
        Some(_) => None,
    }
}

fn max_age(value: &str) -> Option<u64> {
    value.split(';').find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("max-age") {
            return None;
        }
        let seconds = seconds.trim();
        seconds.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(seconds).parse().ok()
    })
}
