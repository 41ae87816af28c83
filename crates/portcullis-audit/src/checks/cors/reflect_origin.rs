//! No answer allows, by name, an origin that is foreign, `null`, a look-alike of the site's own, or the site
//! without TLS. Without credentials the answers are those that anybody gets: low.

use portcullis_rules::Severity;
use portcullis_rules::cors::REFLECT_ORIGIN;

use super::{allows_credentials, on_foreign_origins, reflects};
use crate::checks::Check;
use crate::evidence::live::{Evidence, OriginKind, Request, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&REFLECT_ORIGIN, live);

fn live(evidence: &Evidence) -> Verdict {
    let credentialed = evidence
        .cross_origin()
        .any(|(_, request, response)| reflects(request, response) && allows_credentials(response));
    let verdict = on_foreign_origins(evidence, fault, Verdict::holds("no crafted origin was let in"));
    if credentialed { verdict } else { verdict.at(Severity::Low) }
}

fn fault(kind: OriginKind, request: &Request, response: &Response) -> Option<String> {
    if !reflects(request, response) {
        return None;
    }
    let what = match kind {
        OriginKind::Foreign => "any origin",
        OriginKind::Null => "the origin null",
        OriginKind::Suffix => "an origin that only ends like the allowed one",
        OriginKind::Prefix => "an origin that only begins like the allowed one",
        OriginKind::Dot => "an origin with another letter in place of a dot",
        OriginKind::PlainHttp => "the allowed name without TLS",
    };
    let credentials = if allows_credentials(response) { ", with credentials" } else { "" };
    Some(format!("allows {what}{credentials}"))
}
