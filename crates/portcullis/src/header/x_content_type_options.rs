//! `X-Content-Type-Options: nosniff`: a script is what says it is one (Fetch, section 3.6).
//!
//! A live application may rely on sniffing without knowing it (a script sent as `text/plain`), so report mode does not
//! send it.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "x-content-type-options",
    allowed: &["nosniff"],
    strict: Some("nosniff"),
    helmet: Some("nosniff"),
    in_report: InReport::Withheld,
    note: "",
};
