//! `Cross-Origin-Embedder-Policy`: whether a page may embed what did not agree to be embedded (HTML, section 7.1.4).
//!
//! In no preset: it stops every image, script or frame of another origin that does not send
//! `Cross-Origin-Resource-Policy`. A page that wants `SharedArrayBuffer` asks for it by name.

use super::token_header::{InReport, TokenHeader};

pub(super) const HEADER: TokenHeader = TokenHeader {
    name: "cross-origin-embedder-policy",
    allowed: &["require-corp", "credentialless", "unsafe-none"],
    strict: None,
    helmet: None,
    in_report: InReport::As("cross-origin-embedder-policy-report-only"),
    note: "",
};
