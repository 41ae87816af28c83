//! What the gate promises of an app that does nothing of it itself.

use http::{Request, StatusCode};
use http_body_util::Full;
use proof::{
    client::{Answer, Speaks, get, post, raw, send, tls},
    express::Express,
    gate::Gate,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn every_answer_carries_security_headers_and_none_tells_what_runs_behind() {
    for version in [5, 4] {
        let app = Express::start(version);
        let gate = Gate::start(&app.url(), "[access]\ndeny = [{ path = \"/admin\" }]\n");
        for path in ["/", "/json", "/no/such/page", "/throws", "/admin", "/empty", "/redirect"] {
            let answer = get(&gate, Speaks::Http2, path, &[]).await;
            for field in [
                "content-security-policy",
                "strict-transport-security",
                "x-content-type-options",
                "referrer-policy",
                "permissions-policy",
                "cross-origin-opener-policy",
                "x-frame-options",
            ] {
                assert!(answer.field(field).is_some(), "Express {version} {path}: no {field}");
            }
            assert_eq!((answer.field("x-powered-by"), answer.field("server")), (None, None), "{path}");
        }
    }
}

#[tokio::test]
async fn an_error_shows_a_request_id_and_the_log_shows_the_error() {
    for version in [5, 4] {
        let app = Express::start(version);
        let gate = Gate::start(&app.url(), "");
        for path in ["/throws", "/leaks"] {
            let answer = get(&gate, Speaks::Http1, path, &[("accept", "application/json")]).await;
            assert_eq!(answer.status, if path == "/throws" { 500 } else { 400 });
            let text = answer.text();
            assert!(!text.contains("hunter2") && !text.contains(".js") && !text.contains("at "), "{text}");
            assert_eq!(answer.field("content-type"), Some("application/problem+json"));
            let problem = answer.json();
            let id = problem["request_id"]
                .as_str()
                .or(problem["instance"].as_str())
                .unwrap_or_else(|| panic!("no id: {problem}"));
            let id = id.rsplit(':').next().unwrap();
            let log = gate.wait_for_log(if path == "/throws" { "hunter2" } else { "bad query" }).await;
            assert!(
                log.lines().any(|line| line.contains(id) && line.contains("shop.js")),
                "{id} is not in\n{log}"
            );
        }
        let page = get(&gate, Speaks::Http1, "/throws", &[("accept", "text/html")]).await;
        assert!(page.text().contains("<html") && !page.text().contains("hunter2"));
    }
}

#[tokio::test]
async fn in_development_errors_are_shown() {
    let app = Express::start(5);
    let gate = Gate::start_with(&app.url(), "", &["--dev"]);
    assert!(get(&gate, Speaks::Http1, "/throws", &[]).await.text().contains("hunter2"));
}

#[tokio::test]
async fn a_large_body_never_reaches_the_app() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(20 * 1024));
    assert_eq!(post(&gate, "/json", "application/json", large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        post(&gate, "/json", "application/json; charset=latin1", "{}").await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[tokio::test]
async fn what_is_denied_is_denied_in_every_spelling() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "[access]\ndeny = [{ path = \"/admin\" }]\n");
    for path in
        ["/admin", "/ADMIN", "//admin", "/x/../admin", "/%61dmin", "/x/%2e%2e/admin", "/admin/", "/admin;x=1"]
    {
        let answer = get(&gate, Speaks::Http1, path, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!answer.text().contains("keys"), "{path}");
    }
}

#[tokio::test]
async fn plain_http_leads_to_https_and_nowhere_else() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let answer = raw(gate.http, b"GET /a?b=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let location = format!("location: https://localhost:{}/a?b=1\r\n", gate.https.port());
    assert!(answer.starts_with("HTTP/1.1 308 ") && answer.contains(&location), "{answer}");
}

#[tokio::test]
async fn report_mode_changes_nothing_and_says_what_it_would() {
    let app = Express::start(5);
    let gate = Gate::start_with(&app.url(), "[access]\ndeny = [{ path = \"/admin\" }]\n", &["--report"]);
    let admin = get(&gate, Speaks::Http1, "/admin", &[]).await;
    assert_eq!((admin.status, admin.text().as_str()), (StatusCode::OK, "the keys of the house"));
    assert!(admin.field("content-security-policy-report-only").is_some());
    assert!(
        admin.field("content-security-policy").is_none()
            && admin.field("strict-transport-security").is_none()
    );
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(20 * 1024));
    assert_eq!(post(&gate, "/json", "application/json", large).await.status, StatusCode::CREATED);
    let cookies = get(&gate, Speaks::Http1, "/count", &[]).await;
    assert!(cookies.set_cookies()[0].starts_with("connect.sid="));
    assert!(get(&gate, Speaks::Http1, "/throws", &[]).await.text().contains("hunter2"));
    let log = gate.wait_for_log("authz.internal-endpoint-exposed").await;
    assert!(log.contains("would be refused") && log.contains("limit.body-unlimited"), "{log}");
}

#[tokio::test]
async fn stopping_loses_no_request() {
    let app = Express::start(5);
    let mut gate = Gate::start(&app.url(), "");
    let request = Request::get("/slow").body(Full::default()).unwrap();
    let slow = async { Answer::read(send(&gate, Speaks::Http1, request).await).await };
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        gate.terminate();
    };
    let (answer, ()) = tokio::join!(slow, stop);
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "at last"));
    assert!(gate.wait().success(), "{}", gate.log());
}

#[tokio::test]
async fn the_log_is_json_in_a_pipe_and_tells_no_query() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    get(&gate, Speaks::Http1, "/json?token=secret", &[]).await;
    let log = gate.wait_for_log("portcullis::access").await;
    let line = log.lines().find(|line| line.contains("portcullis::access")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["path"], &line["status"], &line["method"]),
        (&"/json".into(), &200.into(), &"GET".into())
    );
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn a_websocket_echoes_through_tls() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let mut socket = tls(&gate, b"http/1.1").await;
    socket
        .write_all(
            b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    for text in ["hello", "again"] {
        // A masked text frame (RFC 6455, section 5.2); the mask of zeros leaves the payload as it is.
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        socket.write_all(&frame).await.unwrap();
        let mut echo = vec![0; 2 + text.len()];
        socket.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo[2..], text.as_bytes());
    }
}
