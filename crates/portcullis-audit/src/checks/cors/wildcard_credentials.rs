//! No answer allows credentials to an origin that it knows nothing of. `*` with credentials is refused by
//! browsers, and shows that the application means to allow what it must not: medium.

use portcullis_rules::Severity;
use portcullis_rules::cors::WILDCARD_CREDENTIALS;

use super::{allowed_origin, allows_credentials, on_foreign_origins, reflects};
use crate::checks::Check;
use crate::evidence::live::{Evidence, OriginKind};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&WILDCARD_CREDENTIALS, live);

fn live(evidence: &Evidence) -> Verdict {
    let held = || Verdict::holds("no unknown origin is allowed credentials");
    let by_name = on_foreign_origins(
        evidence,
        |kind, request, response| {
            (kind == OriginKind::Foreign && reflects(request, response) && allows_credentials(response)).then(
                || {
                    let origin = request.origin.as_deref().unwrap_or_default();
                    format!(
                        "Access-Control-Allow-Origin: {origin} with Access-Control-Allow-Credentials: true"
                    )
                },
            )
        },
        held(),
    );
    if matches!(by_name, Verdict::Broken(_)) {
        return by_name;
    }
    on_foreign_origins(
        evidence,
        |_, _, response| {
            (allowed_origin(response).as_deref() == Some("*") && allows_credentials(response)).then(|| {
                "Access-Control-Allow-Origin: * with Access-Control-Allow-Credentials: true (browsers refuse it)"
                    .to_owned()
            })
        },
        held(),
    )
    .at(Severity::Medium)
}
