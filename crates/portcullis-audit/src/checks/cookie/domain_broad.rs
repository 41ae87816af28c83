//! No cookie names a parent domain of the host that set it. The host itself as `Domain`, with or without a
//! leading dot, reaches its subdomains only. Does not know which of the sibling hosts are trusted (single
//! sign-on).

use portcullis_rules::cookie::DOMAIN_BROAD;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&DOMAIN_BROAD, live);

fn live(evidence: &Evidence) -> Verdict {
    on_cookies(
        evidence,
        |(cookie, request, _)| {
            let below = request.target.host().strip_suffix(cookie.domain.as_deref()?)?;
            below.ends_with('.').then(|| format!("Set-Cookie: {cookie}"))
        },
        "no cookie reaches beyond its host",
    )
}
