//! At least one protective field is on the page or on the 404. Does not count what Express writes on its own
//! error page.

use portcullis_rules::header::HELMET_MISSING;

use super::{PROTECTIVE, is_express_error_page};
use crate::checks::{Check, on_page};
use crate::evidence::live::{Evidence, Probe, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&HELMET_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        let missing = evidence.answer(&Probe::Missing).map(|(_, response)| response);
        let elsewhere = missing.filter(|response| !is_express_error_page(response));
        match [Some(page), elsewhere].into_iter().flatten().find_map(protective_field) {
            Some(name) => Verdict::holds(format!("{name} is set")),
            None => Verdict::broken(request, "none of the protective fields that helmet sets"),
        }
    })
}

fn protective_field(response: &Response) -> Option<&'static str> {
    PROTECTIVE
        .into_iter()
        .chain(["strict-transport-security", "permissions-policy"])
        .find(|name| response.fields.contains_key(*name))
}
