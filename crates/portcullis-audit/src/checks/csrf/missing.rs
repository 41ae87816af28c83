//! A form with one made-up field, with `--active`: once as from the site's own page, once as from another site's. If the second is refused
//! and the first is not, the site tells them apart; if both are carried out, it does not, as far as one sees without a session.

use http::StatusCode;
use portcullis_rules::csrf::MISSING;

use crate::checks::Check;
use crate::evidence::live::{Evidence, Probe};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    let status = |probe| match evidence.exchange(&probe) {
        None => Err(Verdict::out_of_sight("forms are sent with --active only")),
        Some(exchange) => match &exchange.outcome {
            Ok(response) => Ok((&exchange.request, response.status)),
            Err(error) => Err(Verdict::unanswered(&exchange.request.to_string(), Some(error))),
        },
    };
    let ((_, own), (request, foreign)) = match (status(Probe::OwnForm), status(Probe::ForeignForm)) {
        (Ok(own), Ok(foreign)) => (own, foreign),
        (Err(unknown), _) | (_, Err(unknown)) => return unknown,
    };
    let is_done = |status: StatusCode| status.is_success() || status.is_redirection();
    if foreign == StatusCode::FORBIDDEN && own != StatusCode::FORBIDDEN {
        return Verdict::holds(format!("a form of another site is answered {foreign}, one of its own {own}"));
    }
    if is_done(own) && is_done(foreign) {
        return Verdict::broken(
            request,
            format!("a form of another site is carried out as one of its own is: {foreign}"),
        );
    }
    Verdict::out_of_sight(format!(
        "a form is answered {own}, and one of another site {foreign}: neither is carried out"
    ))
}
