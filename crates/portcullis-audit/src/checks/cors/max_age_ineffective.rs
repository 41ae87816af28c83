//! A preflight that is allowed may be remembered for a while, and no longer than browsers do: 1 s to 2 h,
//! which is Chromium's limit. Only seen where an origin that we can send is allowed.

use http::Method;
use portcullis_rules::cors::MAX_AGE_INEFFECTIVE;

use super::{allowed_origin, on_foreign_origins};
use crate::checks::Check;
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&MAX_AGE_INEFFECTIVE, live);

const CHROMIUM_SECONDS: u64 = 2 * 60 * 60;

fn live(evidence: &Evidence) -> Verdict {
    let is_allowed = |method: &Method, response: &Response| {
        *method == Method::OPTIONS && allowed_origin(response).is_some()
    };
    let allowed = evidence.cross_origin().any(|(_, request, response)| is_allowed(&request.method, response));
    let otherwise = if allowed {
        Verdict::holds("preflights are remembered for as long as browsers do")
    } else {
        Verdict::does_not_apply("no crafted preflight was allowed")
    };
    on_foreign_origins(
        evidence,
        |_, request, response| if is_allowed(&request.method, response) { fault(response) } else { None },
        otherwise,
    )
}

fn fault(response: &Response) -> Option<String> {
    let Some(value) = response.field("access-control-max-age") else {
        return Some("no Access-Control-Max-Age: browsers ask again after 5 s".to_owned());
    };
    match value.trim().parse::<u64>() {
        Ok(1..=CHROMIUM_SECONDS) => None,
        _ => Some(format!("Access-Control-Max-Age: {value}")),
    }
}
