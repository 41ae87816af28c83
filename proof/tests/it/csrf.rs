//! What another site sends does not reach an app that never heard of CSRF.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use proof::{
    client::{Answer, Speaks, get, get_bare, send, tls},
    express::Express,
    gate::Gate,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const EVIL: &str = "https://evil.example";

/// A form, as a browser posts it.
fn form(path: &str, fields: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut builder = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in fields {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::from("to=bob&amount=5")).unwrap()
}

async fn post_form(gate: &Gate, speaks: Speaks, path: &str, fields: &[(&str, &str)]) -> Answer {
    Answer::read(send(gate, speaks, form(path, fields)).await).await
}

/// Status of a form posted to the app itself.
async fn bare(port: u16, fields: &[(&str, &str)]) -> Answer {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = form("/transfer", fields);
    request.headers_mut().insert("host", "localhost".parse().unwrap());
    Answer::read(sender.send_request(request).await.unwrap()).await
}

#[tokio::test]
async fn a_form_of_another_site_is_obeyed_bare_and_refused_behind_the_gate() {
    for version in [5, 4] {
        let app = Express::start(version);
        let cookie =
            get_bare(app.port, "/count").await.set_cookies()[0].split(';').next().unwrap().to_owned();
        let attack = [("cookie", cookie.as_str()), ("origin", EVIL), ("sec-fetch-site", "cross-site")];
        assert_eq!(
            bare(app.port, &attack).await.json(),
            json!({ "to": "bob", "sent": 5 }),
            "Express {version}"
        );

        let gate = Gate::start(&app.url(), "");
        let cookie = get(&gate, Speaks::Http1, "/count", &[]).await;
        let cookie = cookie.set_cookies()[0].split(';').next().unwrap().to_owned();
        for speaks in [Speaks::Http1, Speaks::Http2] {
            for from in [
                &[("origin", EVIL), ("sec-fetch-site", "cross-site")][..],
                &[("origin", "https://sibling.localhost"), ("sec-fetch-site", "same-site")],
                &[("origin", EVIL)],
                &[("origin", "null")],
                &[("origin", "http://localhost")],
            ] {
                let fields = [&[("cookie", cookie.as_str()), ("accept", "application/json")], from].concat();
                let refused = post_form(&gate, speaks, "/transfer", &fields).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "Express {version}, {speaks:?} {from:?}");
                assert_eq!(refused.json()["code"], "cross-origin-request");
                assert!(refused.field("content-security-policy").is_some());
            }
        }
        // Nothing of it was done; the user's own forms are, from every browser.
        for (speaks, from, sent) in [
            (Speaks::Http1, ("sec-fetch-site", "same-origin"), 5),
            (Speaks::Http2, ("sec-fetch-site", "same-origin"), 10),
            (Speaks::Http1, ("origin", "https://localhost"), 15),
            (Speaks::Http2, ("origin", "https://localhost"), 20),
        ] {
            let passed = post_form(&gate, speaks, "/transfer", &[("cookie", cookie.as_str()), from]).await;
            assert_eq!(
                passed.json(),
                json!({ "to": "bob", "sent": sent }),
                "Express {version}, {speaks:?} {from:?}"
            );
        }
        let log = gate.wait_for_log("csrf.missing").await;
        assert!(
            log.contains("from another site") && log.contains("from another host of the same site"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn what_does_not_say_where_it_comes_from_is_judged_as_configured() {
    let app = Express::start(5);
    for (config, bare, with_cookie) in [
        ("", 200, 200),
        ("[csrf]\nmissing_origin = \"refuse-credentials\"\n", 200, 403),
        ("[csrf]\nmissing_origin = \"refuse\"\n", 403, 403),
    ] {
        let gate = Gate::start(&app.url(), config);
        assert_eq!(post_form(&gate, Speaks::Http1, "/transfer", &[]).await.status, bare, "{config}");
        let fields = [("cookie", "__Host-sid-1=x")];
        assert_eq!(
            post_form(&gate, Speaks::Http1, "/transfer", &fields).await.status,
            with_cookie,
            "{config}"
        );
    }
}

#[tokio::test]
async fn a_route_and_an_origin_are_excepted_by_name() {
    let app = Express::start(5);
    let config = "[csrf]\ntrusted_origins = [\"https://login.example\"]\n\
                  [[route]]\npath = \"/json\"\nupstream = { to = \"APP\" }\ncsrf = { off = \"signed webhooks\" }\n";
    let gate = Gate::start(&app.url(), &config.replace("APP", &app.url()));
    let evil = [("origin", EVIL), ("sec-fetch-site", "cross-site")];
    let login = [("origin", "https://login.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(post_form(&gate, Speaks::Http1, "/transfer", &evil).await.status, StatusCode::FORBIDDEN);
    assert_eq!(post_form(&gate, Speaks::Http1, "/transfer", &login).await.status, StatusCode::OK);
    assert_eq!(post_form(&gate, Speaks::Http1, "/json", &evil).await.status, StatusCode::CREATED);
    assert!(gate.log().contains("/json: csrf is off: signed webhooks"), "{}", gate.log());
}

#[tokio::test]
async fn a_websocket_is_opened_from_the_apps_own_pages_only() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    for (origin, status) in
        [("https://localhost", "101"), (EVIL, "403"), ("null", "403"), ("http://localhost", "403")]
    {
        let mut socket = tls(&gate, b"http/1.1").await;
        let handshake = format!(
            "GET /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        socket.write_all(handshake.as_bytes()).await.unwrap();
        let mut line = [0; 12];
        socket.read_exact(&mut line).await.unwrap();
        assert_eq!(std::str::from_utf8(&line).unwrap(), format!("HTTP/1.1 {status}"), "{origin}");
    }
    gate.wait_for_log("csrf.websocket-origin").await;
}
