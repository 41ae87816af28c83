//! The guard without tokens, against a second opinion.

use axum::body::Body;
use http::{Request, Response, StatusCode};
use portcullis::{
    Checklist,
    csrf::{Config, CsrfLayer},
};
use tower::{Layer, ServiceExt, service_fn};

const METHODS: [&str; 9] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "get"];
const TARGETS: [&str; 3] = ["/a", "https://app.example/a", "http://other.example:8080/a"];
const HOSTS: [Option<&str>; 5] =
    [None, Some("app.example"), Some("app.example:443"), Some("APP.example"), Some("not a host")];
const SITES: [Option<&str>; 8] = [
    None,
    Some(""),
    Some("same-origin"),
    Some("none"),
    Some("same-site"),
    Some("cross-site"),
    Some("Same-Origin"),
    Some("same-origin, none"),
];
const ORIGINS: [Option<&[u8]>; 18] = [
    None,
    Some(b""),
    Some(b"null"),
    Some(b"https://app.example"),
    Some(b"http://app.example"),
    Some(b"https://app.example:443"),
    Some(b"https://app.example:8443"),
    Some(b"https://APP.example"),
    Some(b"https://app.example/"),
    Some(b"https://user@app.example"),
    Some(b"https://app.example#app.example"),
    Some(b"app.example"),
    Some(b"ftp://app.example"),
    Some(b"http://other.example:8080"),
    Some(b"https://trusted.example"),
    Some(b"https://trusted.example:443"),
    Some(b"https://evil.example"),
    Some(b"\xff\xfe"),
];

fn request(
    method: &str,
    target: &str,
    host: Option<&str>,
    site: Option<&str>,
    origin: Option<&[u8]>,
) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(target);
    if let Some(host) = host {
        builder = builder.header("host", host);
    }
    if let Some(site) = site {
        builder = builder.header("sec-fetch-site", site);
    }
    if let Some(origin) = origin {
        builder = builder.header("origin", origin);
    }
    builder.body(Body::empty()).unwrap()
}

/// Every combination of the fields that either reads. What we let through, tower-http lets through.
#[tokio::test]
async fn never_lets_through_what_tower_http_refuses() {
    let application =
        service_fn(async |_: Request<Body>| Ok::<_, std::convert::Infallible>(Response::new(Body::empty())));
    let mut config = Config::default();
    config.trusted_origins.push("https://trusted.example".to_owned());
    let ours = CsrfLayer::new(config).unwrap().layer(application);
    let theirs = tower_http::csrf::CsrfLayer::new()
        .add_trusted_origin("https://trusted.example")
        .unwrap()
        .layer(application);

    let (mut compared, mut passed, mut stricter) = (0, 0, Vec::new());
    for method in METHODS {
        for target in TARGETS {
            for host in HOSTS {
                for site in SITES {
                    for origin in ORIGINS {
                        let ask = || request(method, target, host, site, origin);
                        let passes_ours =
                            ours.clone().oneshot(ask()).await.unwrap().status() == StatusCode::OK;
                        let passes_theirs =
                            theirs.clone().oneshot(ask()).await.unwrap().status() == StatusCode::OK;
                        let case = format!("{method} {target} {host:?} {site:?} {origin:?}");
                        assert!(passes_theirs || !passes_ours, "only we let through {case}");
                        compared += 1;
                        passed += u32::from(passes_ours);
                        if passes_ours != passes_theirs {
                            // An empty field is no field to them; for us it is one that no browser sends.
                            stricter.push((site == Some("") || origin == Some(b""), origin));
                        }
                    }
                }
            }
        }
    }
    #[allow(clippy::disallowed_macros)] // how many were compared is part of the proof
    {
        println!("tower-http: {compared} requests, {passed} pass both, {} we alone refuse", stricter.len());
    }
    assert!(compared > 9_000 && passed > 3_000);
    for (empty, origin) in stricter {
        let with_user = origin == Some(b"https://user@app.example");
        let with_fragment = origin == Some(b"https://app.example#app.example");
        let with_slash = origin == Some(b"https://app.example/");
        assert!(empty || with_user || with_fragment || with_slash, "refused without need: {origin:?}");
    }
}

#[tokio::test]
async fn in_the_checklist_a_refusal_tells_its_code_and_not_its_reason() {
    let app = axum::Router::new()
        .route("/", axum::routing::post(|| async { "done" }))
        .layer(Checklist::production());
    let refused = app
        .clone()
        .oneshot(request("POST", "/", Some("app.example"), Some("cross-site"), Some(b"https://evil.example")))
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.headers().contains_key("content-security-policy"));
    let body = axum::body::to_bytes(refused.into_body(), 1024).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&403.into(), &"cross-origin-request".into()));
    assert!(!problem.to_string().contains("csrf"), "{problem}");

    let passed =
        app.oneshot(request("POST", "/", Some("app.example"), Some("same-origin"), None)).await.unwrap();
    assert_eq!(passed.status(), StatusCode::OK);
}
