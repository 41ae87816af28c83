//! `X-XSS-Protection: 0`: the XSS filter of old browsers stays off.
//!
//! `1`, which old advice asks for, is refused as a setting, and replaced where the application sends it: the filter
//! could be made to disable chosen scripts of a page and to leak its content, and every browser has dropped it.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "x-xss-protection",
    allowed: &["0"],
    strict: Some("0"),
    helmet: Some("0"),
    in_report: InReport::Sent,
    note: " (the filter that \"1\" switches on could be turned against the page: it read and blocked parts of it at an attacker's wish, and browsers have dropped it)",
};
