//! Certificates and handshakes.

use portcullis_audit::evidence::live::{FetchError, Stage};
use portcullis_audit::{AuditError, Report, audit_url};
use rcgen::{BasicConstraints, IsCa, date_time_ymd};

use crate::server::{Identity, Server, answer, quick};

fn page(_: &str) -> String {
    answer("200 OK", "Content-Type: text/html", "<h1>Shop</h1>")
}

async fn audited(identity: &Identity, host: &str, root: Option<&str>) -> Report {
    let server = Server::over_tls(identity, page).await;
    let mut options = quick();
    options.extra_roots_pem = root.unwrap_or_default().to_owned();
    audit_url(&server.https(host), &options).await.unwrap()
}

fn certificate_fault(report: &Report) -> Option<&str> {
    let finding =
        report.findings.iter().find(|finding| finding.rule.id.as_str() == "tls.certificate-invalid")?;
    Some(&finding.observations[0].saw)
}

#[tokio::test]
async fn a_certificate_under_a_given_root_verifies() {
    let identity = Identity::new("localhost");
    let report = audited(&identity, "localhost", Some(&identity.pem)).await;
    assert_eq!(certificate_fault(&report), None);
    for rule in ["tls.certificate-invalid", "tls.no-13", "tls.no-pq"] {
        assert!(report.held.iter().any(|remark| remark.rule.id.as_str() == rule), "{rule}");
    }
}

#[tokio::test]
async fn a_bad_certificate_is_a_finding_and_no_end() {
    let unknown = Identity::new("localhost");
    let report = audited(&unknown, "localhost", None).await;
    assert!(certificate_fault(&report).unwrap().contains("no trusted root"));
    // The rest was judged all the same.
    assert!(report.findings.iter().any(|finding| finding.rule.id.as_str() == "header.hsts-missing"));

    let expired = Identity::with(
        "localhost",
        |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        },
        rustls::ALL_VERSIONS,
    );
    let report = audited(&expired, "localhost", Some(&expired.pem)).await;
    assert!(certificate_fault(&report).unwrap().contains("expired"));

    let authority = Identity::with(
        "localhost",
        |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        rustls::ALL_VERSIONS,
    );
    let report = audited(&authority, "localhost", Some(&authority.pem)).await;
    assert!(certificate_fault(&report).unwrap().contains("an authority's certificate"));

    let other = Identity::new("shop.example");
    let report = audited(&other, "localhost", Some(&other.pem)).await;
    assert!(certificate_fault(&report).unwrap().contains("another name"));
}

#[tokio::test]
async fn an_old_handshake_is_found() {
    let identity = Identity::with("localhost", |_| {}, &[&rustls::version::TLS12]);
    let report = audited(&identity, "localhost", Some(&identity.pem)).await;
    let found: Vec<_> = report.findings.iter().map(|finding| finding.rule.id.as_str()).collect();
    assert!(found.contains(&"tls.no-13"), "{found:?}");
    assert!(found.contains(&"tls.no-pq"), "{found:?}");
}

#[tokio::test]
async fn http_to_a_port_with_tls_says_so() {
    let server = Server::over_tls(&Identity::new("localhost"), page).await;
    let error = audit_url(&server.http(), &quick()).await.unwrap_err();
    assert!(matches!(&error, AuditError::NoPage { error: FetchError::IsTls, .. }), "{error:?}");
    assert!(error.to_string().contains("https://"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_stalls_times_out() {
    let server = Server::raw(|stream, _| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let error = audit_url(&server.https("127.0.0.1"), &quick()).await.unwrap_err();
    assert!(
        matches!(
            error,
            AuditError::NoPage { error: FetchError::TimedOut { stage: Stage::Handshake, .. }, .. }
        ),
        "{error:?}"
    );
}
