//! The site is not served over plain HTTP: neither the URL that was asked for, nor the port beside the https
//! one. A redirect or a refusal is no service. A proxy with TLS in front of a loopback address cannot be
//! seen.

use http::StatusCode;
use portcullis_rules::tls::PLAIN_HTTP;

use crate::checks::{Check, on_page};
use crate::evidence::live::{Evidence, FetchError, Probe, Stage};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&PLAIN_HTTP, live);

fn live(evidence: &Evidence) -> Verdict {
    if !evidence.target.is_https() {
        return on_page(evidence, |request, page| {
            let place = if evidence.target.is_loopback() {
                " (a loopback address: audit the public URL if TLS ends in front of it)"
            } else {
                ""
            };
            Verdict::broken(request, format!("status {} without TLS{place}", page.status.as_u16()))
        });
    }
    let Some(exchange) = evidence.exchange(&Probe::PlainHttp) else {
        return if evidence.asked.is_https() {
            Verdict::out_of_sight("the port for plain HTTP is not known")
        } else {
            Verdict::holds("plain HTTP answers with a redirect to https")
        };
    };
    match &exchange.outcome {
        Ok(response) if response.status.is_success() => {
            Verdict::broken(&exchange.request, format!("status {} without TLS", response.status.as_u16()))
        }
        Ok(response)
            if response.status.is_server_error() && response.status != StatusCode::NOT_IMPLEMENTED =>
        {
            Verdict::out_of_sight(format!("plain HTTP answers with status {}", response.status.as_u16()))
        }
        Ok(response) => {
            Verdict::holds(format!("plain HTTP answers with status {}", response.status.as_u16()))
        }
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
