//! The same rule, seen from both sides: broken on the bare app, held behind the gate.

use portcullis::{
    access, body, client, cookie, cors, csrf, error, header,
    limit::{login, rate},
    timeout,
};
use portcullis_audit::{Options, Report, audit_url};
use portcullis_rules::Rule;
use proof::{express::Express, gate::Gate};

fn is_broken(report: &Report, rule: &Rule) -> bool {
    report.findings.iter().any(|finding| finding.rule == rule)
}

fn is_held(report: &Report, rule: &Rule) -> bool {
    report.held.iter().any(|remark| remark.rule == rule)
}

#[tokio::test]
async fn what_is_broken_bare_is_held_behind_the_gate() {
    for version in [5, 4] {
        let app = Express::start(version);
        // A page that sets a session cookie, so that the cookie rules have something to see.
        let bare = audit_url(&format!("{}/visit", app.url()), &Options::default()).await.unwrap();
        let gate = Gate::start(&app.url(), "");
        let mut options = Options::default();
        options.extra_roots_pem.clone_from(&gate.certificate_pem);
        options.http_port = Some(gate.http.port());
        let gated =
            audit_url(&format!("https://localhost:{}/visit", gate.https.port()), &options).await.unwrap();

        let enforced = [header::ENFORCES, cookie::ENFORCES, error::ENFORCES].concat();
        let proven: Vec<&Rule> = enforced.into_iter().filter(|rule| is_broken(&bare, rule)).collect();
        assert!(proven.len() >= 10, "only {} rules were seen broken: {proven:?}", proven.len());
        for rule in &proven {
            assert!(!is_broken(&gated, rule), "Express {version}: {} is broken behind the gate", rule.id);
        }
        let held = proven.iter().filter(|rule| is_held(&gated, rule)).count();
        assert!(held * 10 >= proven.len() * 9, "Express {version}: {held} of {} are held", proven.len());
        assert_eq!(gated.grade.letter.to_string(), "A+", "Express {version}: {:?}", gated.findings);
        assert_eq!(bare.grade.letter.to_string(), "F");
        println!(
            "Express {version}: {} rules broken bare, {held} of them seen held behind the gate",
            proven.len()
        );
    }
}

#[test]
fn no_guard_claims_to_enforce_what_it_only_softens() {
    let guards = [
        (header::ENFORCES, header::MITIGATES),
        (cookie::ENFORCES, cookie::MITIGATES),
        (error::ENFORCES, error::MITIGATES),
        (body::ENFORCES, body::MITIGATES),
        (client::ENFORCES, client::MITIGATES),
        (access::ENFORCES, &[]),
        (cors::ENFORCES, cors::MITIGATES),
        (rate::ENFORCES, rate::MITIGATES),
        (csrf::ENFORCES, csrf::MITIGATES),
        (login::ENFORCES, login::MITIGATES),
        (timeout::ENFORCES, &[]),
    ];
    for (enforces, mitigates) in guards {
        assert!(!enforces.is_empty());
        for rule in enforces {
            assert!(!mitigates.contains(rule), "{} is enforced and mitigated", rule.id);
        }
    }
}
