//! What any guard answers when it says no.

use std::{borrow::Cow, time::Duration};

use http::{Extensions, HeaderValue, Response, StatusCode, header};
use portcullis_rules::Rule;

use crate::{request_id::RequestId, tally};

/// A guard's "no": the status for the client, the rule and the detail for the log.
///
/// A refusing guard answers with a bare body and this value in the response's extensions. That is a right answer by
/// itself; inside the checklist the `error` guard gives it a body (problem+json or HTML, by `Accept`) and a request id.
/// Rule and detail never reach the client.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What the client gets.
    pub status: StatusCode,
    /// The rule that would be broken if the request went on.
    pub rule: &'static Rule,
    /// When the client may come again: becomes `Retry-After` (RFC 9110, section 10.2.3), whole seconds, rounded up.
    pub retry_after: Option<Duration>,
    /// A stable word for programs, such as `cross-origin-request`: the member `code` of the problem that the client gets,
    /// where the status alone does not say what to do. Letters, digits, `-`, `_` and `.`; other bytes are left out.
    pub code: Option<Cow<'static, str>>,
    /// For the log only.
    pub detail: Cow<'static, str>,
    /// Whether the connection must not be used again: the message's framing is in doubt, or its body was left unread.
    pub close: bool,
}

impl Refusal {
    /// A refusal that leaves the connection open.
    pub fn new(status: StatusCode, rule: &'static Rule, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, rule, retry_after: None, code: None, detail: detail.into(), close: false }
    }

    /// The same, and the connection is closed after the answer.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The same, with a word for programs.
    #[must_use]
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same, with a time after which the client may come again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The bare answer: status, `Retry-After`, `Connection: close` where asked, no body, and this refusal in the
    /// extensions. Counts the refusal.
    pub fn into_response<B: Default>(self) -> Response<B> {
        tally::count(self.rule, tally::Outcome::Refused);
        let mut response = Response::new(B::default());
        *response.status_mut() = self.status;
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.close {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(self);
        response
    }

    /// Counts and logs a refusal that is not carried out.
    pub(crate) fn report(&self, request: &Extensions) {
        tally::count(self.rule, tally::Outcome::Reported);
        let id = request.get::<RequestId>().map_or("-", RequestId::as_str);
        tracing::warn!(
            target: "portcullis::report",
            request_id = id,
            rule = self.rule.id.as_str(),
            status = self.status.as_u16(),
            detail = %self.detail,
            "would be refused"
        );
    }
}
