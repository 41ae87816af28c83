//! The page has Cross-Origin-Opener-Policy, Cross-Origin-Resource-Policy and Origin-Agent-Cluster, each with
//! a value that isolates at least partly. The last alone is only a hint to the browser: its absence is info.

use portcullis_rules::Severity;
use portcullis_rules::header::ISOLATION_MISSING;

use crate::checks::{Check, is_document, on_page};
use crate::evidence::live::Evidence;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_site(&ISOLATION_MISSING, live);

fn live(evidence: &Evidence) -> Verdict {
    on_page(evidence, |request, page| {
        if !is_document(page) {
            return Verdict::does_not_apply("the page is no HTML document");
        }
        let fault = |name: &str, open: &str| match page.field(&name.to_ascii_lowercase()) {
            None => Some(Observation::new(request, format!("no {name}"))),
            Some(value) if value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(open) => {
                Some(Observation::new(request, format!("{name}: {value}")))
            }
            Some(_) => None,
        };
        // `cross-origin` is right for what others embed, and wrong for a document.
        let open: Vec<_> = [
            fault("Cross-Origin-Opener-Policy", "unsafe-none"),
            fault("Cross-Origin-Resource-Policy", "cross-origin"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let cluster = fault("Origin-Agent-Cluster", "?0");
        let only_cluster = open.is_empty();
        let observations = open.into_iter().chain(cluster).collect();
        let verdict = Verdict::broken_if_any(
            observations,
            Verdict::holds("opener, resource and agent cluster are isolated"),
        );
        if only_cluster { verdict.at(Severity::Info) } else { verdict }
    })
}
