//! One check for each rule that a running site or a project's folder can show: a pure function from evidence to a
//! verdict.
//!
//! A check lives in the file of its rule, its fixtures in `fixtures/<family>/<rule-name>/`. What is not in
//! this list cannot be proven from outside without writing to the site, or not at all.

mod auth;
mod cookie;
mod cors;
mod csrf;
pub(crate) mod dependency;
mod error;
mod header;
mod tls;

#[cfg(test)]
mod tests;

use portcullis_rules::Rule;

use crate::evidence::live::{Evidence, Probe, Request, Response};
use crate::evidence::project::Project;
use crate::verdict::{Observation, Verdict};

/// Proves one rule.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Check {
    /// The rule.
    pub proves: &'static Rule,
    /// What a running site says of it, if it can.
    pub live: Option<fn(&Evidence) -> Verdict>,
    /// What a project's folder says of it, if it can.
    pub project: Option<fn(&Project) -> Verdict>,
}

impl Check {
    const fn of_site(proves: &'static Rule, live: fn(&Evidence) -> Verdict) -> Self {
        Self { proves, live: Some(live), project: None }
    }

    const fn of_project(proves: &'static Rule, project: fn(&Project) -> Verdict) -> Self {
        Self { proves, live: None, project: Some(project) }
    }
}

/// Every check, by family and name of the rule.
pub const ALL: &[Check] = &[
    auth::rate_limit_global::CHECK,
    auth::rate_limit_login::CHECK,
    cookie::client_side_data::CHECK,
    cookie::domain_broad::CHECK,
    cookie::expires_at_boot::CHECK,
    cookie::httponly_missing::CHECK,
    cookie::lifetime_too_long::CHECK,
    cookie::path_broad::CHECK,
    cookie::prefix_missing::CHECK,
    cookie::samesite_missing::CHECK,
    cookie::save_uninitialized::CHECK,
    cookie::secret_hardcoded::CHECK,
    cookie::secure_missing::CHECK,
    cookie::session_default_name::CHECK,
    cookie::too_large::CHECK,
    cors::max_age_ineffective::CHECK,
    cors::reflect_origin::CHECK,
    cors::vary_missing::CHECK,
    cors::wildcard::CHECK,
    cors::wildcard_credentials::CHECK,
    csrf::missing::CHECK,
    dependency::client_lib_vulnerable::CHECK,
    dependency::deprecated_package::CHECK,
    dependency::express_eol::CHECK,
    dependency::express_vulnerable::CHECK,
    dependency::install_script::CHECK,
    dependency::lockfile_integrity::CHECK,
    dependency::malicious::CHECK,
    dependency::no_lockfile::CHECK,
    dependency::node_eol::CHECK,
    dependency::sbom_missing::CHECK,
    dependency::unpinned::CHECK,
    dependency::unused_security_package::CHECK,
    dependency::vulnerable::CHECK,
    error::message_leak::CHECK,
    error::no_handler::CHECK,
    error::node_env::CHECK,
    error::path_leak::CHECK,
    error::stack_leak::CHECK,
    header::cache_sensitive::CHECK,
    header::csp_missing::CHECK,
    header::csp_weak::CHECK,
    header::frame_missing::CHECK,
    header::helmet_missing::CHECK,
    header::helmet_partial::CHECK,
    header::hpkp::CHECK,
    header::hsts_missing::CHECK,
    header::isolation_missing::CHECK,
    header::legacy_missing::CHECK,
    header::nosniff_missing::CHECK,
    header::permissions_policy_missing::CHECK,
    header::referrer_policy_missing::CHECK,
    header::server_banner::CHECK,
    header::x_powered_by::CHECK,
    header::xss_protection_on::CHECK,
    tls::certificate_invalid::CHECK,
    tls::no_13::CHECK,
    tls::no_pq::CHECK,
    tls::no_redirect::CHECK,
    tls::plain_http::CHECK,
];

/// Judges the page; unknown if there is none.
fn on_page(evidence: &Evidence, judge: impl FnOnce(&Request, &Response) -> Verdict) -> Verdict {
    match evidence.answer(&Probe::Page) {
        Some((request, page)) => judge(request, page),
        None => Verdict::unanswered("the page", None),
    }
}

/// Judges each page and error page that a browser shows as a document; does not apply if there is none.
fn on_documents(evidence: &Evidence, fault: impl Fn(&Response) -> Option<String>, because: &str) -> Verdict {
    if !evidence.pages().any(|(_, response)| is_document(response)) {
        return unanswered_page(evidence)
            .unwrap_or_else(|| Verdict::does_not_apply("no answer was an HTML document"));
    }
    on_pages(evidence, |response| if is_document(response) { fault(response) } else { None }, because)
}

/// Judges each page and error page. Without a fault, a page that got no answer leaves the rule unknown.
fn on_pages(evidence: &Evidence, fault: impl Fn(&Response) -> Option<String>, because: &str) -> Verdict {
    let otherwise = unanswered_page(evidence).unwrap_or_else(|| Verdict::holds(because));
    Verdict::broken_if_any(observed(evidence.pages(), fault), otherwise)
}

fn observed<'a>(
    answers: impl IntoIterator<Item = (&'a Request, &'a Response)>,
    fault: impl Fn(&Response) -> Option<String>,
) -> Vec<Observation> {
    answers
        .into_iter()
        .filter_map(|(request, response)| fault(response).map(|saw| Observation::new(request, saw)))
        .collect()
}

/// The verdict that the first page or error page without an answer leaves, if there is one.
fn unanswered_page(evidence: &Evidence) -> Option<Verdict> {
    Probe::PAGES.iter().find_map(|probe| match evidence.exchange(probe) {
        None => Some(Verdict::unanswered(probe.name(), None)),
        Some(exchange) => {
            let error = exchange.outcome.as_ref().err()?;
            Some(Verdict::unanswered(&exchange.request.to_string(), Some(error)))
        }
    })
}

/// Whether a browser shows it: HTML, and no redirect.
fn is_document(response: &Response) -> bool {
    response.is_html() && !response.status.is_redirection()
}
