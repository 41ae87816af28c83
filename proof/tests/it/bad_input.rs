//! What comes wrong gets a clear answer in bounded time.

use std::time::Duration;

use http::StatusCode;
use proof::{
    client::{Speaks, get, raw},
    express::Express,
    gate::{Gate, certificate, run},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// An upstream that says what no Express would: `answer` to every connection, then the end.
async fn answers(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
        }
    });
    url
}

#[tokio::test]
async fn an_upstream_that_misbehaves_is_a_clean_502() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConte",
        b"",
    ] {
        let gate = Gate::start(&answers(answer).await, "");
        let got = get(&gate, Speaks::Http1, "/", &[("accept", "text/html")]).await;
        assert_eq!(got.status, StatusCode::BAD_GATEWAY, "{:?}", String::from_utf8_lossy(answer));
        assert!(got.text().contains("<html") && got.field("content-security-policy").is_some());
        gate.wait_for_log("no answer").await;
    }
}

#[tokio::test]
async fn an_upstream_that_is_down_or_hangs_is_answered_for_in_time() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gate = Gate::start(&format!("http://{free}"), "");
    assert_eq!(get(&gate, Speaks::Http1, "/", &[]).await.status, StatusCode::BAD_GATEWAY);
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "[timeout]\nresponse = \"500ms\"\n");
    assert_eq!(get(&gate, Speaks::Http1, "/hangs", &[]).await.status, StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn a_truncated_answer_stays_visibly_truncated() {
    let gate =
        plain_gate(&answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await);
    let answer = raw(gate.http, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("hello") && !answer.ends_with("0\r\n\r\n"), "{answer}");
}

/// Serve on the plain listener, so that raw bytes can be sent; short deadlines.
const PLAIN: &str = "[serve]\nheader = \"1s\"\nfirst_byte = \"1s\"\n[timeout]\nbody_grace = \"1s\"\n";

/// A gate that serves plain HTTP.
fn plain_gate(upstream: &str) -> Gate {
    Gate::start_plain(upstream, PLAIN)
}

#[tokio::test]
async fn clients_that_are_slow_silent_or_loud_are_closed() {
    let app = Express::start(5);
    let gate = plain_gate(&app.url());
    assert_eq!(raw(gate.http, b"").await, "", "a client that says nothing");
    assert_eq!(raw(gate.http, b"GET / HTTP/1.1\r\nHost: lo").await, "", "half a head");
    let slow_body = b"POST /json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let answer = raw(gate.http, slow_body).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let mut loud = b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ".to_vec();
    loud.extend(std::iter::repeat_n(b'x', 64 * 1024));
    loud.extend(b"\r\n\r\n");
    let answer = raw(gate.http, &loud).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer}");
    // A client that resets, in the middle of a request.
    let stream = TcpStream::connect(gate.http).await.unwrap();
    stream.set_zero_linger().unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = raw(gate.http, b"GET /json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_refused_request_is_answered_like_any_other() {
    let app = Express::start(5);
    let gate = plain_gate(&app.url());
    for request in [
        &b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /x/..%2fadmin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ] {
        let answer = raw(gate.http, request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("content-security-policy: ") && answer.contains("application/problem+json"), "{answer}");
    }
}

#[test]
fn a_wrong_configuration_is_named_by_file_line_and_key() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    let (one, _) = certificate();
    let (_, other) = certificate();
    write("cert.pem", &one);
    write("key.pem", &other);
    write(
        "typo.toml",
        "[tls]\ndevelopment = true\n[upstream]\nto = \"http://127.0.0.1:1\"\n[body]\nmax_byts = 1\n",
    );
    write(
        "pair.toml",
        "[tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n[upstream]\nto = \"http://127.0.0.1:1\"\n",
    );
    write(
        "nokey.toml",
        "[tls]\ncertificate = \"cert.pem\"\nkey = \"none.pem\"\n[upstream]\nto = \"http://127.0.0.1:1\"\n",
    );
    for (file, expected) in [
        ("typo.toml", "typo.toml:6: body.max_byts: unknown key `max_byts`; did you mean `max_bytes`?"),
        ("pair.toml", "does not belong to the key"),
        ("nokey.toml", "none.pem: no such file"),
        ("missing.toml", "missing.toml: no such file"),
    ] {
        for arguments in [&["gate", "check", "--config", file][..], &["gate", "--config", file]] {
            let (code, _, error) = run(arguments, directory.path());
            assert!(code == 2 && error.contains(expected), "{arguments:?} gave {code}: {error}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_a_clear_refusal() {
    let directory = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let arguments = ["gate", "--to", "http://127.0.0.1:1", "--https", &address, "--http", "127.0.0.1:0"];
    let (code, _, error) = run(&arguments, directory.path());
    assert!(code == 3 && error.contains(&format!("{address} is taken")), "{code}: {error}");
}

#[test]
fn an_audit_that_cannot_be_completed_is_never_green() {
    let directory = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, expected_code) in
        [(format!("http://{free}/"), 3), ("ftp://127.0.0.1/".to_owned(), 2), ("no url".to_owned(), 2)]
    {
        let (code, _, error) = run(&["audit", &url], directory.path());
        assert!(code == expected_code && !error.is_empty(), "{url} gave {code}: {error}");
    }
}

#[test]
fn the_demo_ends_with_an_f_and_an_a_plus() {
    let directory = tempfile::tempdir().unwrap();
    let (code, table, error) = run(&["demo", "--once"], directory.path());
    assert_eq!(code, 0, "{error}");
    assert!(
        table.contains("bare              grade F ") && table.contains("behind the gate   grade A+"),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'), "no colours in a pipe");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

#[test]
fn a_rule_that_does_not_exist_has_neighbours() {
    let directory = tempfile::tempdir().unwrap();
    let (code, _, error) = run(&["explain", "cookie.secure-mising"], directory.path());
    assert!(code == 2 && error.contains("cookie.secure-missing"), "{code}: {error}");
}

#[tokio::test]
async fn an_upstream_that_closes_after_each_answer_without_a_word_loses_no_request() {
    let gate = Gate::start(&answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await, "");
    for number in 0..200 {
        let answer = get(&gate, Speaks::Http1, "/", &[]).await;
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "ok"), "request {number}");
    }
}
