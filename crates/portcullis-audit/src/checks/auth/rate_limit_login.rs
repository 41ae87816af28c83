//! Wrong logins in a row, with `--active`: twelve that are all answered alike show that there is no limit before the mission's
//! ten; 429 or 423 shows one. A URL that does not answer a wrong login as one (401, 403, 400, 422, a page or a redirect to try
//! again) is no login.

use http::StatusCode;
use portcullis_rules::auth::RATE_LIMIT_LOGIN;

use crate::checks::Check;
use crate::evidence::live::{Evidence, Probe, Request, Response, WRONG_LOGINS};
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&RATE_LIMIT_LOGIN, live);

fn live(evidence: &Evidence) -> Verdict {
    let mut statuses: Vec<(&Request, StatusCode)> = Vec::new();
    for count in 1..=WRONG_LOGINS {
        match evidence.exchange(&Probe::WrongLogin(count)) {
            None => break,
            Some(exchange) => match &exchange.outcome {
                Ok(response) if is_limit(response) => {
                    return Verdict::holds(format!("wrong login {count} is answered {}", response.status));
                }
                Ok(response) => statuses.push((&exchange.request, response.status)),
                Err(error) => return Verdict::unanswered(&exchange.request.to_string(), Some(error)),
            },
        }
    }
    let Some((request, first)) = statuses.first() else {
        return Verdict::out_of_sight("logins are tried with --active only");
    };
    if !answers_as_a_login(*first) {
        return Verdict::does_not_apply(format!("{request} is answered {first}, as no login would be"));
    }
    if statuses.len() < usize::from(WRONG_LOGINS) || statuses.iter().any(|(_, status)| status != first) {
        return Verdict::out_of_sight("the answers to wrong logins differ, and none says that it is a limit");
    }
    let saw = format!("{WRONG_LOGINS} wrong logins in a row are all answered {first}");
    Verdict::broken_if_any(vec![Observation::new(request, saw)], Verdict::holds("a limit"))
}

fn is_limit(response: &Response) -> bool {
    matches!(response.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::LOCKED)
}

/// Pages that say "wrong password" come with 200 as well as with 401.
fn answers_as_a_login(status: StatusCode) -> bool {
    status.is_success()
        || status.is_redirection()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::BAD_REQUEST
                | StatusCode::UNPROCESSABLE_ENTITY
        )
}
