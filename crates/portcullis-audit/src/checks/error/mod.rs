//! What the site says when something goes wrong.

pub(super) mod message_leak;
pub(super) mod no_handler;
pub(super) mod node_env;
pub(super) mod path_leak;
pub(super) mod stack_leak;
mod stack_trace;

use http::StatusCode;

use crate::checks::unanswered_page;
use crate::evidence::live::{Evidence, Request, Response};
use crate::verdict::{Observation, Verdict};

/// Runs `fault` over the text of the error answers. Without a fault, the rule holds only if something was
/// made to fail; a 404 alone shows nothing, since no handler ran.
fn on_error_texts(
    evidence: &Evidence,
    fault: impl Fn(&Request, &str) -> Option<String>,
    because: &str,
) -> Verdict {
    let observations = error_answers(evidence)
        .filter_map(|(request, response)| {
            let saw = fault(request, &response.visible_text()?)?;
            Some(Observation::new(request, saw))
        })
        .collect();
    Verdict::broken_if_any(observations, without_fault(evidence, because))
}

/// The pages that report an error.
fn error_answers(evidence: &Evidence) -> impl Iterator<Item = (&Request, &Response)> {
    evidence.pages().filter(|(_, response)| is_error(response.status))
}

/// The error pages that something other than a missing page caused.
fn failures(evidence: &Evidence) -> impl Iterator<Item = (&Request, &Response)> {
    error_answers(evidence).filter(|(_, response)| is_failure(response.status))
}

fn without_fault(evidence: &Evidence, because: &str) -> Verdict {
    if let Some(unanswered) = unanswered_page(evidence) {
        unanswered
    } else if failures(evidence).any(|(_, response)| response.is_whole() && response.text().is_some()) {
        Verdict::holds(because)
    } else {
        Verdict::out_of_sight("neither a malformed path nor malformed JSON made the application fail")
    }
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// An error that a parser or a handler caused; not one that says "not here" or "not you".
fn is_failure(status: StatusCode) -> bool {
    is_error(status)
        && !matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::NOT_FOUND
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::TOO_MANY_REQUESTS
        )
}

/// Whether finalhandler wrote it, the last resort of Express (4 and 5 alike).
fn is_express_page(response: &Response) -> bool {
    response.text().is_some_and(|text| text.contains("<title>Error</title>") && text.contains("<pre>"))
}
