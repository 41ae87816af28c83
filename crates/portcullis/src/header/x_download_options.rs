//! `X-Download-Options: noopen`: Internet Explorer 8 and later do not open a download in the context of the site.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "x-download-options",
    allowed: &["noopen"],
    strict: Some("noopen"),
    helmet: Some("noopen"),
    in_report: InReport::Sent,
    note: "",
};
