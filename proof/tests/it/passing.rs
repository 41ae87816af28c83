//! What an app answers reaches its clients unchanged, whichever way they speak.

use http::{Request, StatusCode};
use http_body_util::Full;
use proof::{
    client::{Answer, Speaks, get, get_bare, post, send},
    express::Express,
    gate::Gate,
};
use serde_json::json;

#[tokio::test]
async fn pages_and_json_are_the_same_as_without_a_gate() {
    for version in [5, 4] {
        let app = Express::start(version);
        let gate = Gate::start(&app.url(), "");
        for path in ["/", "/json", "/teapot", "/redirect", "/empty", "/no/such/page"] {
            let bare = get_bare(app.port, path).await;
            for speaks in [Speaks::Http1, Speaks::Http2] {
                let gated = get(&gate, speaks, path, &[]).await;
                assert_eq!(gated.status, bare.status, "Express {version}, {speaks:?} {path}");
                assert_eq!(gated.body, bare.body, "Express {version}, {speaks:?} {path}");
                for field in ["content-type", "etag", "location"] {
                    assert_eq!(
                        gated.field(field),
                        bare.field(field),
                        "Express {version}, {speaks:?} {path} {field}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_session_counts_across_requests_and_the_app_never_sees_its_new_name() {
    for version in [5, 4] {
        let app = Express::start(version);
        let gate = Gate::start(&app.url(), "");
        let first = get(&gate, Speaks::Http1, "/count", &[]).await;
        assert_eq!(first.json(), json!({ "count": 1 }));
        let [cookie] = first.set_cookies()[..] else { panic!("{:?}", first.set_cookies()) };
        assert!(cookie.starts_with("__Host-") && !cookie.contains("connect.sid"), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{attribute} is not in {cookie}");
        }
        let pair = cookie.split(';').next().unwrap();
        for (speaks, count) in [(Speaks::Http2, 2), (Speaks::Http1, 3)] {
            assert_eq!(
                get(&gate, speaks, "/count", &[("cookie", pair)]).await.json(),
                json!({ "count": count })
            );
        }
        let saw = get(&gate, Speaks::Http1, "/saw", &[("cookie", pair)]).await.json();
        let seen = saw["headers"]["cookie"].as_str().unwrap();
        assert!(seen.starts_with("connect.sid=") && !seen.contains("__Host-"), "{seen}");
    }
}

#[tokio::test]
async fn a_session_name_that_anybody_can_plant_is_not_believed() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let saw = get(&gate, Speaks::Http1, "/saw", &[("cookie", "connect.sid=s%3Aplanted.x; theme=dark")])
        .await
        .json();
    assert_eq!(saw["headers"]["cookie"], "theme=dark");
}

#[tokio::test]
async fn bodies_conditions_and_methods_pass() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let sent = post(&gate, "/json", "application/json", r#"{"a":[1,{"b":"ü"}]}"#).await;
    assert_eq!(
        (sent.status, sent.json()),
        (StatusCode::CREATED, json!({ "got": { "a": [1, { "b": "ü" }] } }))
    );
    let page = get(&gate, Speaks::Http1, "/json", &[]).await;
    let again = get(&gate, Speaks::Http1, "/json", &[("if-none-match", page.field("etag").unwrap())]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let request = Request::head("/json").body(Full::default()).unwrap();
        let head = Answer::read(send(&gate, speaks, request).await).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.field("content-length"), page.field("content-length"));
    }
}

#[tokio::test]
async fn trailers_pass() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let answer = get(&gate, speaks, "/trailers", &[("te", "trailers")]).await;
        assert_eq!(answer.text(), "body");
        let trailers = answer.trailers.unwrap_or_default();
        assert_eq!(
            trailers.get("x-checksum").map(http::HeaderValue::as_bytes),
            Some(&b"abc"[..]),
            "{speaks:?}"
        );
    }
}

#[tokio::test]
async fn what_a_client_forges_does_not_reach_the_app() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    let forged = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-host", "evil.test"),
        ("forwarded", "for=6.6.6.6"),
        ("x-real-ip", "6.6.6.6"),
        ("x-original-url", "/admin"),
        ("x-request-id", "forged"),
    ];
    let saw = get(&gate, Speaks::Http2, "/saw", &forged).await.json();
    let headers = &saw["headers"];
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert!(
        !headers.to_string().contains("6.6.6.6") && !headers.to_string().contains("evil.test"),
        "{headers}"
    );
    assert!(headers["x-original-url"].is_null() && headers["x-request-id"] != "forged");
}

#[tokio::test]
async fn a_request_after_the_app_has_closed_its_idle_connection_is_answered() {
    let app = Express::start(5);
    let gate = Gate::start(&app.url(), "");
    assert_eq!(get(&gate, Speaks::Http1, "/", &[]).await.status, StatusCode::OK);
    // Node closes after five seconds.
    for seconds in [5, 6] {
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        assert_eq!(get(&gate, Speaks::Http1, "/", &[]).await.status, StatusCode::OK, "after {seconds} s");
    }
}
