//! An error as `application/problem+json` (RFC 9457).

use std::fmt::Write;

use http::StatusCode;

pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Type `about:blank`, so the title is the status's own phrase (RFC 9457, section 4.2.1); the request id and a refusal's
/// code as extension members. Nothing else is for the client.
pub(super) fn render(status: StatusCode, code: Option<&str>, request_id: &str) -> String {
    let mut text = String::with_capacity(128);
    // Phrases and ids are ours and need no escaping; writing to a string does not fail.
    let _ = write!(
        text,
        r#"{{"type":"about:blank","title":"{}","status":{},"#,
        super::phrase(status),
        status.as_u16(),
    );
    if let Some(code) = code {
        text.push_str(r#""code":""#);
        text.extend(code.chars().filter(|char| char.is_ascii_alphanumeric() || "-_.".contains(*char)));
        text.push_str("\",");
    }
    let _ = write!(text, r#""request_id":"{request_id}"}}"#);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_beside_the_status_and_cannot_break_out() {
        let problem = |code| -> serde_json::Value {
            serde_json::from_str(&render(StatusCode::FORBIDDEN, code, "0")).unwrap()
        };
        assert_eq!(problem(Some("EBADCSRFTOKEN"))["code"], "EBADCSRFTOKEN");
        assert_eq!(problem(Some("a\",\"b\\\n"))["code"], "ab");
        assert!(problem(None).get("code").is_none());
        assert_eq!(problem(None)["request_id"], "0");
    }
}
