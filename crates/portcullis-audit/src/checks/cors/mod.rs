//! What the site allows to origins that are not its own.

pub(super) mod max_age_ineffective;
pub(super) mod reflect_origin;
pub(super) mod vary_missing;
pub(super) mod wildcard;
pub(super) mod wildcard_credentials;

use crate::evidence::live::{Evidence, OriginKind, Probe, Request, Response};
use crate::verdict::{Observation, Verdict};

/// Runs `fault` over the answers to foreign Origins. Without a fault, a probe that got no answer leaves the
/// rule unknown.
fn on_foreign_origins(
    evidence: &Evidence,
    fault: impl Fn(OriginKind, &Request, &Response) -> Option<String>,
    otherwise: Verdict,
) -> Verdict {
    let observations: Vec<_> = evidence
        .cross_origin()
        .filter_map(|(kind, request, response)| {
            fault(kind, request, response).map(|saw| Observation::new(request, saw))
        })
        .collect();
    if !observations.is_empty() {
        return Verdict::broken_if_any(observations, otherwise);
    }
    let is_foreign = |probe: &Probe| matches!(probe, Probe::ForeignOrigin(_) | Probe::Preflight(_));
    let asked: Vec<_> = evidence.exchanges.iter().filter(|exchange| is_foreign(&exchange.probe)).collect();
    let failed = asked.iter().find_map(|exchange| {
        exchange
            .outcome
            .as_ref()
            .err()
            .map(|error| Verdict::unanswered(&exchange.request.to_string(), Some(error)))
    });
    match failed {
        Some(unknown) => unknown,
        None if asked.is_empty() => Verdict::unanswered("a request with a foreign Origin", None),
        None => otherwise,
    }
}

fn allowed_origin(response: &Response) -> Option<String> {
    response.field("access-control-allow-origin").map(|origin| origin.trim().to_owned())
}

/// Whether the answer allows the origin that asked, by name.
fn reflects(request: &Request, response: &Response) -> bool {
    let allowed = allowed_origin(response);
    allowed.is_some() && allowed == request.origin
}

/// Fetch, 3.3.3: exactly `true`, in lower case.
fn allows_credentials(response: &Response) -> bool {
    response.field("access-control-allow-credentials").is_some_and(|value| value.trim() == "true")
}
