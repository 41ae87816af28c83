//! `Cross-Origin-Resource-Policy`: who may embed this answer (Fetch, section 3.7).
//!
//! Against Spectre and against inclusion of what only a signed-in user may read. Files that other sites embed need
//! `cross-origin`, set by the application on those files.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "cross-origin-resource-policy",
    allowed: &["same-origin", "same-site", "cross-origin"],
    strict: Some("same-origin"),
    helmet: Some("same-origin"),
    in_report: InReport::Withheld,
    note: "",
};
