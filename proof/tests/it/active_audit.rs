//! What an audit finds that may send what changes something: on the bare application, and behind the gate.

use portcullis_audit::{Options, Report, audit_url};
use proof::{express::Express, gate::Gate};

async fn audit(url: &str, gate: Option<&Gate>) -> Report {
    let mut options = Options::default();
    options.active = true;
    if let Some(gate) = gate {
        options.extra_roots_pem = gate.certificate_pem.clone();
    }
    audit_url(url, &options).await.unwrap()
}

fn is_broken(report: &Report, rule: &str) -> bool {
    report.findings.iter().any(|finding| finding.rule.id.as_str() == rule)
}

fn holds(report: &Report, rule: &str) -> bool {
    report.held.iter().any(|remark| remark.rule.id.as_str() == rule)
}

#[tokio::test]
async fn a_login_without_a_limit_is_found_bare_and_has_one_behind_the_gate() {
    let app = Express::start_app(5, "login.js");
    assert!(is_broken(&audit(&format!("{}/login", app.url()), None).await, "auth.rate-limit-login"));
    let gate = Gate::start(&app.url(), "");
    let url = format!("https://localhost:{}/login", gate.https.port());
    assert!(holds(&audit(&url, Some(&gate)).await, "auth.rate-limit-login"));
}

#[tokio::test]
async fn a_form_of_another_site_is_found_bare_and_refused_behind_the_gate() {
    let app = Express::start(5);
    assert!(is_broken(&audit(&format!("{}/transfer", app.url()), None).await, "csrf.missing"));
    let gate = Gate::start(&app.url(), "");
    let url = format!("https://localhost:{}/transfer", gate.https.port());
    let report = audit(&url, Some(&gate)).await;
    assert!(holds(&report, "csrf.missing"), "{:?}", report.unknown);
    assert!(holds(&report, "auth.rate-limit-global"));
}
