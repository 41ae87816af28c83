//! Whole sites: with every usual fault, and hardened.

use portcullis_audit::{Letter, Report, audit_url};
use portcullis_rules::Severity;

use crate::server::{Identity, Server, answer, quick};

/// What an unhardened Express app in development answers.
pub(crate) fn faulty(request: &str) -> String {
    let mut fields = "X-Powered-By: Express\nSet-Cookie: connect.sid=s%3Aabc.def; Path=/\n".to_owned();
    if let Some(origin) = field(request, "origin") {
        fields += "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: ";
        fields += origin;
        fields += "\n";
    }
    let (status, body) = match request {
        _ if request.starts_with("POST") => (
            "400 Bad Request",
            express_page(
                "SyntaxError: Unexpected end of JSON input<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)<br> \
                 &nbsp; &nbsp;at parse (/usr/src/app/node_modules/body-parser/lib/types/json.js:92:19)",
            ),
        ),
        _ if request.starts_with("OPTIONS") => ("204 No Content", String::new()),
        _ if request.starts_with("GET / ") => ("200 OK", "<!doctype html><h1>Shop</h1>".to_owned()),
        _ => ("404 Not Found", express_page("Cannot GET")),
    };
    answer(status, &format!("{fields}Content-Type: text/html; charset=utf-8"), &body)
}

/// The same app as it should be.
pub(crate) fn hardened(request: &str) -> String {
    const FIELDS: &str = "\
        Content-Security-Policy: default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'
        Cross-Origin-Opener-Policy: same-origin
        Cross-Origin-Resource-Policy: same-origin
        Origin-Agent-Cluster: ?1
        Permissions-Policy: camera=(), microphone=()
        Referrer-Policy: no-referrer
        Strict-Transport-Security: max-age=63072000; includeSubDomains
        X-Content-Type-Options: nosniff
        X-DNS-Prefetch-Control: off
        X-Download-Options: noopen
        X-Frame-Options: DENY
        X-Permitted-Cross-Domain-Policies: none
        Cache-Control: no-store
        Set-Cookie: __Host-id=81f0; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax
        Content-Type: ";
    if request.starts_with("GET / ") || request.starts_with("OPTIONS") {
        answer("200 OK", &format!("{FIELDS}text/html; charset=utf-8"), "<!doctype html><h1>Shop</h1>")
    } else {
        let status = if request.starts_with("POST") { "400 Bad Request" } else { "404 Not Found" };
        answer(status, &format!("{FIELDS}application/problem+json"), "{\"title\":\"no\"}")
    }
}

fn express_page(text: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Error</title></head><body><pre>{text}</pre></body></html>"
    )
}

fn field<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn found(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.id.as_str()).collect()
}

fn holds(report: &Report, rule: &str) -> bool {
    report.held.iter().any(|remark| remark.rule.id.as_str() == rule)
}

#[tokio::test]
async fn a_faulty_site_gets_f_and_every_fault_is_named() {
    let server = Server::answering(faulty).await;
    let report = audit_url(&server.http(), &quick()).await.unwrap();
    assert_eq!(report.grade.letter, Letter::F);
    assert_eq!(report.worst(), Some(Severity::High));
    assert!(report.is_complete());
    let mut found = found(&report);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "cookie.httponly-missing",
            "cookie.prefix-missing",
            "cookie.samesite-missing",
            "cookie.save-uninitialized",
            "cookie.secure-missing",
            "cookie.session-default-name",
            "cors.max-age-ineffective",
            "cors.reflect-origin",
            "cors.vary-missing",
            "cors.wildcard-credentials",
            "error.no-handler",
            "error.node-env",
            "error.path-leak",
            "error.stack-leak",
            "header.cache-sensitive",
            "header.csp-missing",
            "header.frame-missing",
            "header.helmet-missing",
            "header.isolation-missing",
            "header.legacy-missing",
            "header.nosniff-missing",
            "header.permissions-policy-missing",
            "header.referrer-policy-missing",
            "header.x-powered-by",
            "tls.no-redirect",
            "tls.plain-http",
        ]
    );
}

#[tokio::test]
async fn a_hardened_site_gets_a_plus() {
    let identity = Identity::new("localhost");
    let server = Server::over_tls(&identity, hardened).await;
    let plain =
        Server::answering(|_| answer("308 Permanent Redirect", "Location: https://localhost/", "")).await;
    let mut options = quick();
    options.extra_roots_pem.clone_from(&identity.pem);
    options.http_port = Some(plain.port);
    let report = audit_url(&server.https("localhost"), &options).await.unwrap();
    assert_eq!(found(&report), ["cookie.save-uninitialized"]);
    assert_eq!(report.worst(), Some(Severity::Info));
    assert!(report.is_complete());
    assert_eq!(report.grade.letter, Letter::APlus);
    assert!(holds(&report, "tls.no-redirect") && holds(&report, "tls.plain-http"));
}

#[tokio::test]
async fn http_that_leads_to_https_is_followed_and_holds() {
    let identity = Identity::new("localhost");
    let secure = Server::over_tls(&identity, hardened).await;
    let location = secure.https("localhost");
    let plain =
        Server::answering(move |_| answer("308 Permanent Redirect", &format!("Location: {location}"), ""))
            .await;
    let mut options = quick();
    options.extra_roots_pem = identity.pem;
    let report = audit_url(&format!("http://localhost:{}/", plain.port), &options).await.unwrap();
    assert_eq!(report.target, secure.https("localhost"));
    assert_eq!(report.redirects.len(), 1);
    assert!(holds(&report, "tls.no-redirect"), "{report:?}");
}

#[tokio::test]
async fn a_redirect_to_another_site_is_not_followed() {
    let other = Server::answering(hardened).await;
    // Another host than 127.0.0.1, as far as names go.
    let location = format!("http://localhost:{}/", other.port);
    let server = Server::answering(move |_| answer("302 Found", &format!("Location: {location}"), "")).await;
    let report = audit_url(&server.http(), &quick()).await.unwrap();
    assert_eq!(other.requests(), Vec::<String>::new());
    assert_eq!(report.target, server.http());
    assert!(report.notes.iter().any(|note| note.contains("not followed")), "{:?}", report.notes);
}

#[tokio::test]
async fn an_audit_never_writes() {
    let server = Server::answering(faulty).await;
    audit_url(&server.http(), &quick()).await.unwrap();
    let requests = server.requests();
    assert!((10..=20).contains(&requests.len()), "{} requests", requests.len());
    for request in requests {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        match head.split(' ').next().unwrap() {
            "GET" | "OPTIONS" => assert_eq!(body, ""),
            "POST" => {
                assert_eq!(field(head, "content-type"), Some("application/json"));
                assert!(serde_json::from_str::<serde_json::Value>(body).is_err(), "{body}");
            }
            other => panic!("{other}"),
        }
        assert_eq!(field(head, "cookie"), None);
        assert!(field(head, "user-agent").unwrap().starts_with("portcullis-audit/"));
    }
}

#[tokio::test]
async fn look_alikes_of_an_allowed_origin_are_tried() {
    // Names one origin to everybody, and lets in whatever ends like it.
    let server = Server::answering(|request| {
        let origin = field(request, "origin").filter(|origin| origin.ends_with("shop.example"));
        let allowed = origin.unwrap_or("https://shop.example");
        answer("200 OK", &format!("Access-Control-Allow-Origin: {allowed}\nVary: Origin"), "hello")
    })
    .await;
    let report = audit_url(&server.http(), &quick()).await.unwrap();
    let finding =
        report.findings.iter().find(|finding| finding.rule.id.as_str() == "cors.reflect-origin").unwrap();
    assert!(finding.observations[0].place.contains("https://attackershop.example"), "{finding:?}");
    assert_eq!(finding.severity, Severity::Low);
}

#[tokio::test]
async fn look_alikes_of_given_origins_are_tried() {
    // What `/^https:\/\/app.shop.example/` lets in: the dots are not escaped, the end is open.
    let server = Server::answering(|request| {
        let origin = field(request, "origin").filter(|origin| {
            let bytes = origin.as_bytes();
            bytes.starts_with(b"https://app") && bytes.get(12..24) == Some(b"shop.example".as_slice())
        });
        let fields = origin.map(|origin| format!("Access-Control-Allow-Origin: {origin}\nVary: Origin"));
        answer("200 OK", &fields.unwrap_or_default(), "hello")
    })
    .await;
    let blind = audit_url(&server.http(), &quick()).await.unwrap();
    assert!(!found(&blind).contains(&"cors.reflect-origin"));
    let mut options = quick();
    options.allowed_origins = vec!["https://app.shop.example".to_owned()];
    let report = audit_url(&server.http(), &options).await.unwrap();
    let finding =
        report.findings.iter().find(|finding| finding.rule.id.as_str() == "cors.reflect-origin").unwrap();
    let places: Vec<_> = finding.observations.iter().map(|observation| observation.place.as_str()).collect();
    assert!(places.iter().any(|place| place.contains("https://appxshop.example")), "{places:?}");
    assert!(
        places.iter().any(|place| place.contains("https://app.shop.example.attacker.example")),
        "{places:?}"
    );

    options.allowed_origins = vec!["app.shop.example".to_owned()];
    assert!(audit_url(&server.http(), &options).await.unwrap_err().is_usage());
}

#[tokio::test]
async fn a_date_that_stands_still_is_found() {
    let server = Server::answering(|_| {
        answer("200 OK", "Set-Cookie: sid=a; Path=/; Expires=Wed, 31 Dec 2098 23:00:00 GMT", "hello")
    })
    .await;
    let report = audit_url(&server.http(), &quick()).await.unwrap();
    assert!(found(&report).contains(&"cookie.expires-at-boot"));
    assert!(found(&report).contains(&"cookie.lifetime-too-long"));
}

#[tokio::test]
async fn what_may_change_something_goes_to_the_url_given_and_nowhere_else() {
    let server = Server::answering(|request| match request {
        _ if request.starts_with("GET /login") => answer("302 Found", "Location: /transfer", ""),
        _ => answer("200 OK", "Content-Type: text/html", "<h1>Transfer</h1>"),
    })
    .await;
    let mut options = portcullis_audit::Options::default();
    options.active = true;
    let forms = || {
        let is_form = |request: &String| request.contains("application/x-www-form-urlencoded");
        server.requests().into_iter().filter(is_form).collect::<Vec<_>>()
    };
    let report = audit_url(&format!("{}login", server.http()), &options).await.unwrap();
    assert!(forms().is_empty(), "{:?}", forms());
    assert!(report.notes.iter().any(|note| note.contains("audit that URL itself")), "{:?}", report.notes);
    audit_url(&format!("{}transfer", server.http()), &options).await.unwrap();
    assert!(!forms().is_empty());
    assert!(forms().iter().all(|request| request.starts_with("POST /transfer ")));
}
