//! `Cross-Origin-Opener-Policy`: a page of another origin gets no handle on our window (HTML, section 7.1.3).
//!
//! A site that signs in through a popup of another origin needs `same-origin-allow-popups`.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "cross-origin-opener-policy",
    allowed: &["same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"],
    strict: Some("same-origin"),
    helmet: Some("same-origin"),
    in_report: InReport::As("cross-origin-opener-policy-report-only"),
    note: "",
};
