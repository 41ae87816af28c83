//! `X-DNS-Prefetch-Control`: whether the browser looks up the hosts of links before they are clicked.
//!
//! Looking them up tells the resolver what stands on the page.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "x-dns-prefetch-control",
    allowed: &["off", "on"],
    strict: Some("off"),
    helmet: Some("off"),
    in_report: InReport::Sent,
    note: "",
};
