//! No answer tells a product's version in `Server`, `Via` or the fields of ASP.NET. A bare product name is
//! info: it says what the behaviour of the server says anyway.

use portcullis_rules::Severity;
use portcullis_rules::header::SERVER_BANNER;

use crate::checks::{Check, on_pages};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&SERVER_BANNER, live);

fn live(evidence: &Evidence) -> Verdict {
    match on_pages(evidence, version, "no answer names a product") {
        Verdict::Holds { because } => on_pages(evidence, product, &because).at(Severity::Info),
        other => other,
    }
}

fn version(response: &Response) -> Option<String> {
    let tells_version = |value: &str| {
        value.split([' ', '(', ')', ',', ';']).any(|product| {
            product.split_once('/').is_some_and(|(name, version)| {
                !name.is_empty()
                    && !name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
                    && version.starts_with(|c: char| c.is_ascii_digit())
            })
        })
    };
    if let Some(value) = response.list("server").filter(|value| tells_version(value)) {
        return Some(format!("Server: {value}"));
    }
    for name in ["X-AspNet-Version", "X-AspNetMvc-Version"] {
        if let Some(value) = response.list(&name.to_ascii_lowercase()) {
            return Some(format!("{name}: {value}"));
        }
    }
    // `1.1 proxy (squid/5.7)`: the number in front is the protocol's (RFC 9110, 7.6.3).
    let via = response.list("via")?;
    let comments: Vec<_> =
        via.split(',').filter_map(|hop| hop.trim().split_once(' ')).map(|(_, by)| by).collect();
    comments.iter().any(|by| tells_version(by)).then(|| format!("Via: {via}"))
}

fn product(response: &Response) -> Option<String> {
    response.list("server").filter(|value| !value.trim().is_empty()).map(|value| format!("Server: {value}"))
}
