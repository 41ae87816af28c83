//! No answer pins keys. Browsers dropped it, and an old one can be locked out by a wrong pin.

use portcullis_rules::header::HPKP;

use crate::checks::{Check, on_pages};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&HPKP, live);

fn live(evidence: &Evidence) -> Verdict {
    on_pages(evidence, fault, "no answer pins keys")
}

fn fault(response: &Response) -> Option<String> {
    ["Public-Key-Pins", "Public-Key-Pins-Report-Only"]
        .into_iter()
        .find_map(|name| response.field(&name.to_ascii_lowercase()).map(|value| format!("{name}: {value}")))
}
