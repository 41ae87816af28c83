//! `X-Permitted-Cross-Domain-Policies`: which `crossdomain.xml` files Flash and Acrobat may obey.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "x-permitted-cross-domain-policies",
    allowed: &["none", "master-only", "by-content-type", "all"],
    strict: Some("none"),
    helmet: Some("none"),
    in_report: InReport::Sent,
    note: "",
};
