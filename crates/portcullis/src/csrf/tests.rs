use http::{Request, header::HOST};

use super::*;

const HERE: &str = "app.example";

fn guard(config: Config) -> CsrfGuard {
    CsrfGuard {
        mode: config.mode,
        trusted_origins: config.trusted_origins,
        missing_origin: config.missing_origin,
        judge_get: config.judge_get,
        allow_same_site: config.dangerous_allow_same_site,
    }
}

fn request(method: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut builder = Request::builder().method(method).uri("/").header(HOST, HERE);
    for (name, value) in fields {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap()
}

fn passes(config: &Config, mut request: Request<()>) -> bool {
    guard(config.clone()).request(&mut request).is_ok()
}

#[test]
fn what_another_site_sends_is_refused_with_a_stable_code() {
    let refusal = guard(Config::default())
        .request(&mut request(
            "POST",
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        ))
        .unwrap_err();
    assert_eq!(refusal.status, StatusCode::FORBIDDEN);
    assert_eq!(refusal.rule.id.as_str(), "csrf.missing");
    assert_eq!(refusal.code.as_deref(), Some("cross-origin-request"));
}

#[test]
fn where_a_request_comes_from_decides() {
    let config = Config::default();
    for (fields, right) in [
        (&[("sec-fetch-site", "same-origin")][..], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "")], false),
        (&[("sec-fetch-site", "Same-Origin")], false),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
        // What the browser says of the site counts more than a host that was rewritten on the way.
        (&[("sec-fetch-site", "same-origin"), ("origin", "https://public.example")], true),
        (&[("sec-fetch-site", "cross-site"), ("origin", "https://app.example")], false),
        (&[("origin", "https://app.example")], true),
        (&[("origin", "http://app.example")], true),
        (&[("origin", "https://app.example:8443")], false),
        (&[("origin", "https://app.example.evil.example")], false),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "null")], false),
        (&[("origin", "")], false),
        (&[("origin", "app.example")], false),
        (&[("origin", "https://app.example"), ("origin", "https://app.example")], false),
        (&[], true),
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"] {
            assert_eq!(passes(&config, request(method, fields)), right, "{method} {fields:?}");
        }
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert!(passes(&config, request(method, fields)), "{method} {fields:?}");
        }
    }
}

#[test]
fn a_websocket_is_opened_from_our_own_pages_only() {
    let config = Config::default();
    let handshake = [("upgrade", "websocket"), ("connection", "Upgrade")];
    let from = |fields: &[(&str, &str)]| passes(&config, request("GET", &[&handshake[..], fields].concat()));
    assert!(from(&[("origin", "https://app.example")]));
    assert!(from(&[("sec-fetch-site", "same-origin")]));
    assert!(from(&[]), "a program, not a page");
    assert!(!from(&[("origin", "https://evil.example")]));
    assert!(!from(&[("origin", "null")]));

    // Behind intake the field is gone, and the extension stands for it.
    let mut behind_intake = request("GET", &[("origin", "https://evil.example")]);
    behind_intake.extensions_mut().insert(UpgradeRequest(HeaderValue::from_static("WebSocket")));
    let refusal = guard(config.clone()).request(&mut behind_intake).unwrap_err();
    assert_eq!(refusal.rule.id.as_str(), "csrf.websocket-origin");
    let h2c = request("GET", &[("upgrade", "h2c"), ("origin", "https://evil.example")]);
    assert!(passes(&config, h2c), "pages cannot ask for h2c");
}

#[test]
fn the_scheme_counts_where_it_is_known() {
    let from = |tls: bool, origin: &str| {
        let mut request = request("POST", &[("origin", origin)]);
        request.extensions_mut().insert(Connection { tls, ..Connection::UNKNOWN });
        passes(&Config::default(), request)
    };
    assert!(from(true, "https://app.example"));
    assert!(!from(true, "http://app.example"), "whoever is on the network can write that page");
    assert!(from(false, "http://app.example"));
    assert!(from(false, "https://app.example"), "TLS may end before us");
}

#[test]
fn behind_a_trusted_proxy_the_host_that_was_asked_for_counts() {
    let from = |origin: &str| {
        let mut request = request("POST", &[("origin", origin)]);
        request.extensions_mut().insert(Client {
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            scheme: Scheme::Https,
            host: Some(HeaderValue::from_static("public.example")),
        });
        passes(&Config::default(), request)
    };
    assert!(from("https://public.example"));
    assert!(!from("http://public.example"));
    assert!(!from("https://app.example"));
}

#[test]
fn a_trusted_origin_may_send_from_any_site() {
    let config = Config { trusted_origins: vec!["https://login.example".to_owned()], ..Config::default() };
    for fields in [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://login.example")][..],
        &[("sec-fetch-site", "same-site"), ("origin", "https://login.example")],
        &[("origin", "https://login.example")],
    ] {
        assert!(passes(&config, request("POST", fields)), "{fields:?}");
    }
    for origin in ["http://login.example", "https://login.example:8443", "https://LOGIN.example", "null"] {
        assert!(!passes(&config, request("POST", &[("origin", origin)])), "{origin}");
    }
}

#[test]
fn what_does_not_say_where_it_comes_from_is_judged_as_configured() {
    let cookie: &[(&str, &str)] = &[("cookie", "sid=1")];
    let basic: &[(&str, &str)] = &[("authorization", "Basic dTpw")];
    let bearer: &[(&str, &str)] = &[("authorization", "Bearer x")];
    for (missing_origin, right) in [
        (MissingOrigin::Pass, [true, true, true, true]),
        (MissingOrigin::RefuseCredentials, [true, true, false, false]),
        (MissingOrigin::Refuse, [false, false, false, false]),
    ] {
        let config = Config { missing_origin, ..Config::default() };
        for (fields, right) in [&[], bearer, basic, cookie].into_iter().zip(right) {
            assert_eq!(passes(&config, request("POST", fields)), right, "{missing_origin:?} {fields:?}");
        }
    }
}

#[test]
fn a_get_that_changes_something_is_judged_where_somebody_says_so() {
    let config = Config { judge_get: true, ..Config::default() };
    for method in ["GET", "HEAD"] {
        assert!(
            !passes(&config, request(method, &[("sec-fetch-site", "cross-site")])),
            "{method}: a link elsewhere"
        );
        assert!(passes(&config, request(method, &[("sec-fetch-site", "same-origin")])), "{method}");
        assert!(
            passes(&config, request(method, &[("sec-fetch-site", "none")])),
            "{method}: typed, or a bookmark"
        );
    }
    let preflight = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert!(passes(&config, request("OPTIONS", &preflight)));
}

#[test]
fn siblings_pass_only_where_that_was_asked_for_by_its_name() {
    let config = Config { dangerous_allow_same_site: true, ..Config::default() };
    assert!(passes(&config, request("POST", &[("sec-fetch-site", "same-site")])));
    assert!(!passes(&config, request("POST", &[("sec-fetch-site", "cross-site")])));
}
