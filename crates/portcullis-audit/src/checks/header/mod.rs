//! Header fields of pages and error pages.

pub(super) mod cache_sensitive;
pub(super) mod csp_missing;
pub(super) mod csp_weak;
pub(super) mod frame_missing;
pub(super) mod helmet_missing;
pub(super) mod helmet_partial;
pub(super) mod hpkp;
pub(super) mod hsts_missing;
pub(super) mod isolation_missing;
pub(super) mod legacy_missing;
pub(super) mod nosniff_missing;
pub(super) mod permissions_policy_missing;
pub(super) mod referrer_policy_missing;
pub(super) mod server_banner;
pub(super) mod x_powered_by;
pub(super) mod xss_protection_on;

use crate::evidence::live::{Response, allows_nothing, has};

/// The fields of helmet 8 that today's browsers act upon, without HSTS, which needs TLS.
const PROTECTIVE: [&str; 7] = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "origin-agent-cluster",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
];

/// Whether finalhandler wrote it: Express's own error page, with a policy and nosniff of its own.
fn is_express_error_page(response: &Response) -> bool {
    response.status.as_u16() >= 400
        && response.text().is_some_and(|text| text.contains("<title>Error</title>") && text.contains("<pre>"))
}

/// Whether the page may not be framed by just anybody: a `frame-ancestors` that names whom, or
/// `X-Frame-Options` with a value that browsers know (`ALLOW-FROM` they ignore).
fn limits_framing(response: &Response) -> bool {
    let by_policy = response.list("content-security-policy").is_some_and(|value| {
        crate::evidence::live::ContentSecurityPolicy::parse_list(&value).iter().any(|policy| {
            policy.directive("frame-ancestors").is_some_and(|sources| {
                allows_nothing(sources) || !["*", "http:", "https:"].iter().any(|any| has(sources, any))
            })
        })
    });
    by_policy || response.lists("x-frame-options", "deny") || response.lists("x-frame-options", "sameorigin")
}
