//! No answer names Express, or another framework of its kind, in `X-Powered-By`. A value that names none of
//! them is taken as the decoy that helmet's `setTo` used to send.

use portcullis_rules::header::X_POWERED_BY;

use crate::checks::{Check, on_pages};
use crate::evidence::live::{Evidence, Response};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&X_POWERED_BY, live);

/// What frameworks that run on Node write there by themselves.
const FRAMEWORKS: [&str; 9] =
    ["express", "next.js", "nuxt", "koa", "sails", "strapi", "keystone", "feathers", "node"];

fn live(evidence: &Evidence) -> Verdict {
    on_pages(evidence, fault, "no answer names its framework in X-Powered-By")
}

fn fault(response: &Response) -> Option<String> {
    let value = response.list("x-powered-by")?;
    let lower = value.to_ascii_lowercase();
    FRAMEWORKS.iter().any(|name| lower.contains(name)).then(|| format!("X-Powered-By: {value}"))
}
