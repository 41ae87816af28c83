//! Plain HTTP leads to https on the same site by a redirect, or is refused. Judged where the site was asked
//! over plain HTTP, and on the port beside the https one where that is known.

use http::header::LOCATION;
use portcullis_rules::tls::NO_REDIRECT;

use crate::checks::{Check, on_page};
use crate::evidence::live::{Evidence, FetchError, Probe, Request, Response, Stage};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&NO_REDIRECT, live);

fn live(evidence: &Evidence) -> Verdict {
    if !evidence.target.is_https() {
        return on_page(evidence, |request, page| {
            Verdict::broken(request, format!("status {} and no redirect to https", page.status.as_u16()))
        });
    }
    let Some(exchange) = evidence.exchange(&Probe::PlainHttp) else {
        return if evidence.asked.is_https() {
            Verdict::out_of_sight("the port for plain HTTP is not known")
        } else {
            Verdict::holds("plain HTTP redirects to https")
        };
    };
    match &exchange.outcome {
        Ok(response) => judge(&exchange.request, response),
        Err(FetchError::Refused { .. }) => Verdict::holds("nothing listens for plain HTTP"),
        Err(FetchError::IsTls | FetchError::NotHttp { .. }) => {
            Verdict::holds("that port does not speak HTTP")
        }
        Err(FetchError::TimedOut { stage: Stage::Connect, .. } | FetchError::Unreachable { .. }) => {
            Verdict::out_of_sight("the port for plain HTTP cannot be reached from here")
        }
        Err(error) => Verdict::unanswered(&exchange.request.to_string(), Some(error)),
    }
}

fn judge(request: &Request, response: &Response) -> Verdict {
    let status = response.status.as_u16();
    if response.status.is_client_error() {
        return Verdict::holds(format!("plain HTTP is refused with status {status}"));
    }
    if response.status.is_server_error() {
        return Verdict::out_of_sight(format!("plain HTTP answers with status {status}"));
    }
    match response.field(LOCATION.as_str()).filter(|_| response.status.is_redirection()) {
        None => Verdict::broken(request, format!("status {status} and no redirect")),
        Some(location) => match request.target.join(&location) {
            Ok(next) if next.is_https() => {
                Verdict::holds(format!("plain HTTP redirects to {}", next.origin()))
            }
            _ => Verdict::broken(request, format!("status {status} to {location}, which is not https")),
        },
    }
}
