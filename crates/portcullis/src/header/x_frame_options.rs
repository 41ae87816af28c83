//! `X-Frame-Options`: who may put this page into a frame (RFC 7034; HTML, section 7.7).
//!
//! For browsers that do not know the CSP directive `frame-ancestors`; those that do read only that one.
//! `ALLOW-FROM` is refused: the browsers that know it not ignore the whole header, which protects nothing.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "x-frame-options",
    allowed: &["DENY", "SAMEORIGIN"],
    strict: Some("DENY"),
    helmet: Some("SAMEORIGIN"),
    in_report: InReport::Withheld,
    note: " (ALLOW-FROM is read by no browser: name the origin in `frame-ancestors` of content_security_policy)",
};
