//! An Express app that shares with everybody, cookies and all, behind a gate that says who may read.

use http::{Request, StatusCode};
use http_body_util::Full;
use proof::{
    client::{Answer, Speaks, send},
    express::Express,
    gate::Gate,
};

const ONLY_THE_APP: &str = r#"
[cors]
origin = ["https://app.example"]
credentials = true
max_age = "10m"

[csrf]
trusted_origins = ["https://app.example"]

[[route]]
path = "/private/strict"
cors = { origin = ["https://app.example"], refuse_denied = true }
"#;

async fn ask(gate: &Gate, method: &str, path: &str, origin: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .body(Full::default())
        .unwrap();
    Answer::read(send(gate, Speaks::Http2, request).await).await
}

#[tokio::test]
async fn only_the_origins_that_the_gate_names_may_read() {
    let app = Express::start_app(5, "sharing.js");
    let bare = Gate::start(&app.url(), "");
    let evil = ask(&bare, "GET", "/private", "https://evil.test").await;
    assert_eq!(
        evil.field("access-control-allow-origin"),
        Some("https://evil.test"),
        "the app says so, and is believed"
    );

    let gate = Gate::start(&app.url(), ONLY_THE_APP);
    let own = ask(&gate, "GET", "/private", "https://app.example").await;
    assert_eq!(own.field("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(own.field("access-control-allow-credentials"), Some("true"));
    assert!(own.field("vary").unwrap().contains("Origin"));
    let evil = ask(&gate, "GET", "/private", "https://evil.test").await;
    assert_eq!((evil.status, evil.field("access-control-allow-origin")), (StatusCode::OK, None));
    assert_eq!(evil.field("access-control-allow-credentials"), None);

    let preflight = ask(&gate, "OPTIONS", "/private", "https://app.example").await;
    assert_eq!(
        (preflight.status, preflight.field("access-control-max-age")),
        (StatusCode::NO_CONTENT, Some("600"))
    );
    let denied = ask(&gate, "OPTIONS", "/private", "https://evil.test").await;
    assert_eq!(denied.field("access-control-allow-methods"), None);
    let refused = ask(&gate, "GET", "/private/strict", "https://evil.test").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
