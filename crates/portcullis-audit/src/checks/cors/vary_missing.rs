//! An answer that allows one origin by name says `Vary: Origin`, so that no cache gives it to another. A
//! preflight is not cached by shared caches (RFC 9110, 9.3.7).

use http::Method;
use portcullis_rules::cors::VARY_MISSING;

use super::{allowed_origin, on_foreign_origins};
use crate::checks::Check;
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&VARY_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    let named = evidence.cross_origin().any(|(_, request, response)| {
        request.method == Method::GET && allowed_origin(response).is_some_and(|origin| origin != "*")
    });
    let otherwise = if named {
        Verdict::holds("answers that allow an origin by name say Vary: Origin")
    } else {
        Verdict::does_not_apply("no answer allows an origin by name")
    };
    on_foreign_origins(
        evidence,
        |_, request, response| {
            let origin = allowed_origin(response).filter(|origin| origin != "*")?;
            (request.method == Method::GET && !varies(response))
                .then(|| format!("Access-Control-Allow-Origin: {origin} without Vary: Origin"))
        },
        otherwise,
    )
}

fn varies(response: &Response) -> bool {
    response.lists("vary", "origin") || response.lists("vary", "*")
}
