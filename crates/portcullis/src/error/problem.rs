//! An error as `application/problem+json` (RFC 9457).

use std::fmt::Write;

use http::StatusCode;

pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Type `about:blank`, so the title is the status's own phrase (RFC 9457, section 4.2.1), and the request id as an
/// extension member. Nothing else is for the client.
pub(super) fn render(status: StatusCode, request_id: &str) -> String {
    let mut text = String::with_capacity(128);
    // Phrases and ids are ours and need no escaping; writing to a string does not fail.
    let _ = write!(
        text,
        r#"{{"type":"about:blank","title":"{}","status":{},"request_id":"{request_id}"}}"#,
        super::phrase(status),
        status.as_u16(),
    );
    text
}
