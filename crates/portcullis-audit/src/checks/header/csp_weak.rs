//! The page's policy stops injected scripts, plug-ins, a foreign `<base>`, and framing. Of several policies
//! the strictest counts for each point. What only concerns styles or framing that `X-Frame-Options` stops
//! already is low. Does not know whether an allowed host serves scripts that anybody can use (JSONP, old
//! libraries).

use portcullis_rules::Severity;
use portcullis_rules::header::CSP_WEAK;

use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::{ContentSecurityPolicy, Evidence, allows_nothing, has, has_nonce_or_hash};
use crate::verdict::{Fault, Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&CSP_WEAK, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        let policies = page.policies();
        if policies.is_empty() || !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document with a policy");
        }
        let every = |weakness: fn(&ContentSecurityPolicy) -> Option<String>| {
            let found: Vec<_> = policies.iter().map(weakness).collect();
            found.iter().all(Option::is_some).then(|| found.into_iter().flatten().next()).flatten()
        };
        let open: Vec<String> = [inline_scripts, evaluated_scripts, any_host, plug_ins, base]
            .into_iter()
            .filter_map(every)
            .collect();
        let framed = every(framing).filter(|_| !super::limits_framing(page));
        let minor = [every(inline_styles), every(framing).filter(|_| framed.is_none())];
        let severity = (open.is_empty() && framed.is_none()).then_some(Severity::Low);
        let observations: Vec<_> = open
            .into_iter()
            .chain(framed)
            .chain(minor.into_iter().flatten())
            .map(|saw| Observation::new(request, saw))
            .collect();
        if observations.is_empty() {
            Verdict::holds("no directive of the page's policy is open")
        } else {
            Verdict::Broken(Fault { observations, severity })
        }
    })
}

fn inline_scripts(policy: &ContentSecurityPolicy) -> Option<String> {
    let Some(sources) = policy.governing("script-src") else {
        return Some("no script-src and no default-src: any script runs".to_owned());
    };
    (has(sources, "'unsafe-inline'") && !has_nonce_or_hash(sources))
        .then(|| "script-src with 'unsafe-inline' and without nonce or hash".to_owned())
}

fn evaluated_scripts(policy: &ContentSecurityPolicy) -> Option<String> {
    has(policy.governing("script-src")?, "'unsafe-eval'").then(|| "script-src with 'unsafe-eval'".to_owned())
}

/// A source that anybody can serve from. 'strict-dynamic' makes browsers ignore hosts and schemes.
fn any_host(policy: &ContentSecurityPolicy) -> Option<String> {
    let sources = policy.governing("script-src")?;
    if has(sources, "'strict-dynamic'") {
        return None;
    }
    ["*", "data:", "blob:", "http:", "https:", "http://*", "https://*"]
        .into_iter()
        .find(|open| has(sources, open))
        .map(|open| format!("script-src with {open}"))
}

fn plug_ins(policy: &ContentSecurityPolicy) -> Option<String> {
    match policy.governing("object-src") {
        None => Some("no object-src and no default-src".to_owned()),
        Some(sources) => ["*", "data:", "http:", "https:"]
            .into_iter()
            .find(|open| has(sources, open))
            .map(|open| format!("object-src with {open}")),
    }
}

/// `base-uri` has no fallback. Without scripts there is no relative script URL to redirect.
fn base(policy: &ContentSecurityPolicy) -> Option<String> {
    let no_scripts = policy.governing("script-src").is_some_and(allows_nothing);
    match policy.directive("base-uri") {
        None if !no_scripts => Some("no base-uri".to_owned()),
        Some(sources) if has(sources, "*") => Some("base-uri with *".to_owned()),
        _ => None,
    }
}

fn framing(policy: &ContentSecurityPolicy) -> Option<String> {
    match policy.directive("frame-ancestors") {
        None => Some("no frame-ancestors".to_owned()),
        Some(sources) if has(sources, "*") => Some("frame-ancestors with *".to_owned()),
        Some(_) => None,
    }
}

fn inline_styles(policy: &ContentSecurityPolicy) -> Option<String> {
    let sources = policy.governing("style-src")?;
    (has(sources, "'unsafe-inline'") && !has_nonce_or_hash(sources))
        .then(|| "style-src with 'unsafe-inline' and without nonce or hash".to_owned())
}
