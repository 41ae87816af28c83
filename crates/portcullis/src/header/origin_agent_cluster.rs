//! `Origin-Agent-Cluster: ?1`: a process of its own for this origin where the browser can (HTML, section 7.1.2.1).
//!
//! It takes `document.domain` away from the page, so report mode does not send it.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "origin-agent-cluster",
    allowed: &["?1"],
    strict: Some("?1"),
    helmet: Some("?1"),
    in_report: InReport::Withheld,
    note: "",
};
