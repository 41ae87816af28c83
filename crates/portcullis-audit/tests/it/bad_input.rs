//! Hosts that are not there, not HTTP, or hostile: each is a typed error, or a report that says what is
//! missing.

use std::time::Duration;

use portcullis_audit::evidence::live::{FetchError, Stage};
use portcullis_audit::{AuditError, Gap, Letter, Report, audit_url};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::server::{Server, answer, quick, request};

async fn failure(url: &str) -> FetchError {
    match audit_url(url, &quick()).await.unwrap_err() {
        AuditError::NoPage { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

async fn report(url: &str) -> Report {
    audit_url(url, &quick()).await.unwrap()
}

/// A server that writes `bytes` after the request and closes.
async fn writing(bytes: &'static [u8]) -> Server {
    Server::raw(move |mut stream, _| async move {
        request(&mut stream).await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
    })
    .await
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = failure(&format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(error, FetchError::Refused { authority: format!("127.0.0.1 port {port}") });
    assert!(error.to_string().contains("check that the service runs"), "{error}");
}

#[tokio::test]
async fn a_name_without_an_address_is_named() {
    // Longer than a label may be (RFC 1035, 2.3.4), so no resolver is asked.
    let host = format!("{}.invalid", "a".repeat(64));
    let error = failure(&format!("http://{host}/")).await;
    assert!(matches!(&error, FetchError::NameUnknown { host: named, .. } if *named == host), "{error:?}");
}

#[tokio::test]
async fn another_protocol_is_not_http() {
    let server = writing(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await;
    let error = failure(&server.http()).await;
    assert!(
        matches!(&error, FetchError::NotHttp { began } if began.starts_with("SSH-2.0-OpenSSH")),
        "{error:?}"
    );
}

#[tokio::test]
async fn garbage_is_shown_without_control_characters() {
    let server = writing(b"\x1b[2J\x00\xff\xfe garbage \r\n\r\n").await;
    let error = failure(&server.http()).await;
    assert!(matches!(error, FetchError::NotHttp { .. }), "{error:?}");
    assert!(!error.to_string().chars().any(char::is_control), "{error}");
}

#[tokio::test]
async fn redirects_for_ever_end() {
    let server = Server::answering(|request| {
        let path = request.split(' ').nth(1).unwrap();
        answer("302 Found", &format!("Location: {path}x"), "")
    })
    .await;
    let error = audit_url(&server.http(), &quick()).await.unwrap_err();
    assert!(matches!(&error, AuditError::TooManyRedirects(redirects) if redirects.count == 6), "{error:?}");
    assert!(!error.is_usage());
    assert_eq!(server.requests().len(), 6);
    assert!(error.to_string().contains("redirects 6 times"), "{error}");
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let server = Server::raw(|stream, _| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let error = failure(&server.http()).await;
    assert!(matches!(error, FetchError::TimedOut { stage: Stage::Head, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_closes_at_once_closed_early() {
    let server = writing(b"").await;
    let error = failure(&server.http()).await;
    assert!(
        matches!(&error, FetchError::ClosedEarly { detail } if detail.contains("not one byte")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_closes_inside_the_head_closed_early() {
    let server = writing(b"HTTP/1.1 200 OK\r\nContent-Ty").await;
    let error = failure(&server.http()).await;
    assert!(
        matches!(&error, FetchError::ClosedEarly { detail } if detail.contains("HTTP/1.1 200 OK")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_head_beyond_the_bound_is_too_large() {
    for head in ["X-Large: ".to_owned() + &"x".repeat(200_000), "X: y\r\n".repeat(30_000)] {
        let server =
            Server::answering(move |_| format!("HTTP/1.1 200 OK\r\n{head}\r\nContent-Length: 0\r\n\r\n"))
                .await;
        let error = failure(&server.http()).await;
        assert_eq!(error, FetchError::HeadTooLarge { max_bytes: 65_536 });
    }
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_bound() {
    let server = Server::raw(|mut stream, _| async move {
        request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
        let mut written = stream.write_all(head.as_bytes()).await;
        while written.is_ok() {
            written = stream.write_all(&[b'x'; 16 * 1024]).await;
        }
    })
    .await;
    let report = report(&server.http()).await;
    assert!(report.is_complete());
    assert!(report.findings.iter().any(|finding| finding.rule.id.as_str() == "header.csp-missing"));
}

#[tokio::test]
async fn a_body_that_never_ends_is_judged_by_its_beginning() {
    let server = Server::raw(|mut stream, _| async move {
        request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<h1>";
        let _ = stream.write_all(head.as_bytes()).await;
        std::future::pending::<()>().await;
    })
    .await;
    let report = report(&server.http()).await;
    assert!(report.findings.iter().any(|finding| finding.rule.id.as_str() == "header.csp-missing"));
}

#[tokio::test]
async fn a_page_made_to_cost_work_is_judged() {
    let cookies: String =
        (0..4_000).map(|n| n.to_string()).fold(String::new(), |all, n| all + "Set-Cookie: c" + &n + "=\r\n");
    let policy: String =
        (0..20_000).map(|n| n.to_string()).fold(String::new(), |all, n| all + "d" + &n + ";");
    let body = format!(
        "<meta http-equiv=content-security-policy content=\"{policy}\">{}{}",
        "<script></script>".repeat(4_000),
        "<meta ".repeat(10_000)
    );
    let server = Server::answering(move |_| {
        answer("500 Internal Server Error", &format!("Content-Type: text/html\r\n{cookies}"), &body)
    })
    .await;
    let report = report(&server.http()).await;
    let secure =
        report.findings.iter().find(|finding| finding.rule.id.as_str() == "cookie.secure-missing").unwrap();
    assert_eq!(secure.observations.len(), 50);
}

#[tokio::test]
async fn https_to_a_port_without_tls_says_so() {
    let server = Server::answering(|_| answer("200 OK", "", "hello")).await;
    let plain = Server::raw(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let _ = stream.shutdown().await;
    })
    .await;
    let error = failure(&plain.https("127.0.0.1")).await;
    assert_eq!(error, FetchError::NotTls);
    assert!(error.to_string().contains("http://"), "{error}");
    // This one waits for the end of a head, which a hello does not have.
    let error = failure(&server.https("127.0.0.1")).await;
    assert!(matches!(error, FetchError::TimedOut { stage: Stage::Handshake, .. }), "{error:?}");
}

#[tokio::test]
async fn a_path_that_hangs_leaves_its_rules_unknown() {
    let server = Server::raw(|mut stream, _| async move {
        let Some(request) = request(&mut stream).await else { return };
        if request.starts_with("POST") {
            std::future::pending::<()>().await;
        }
        let page = answer("200 OK", "Content-Type: text/html", "<h1>Shop</h1>");
        let _ = stream.write_all(page.as_bytes()).await;
    })
    .await;
    let report = report(&server.http()).await;
    assert!(!report.is_complete());
    assert!(report.grade.letter >= Letter::B);
    let stack = report.unknown.iter().find(|unknown| unknown.rule.id.as_str() == "error.stack-leak").unwrap();
    assert_eq!(stack.gap, Gap::Unanswered);
    assert!(stack.because.contains("POST"), "{}", stack.because);
    assert!(report.held.iter().all(|remark| remark.rule.family() != "error"));
}

#[tokio::test]
async fn what_does_not_fit_into_the_total_time_is_unknown() {
    let server = Server::raw(|mut stream, seen| async move {
        let Some(request) = request(&mut stream).await else { return };
        let first = seen.lock().unwrap().is_empty();
        seen.lock().unwrap().push(request);
        if !first {
            std::future::pending::<()>().await;
        }
        let _ =
            stream.write_all(answer("200 OK", "Content-Type: text/html", "<h1>Shop</h1>").as_bytes()).await;
    })
    .await;
    let mut options = quick();
    options.total_timeout = Duration::from_secs(1);
    let report = audit_url(&server.http(), &options).await.unwrap();
    assert!(!report.is_complete());
    let reasons: Vec<_> = report.unknown.iter().map(|unknown| unknown.because.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("the audit as a whole")), "{reasons:?}");
}

#[tokio::test]
async fn a_url_or_root_that_cannot_be_used_is_a_usage_error() {
    for url in ["shop.example", "ftp://shop.example/", "http://user:pw@shop.example/", ""] {
        assert!(audit_url(url, &quick()).await.unwrap_err().is_usage(), "{url}");
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["no certificate", broken] {
        let mut options = quick();
        options.extra_roots_pem = pem.to_owned();
        let error = audit_url("https://127.0.0.1:1/", &options).await.unwrap_err();
        assert!(error.is_usage(), "{error:?}");
        assert!(error.to_string().contains("extra roots"), "{error}");
    }
}
