//! An error as a page.

use std::fmt::Write;

use http::StatusCode;

pub(super) const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// One file without style, script or picture, so that it looks the same under the strictest content security policy.
/// `color-scheme` lets the browser choose light or dark by itself.
pub(super) fn render(status: StatusCode, request_id: &str) -> String {
    let (code, phrase) = (status.as_u16(), super::phrase(status));
    let advice = if status.is_server_error() {
        "This is our fault, not yours. Please try again in a while."
    } else {
        "The request could not be answered as it was sent."
    };
    let mut text = String::with_capacity(512);
    let _ = write!(
        text,
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{code} {phrase}</title>
</head>
<body>
<main>
<h1>{phrase}</h1>
<p>{advice}</p>
<p>If you report this, name the request: <code>{request_id}</code></p>
</main>
</body>
</html>
"#
    );
    text
}
