//! The guard `header` from outside: each test is named by its promise.

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode},
};
use portcullis::{
    Connection, Mode, Refusal,
    client::{Client, Scheme},
    header::{Config, Directive, Directives, HeaderLayer, Nonce, Preset, Source},
};
use tower::{Layer, ServiceExt, service_fn};

/// The headers that leave when the application sends `app`, and the nonce that it was given.
async fn answer(
    config: Config,
    tls: bool,
    app: &[(&'static str, &'static str)],
) -> (HeaderMap, Option<Nonce>) {
    let fields: HeaderMap = app
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let service = HeaderLayer::new(config).unwrap().layer(service_fn(move |request: Request<Body>| {
        let mut answer = Response::new(Body::empty());
        *answer.headers_mut() = fields.clone();
        if let Some(nonce) = request.extensions().get::<Nonce>() {
            answer.extensions_mut().insert(*nonce);
        }
        async move { Ok::<_, Infallible>(answer) }
    }));
    let request = Request::get("/").extension(Connection { tls, ..Connection::UNKNOWN });
    let answer = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let nonce = answer.extensions().get::<Nonce>().copied();
    (answer.headers().clone(), nonce)
}

fn parse(text: &str) -> Config {
    toml::from_str(text).unwrap()
}

#[tokio::test]
async fn strict_sends_exactly_this_over_tls() {
    let (headers, _) = answer(Config::default(), true, &[]).await;
    let sent: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    assert_eq!(
        sent,
        [
            "content-security-policy: default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;\
             font-src 'self';connect-src 'self';media-src 'self';manifest-src 'self';worker-src 'self';\
             frame-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none';upgrade-insecure-requests",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "origin-agent-cluster: ?1",
            "referrer-policy: same-origin",
            "strict-transport-security: max-age=63072000; includeSubDomains",
            "x-content-type-options: nosniff",
            "x-dns-prefetch-control: off",
            "x-download-options: noopen",
            "x-frame-options: DENY",
            "x-permitted-cross-domain-policies: none",
            "x-xss-protection: 0",
            "permissions-policy: accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
             geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), \
             midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
        ]
    );
}

#[tokio::test]
async fn nothing_that_needs_tls_is_said_over_plain_http() {
    for preset in [Preset::Strict, Preset::Helmet] {
        let mut config = Config::default();
        config.preset = preset;
        let (headers, _) = answer(config, false, &[]).await;
        assert!(!headers.contains_key("strict-transport-security"), "{preset:?}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("upgrade-insecure-requests"), "{policy}");
        assert!(policy.contains("script-src 'self'"), "{policy}");
    }
}

#[tokio::test]
async fn a_request_of_unknown_connection_counts_as_plain_http() {
    let service = HeaderLayer::new(Config::default())
        .unwrap()
        .layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    let answer = service.oneshot(Request::new(Body::empty())).await.unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"));
    assert_eq!(answer.headers()["x-frame-options"], "DENY");
}

#[tokio::test]
async fn what_trusted_proxies_say_of_the_scheme_counts() {
    let client = |scheme| Client { address: [192, 0, 2, 1].into(), scheme, host: None };
    for (scheme, tls, is_sent) in [(Scheme::Https, false, true), (Scheme::Http, true, false)] {
        let service =
            HeaderLayer::new(Config::default()).unwrap().layer(service_fn(|_: Request<Body>| async {
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }));
        let request = Request::get("/")
            .extension(Connection { tls, ..Connection::UNKNOWN })
            .extension(client(scheme))
            .body(Body::empty());
        let answer = service.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.headers().contains_key("strict-transport-security"), is_sent, "{scheme:?}");
    }
}

#[tokio::test]
async fn refusals_carry_security_headers() {
    let service = HeaderLayer::new(Config::default()).unwrap().layer(service_fn(|_: Request<Body>| async {
        let refusal = Refusal::new(StatusCode::FORBIDDEN, &portcullis_rules::header::FRAME_MISSING, "a test");
        Ok::<_, Infallible>(refusal.into_response::<Body>())
    }));
    let answer = service.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["x-frame-options"], "DENY");
    assert!(answer.headers().contains_key("content-security-policy"));
}

#[tokio::test]
async fn what_the_application_says_stays() {
    let app = [
        ("content-security-policy", "default-src 'self' https://cdn.example.com"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "cross-origin"),
    ];
    let (headers, _) = answer(Config::default(), true, &app).await;
    for (name, value) in app {
        assert_eq!(headers[name], value);
        assert_eq!(headers.get_all(name).iter().count(), 1, "{name}");
    }
    assert_eq!(headers["x-frame-options"], "DENY");
}

#[tokio::test]
async fn replace_takes_what_it_names_and_all_takes_everything() {
    let app = [("content-security-policy", "default-src *"), ("x-frame-options", "SAMEORIGIN")];
    let (named, _) = answer(parse(r#"replace = ["Content-Security-Policy"]"#), true, &app).await;
    assert!(named["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(named["x-frame-options"], "SAMEORIGIN");

    let (all, _) = answer(parse(r#"replace = "all""#), true, &app).await;
    assert!(all["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(all["x-frame-options"], "DENY");
}

#[tokio::test]
async fn products_are_not_named() {
    let app = [
        ("server", "Apache/2.4.1"),
        ("via", "1.1 varnish (Varnish/5.2)"),
        ("x-powered-by", "Express"),
        ("x-aspnet-version", "4.0"),
        ("x-generator", "Drupal 7"),
        ("x-product", "mine"),
        ("etag", "\"1\""),
    ];
    let (headers, _) = answer(parse(r#"remove = ["X-Product"]"#), true, &app).await;
    for name in ["server", "via", "x-powered-by", "x-aspnet-version", "x-generator", "x-product"] {
        assert!(!headers.contains_key(name), "{name}");
    }
    assert_eq!(headers["etag"], "\"1\"");

    let (headers, _) = answer(parse(r#"x_powered_by = { off = "a test" }"#), true, &app).await;
    assert_eq!(headers["x-powered-by"], "Express");
    assert!(!headers.contains_key("server"));
}

#[tokio::test]
async fn xss_filter_and_key_pins_of_the_application_are_undone() {
    let app = [("x-xss-protection", "1; mode=block"), ("public-key-pins", "pin-sha256=\"A\"; max-age=1")];
    for text in ["", "preset = \"helmet\"", "mode = \"report\""] {
        let (headers, _) = answer(parse(text), true, &app).await;
        assert_eq!(headers["x-xss-protection"], "0", "{text}");
        assert!(!headers.contains_key("public-key-pins"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_with_a_cookie_stays_out_of_shared_caches() {
    let cases = [
        (None, "no-store"),
        (Some("public, max-age=3600"), "no-store"),
        (Some("no-cache"), "no-store"),
        (Some("private=\"set-cookie\""), "no-store"),
        (Some("not-private"), "no-store"),
        (Some("max-age=60 ,PRIVATE"), "max-age=60 ,PRIVATE"),
        (Some("No-Store"), "No-Store"),
    ];
    for (app, expected) in cases {
        let mut fields = vec![("set-cookie", "id=1")];
        fields.extend(app.map(|value| ("cache-control", value)));
        let (headers, _) = answer(Config::default(), true, &fields).await;
        assert_eq!(headers["cache-control"], expected, "{app:?}");
    }
    let (headers, _) = answer(Config::default(), true, &[("cache-control", "public, max-age=3600")]).await;
    assert_eq!(headers["cache-control"], "public, max-age=3600");
    let (headers, _) = answer(Config::default(), true, &[]).await;
    assert!(!headers.contains_key("cache-control"));
}

#[tokio::test]
async fn report_mode_sends_nothing_that_a_page_could_notice() {
    // `replace` is what the same file says in enforce mode.
    let config =
        parse("mode = \"report\"\nreplace = \"all\"\ncross_origin_embedder_policy = \"require-corp\"");
    let app = [("server", "x"), ("set-cookie", "id=1"), ("referrer-policy", "same-origin")];
    let (headers, _) = answer(config, true, &app).await;
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "content-security-policy-report-only",
            "cross-origin-embedder-policy-report-only",
            "cross-origin-opener-policy-report-only",
            "permissions-policy-report-only",
            "referrer-policy",
            "set-cookie",
            "x-dns-prefetch-control",
            "x-download-options",
            "x-permitted-cross-domain-policies",
            "x-xss-protection",
        ]
    );
    assert_eq!(headers["referrer-policy"], "same-origin");
}

#[tokio::test]
async fn report_mode_accepts_what_enforce_mode_accepts() {
    let text = "replace = [\"X-Frame-Options\", \"Strict-Transport-Security\"]";
    HeaderLayer::new(parse(text)).unwrap();
    let mut config = parse(text);
    config.mode = Mode::Report;
    HeaderLayer::new(config).unwrap();
}

#[tokio::test]
async fn each_answer_has_a_nonce_of_its_own() {
    let mut config = Config::default();
    config.content_security_policy.directives = Directives::new()
        .with(Directive::ScriptSrc, [Source::SelfOrigin, Source::Nonce])
        .with(Directive::StyleSrc, [Source::Nonce]);
    let (first, one) = answer(config.clone(), true, &[]).await;
    let (_, other) = answer(config.clone(), true, &[]).await;
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.as_str(), other.as_str());
    assert_eq!(one.as_str().len(), 24, "16 bytes in base64");
    let policy = first["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains(&format!("script-src 'self' 'nonce-{one}';style-src 'nonce-{one}';")),
        "{policy}"
    );

    let (_, unasked) = answer(Config::default(), true, &[]).await;
    assert!(unasked.is_none(), "no policy asks for one");
    let (plain, nonce) = answer(config, false, &[]).await;
    assert!(plain["content-security-policy"].to_str().unwrap().contains(nonce.unwrap().as_str()));
}

#[tokio::test]
async fn report_only_and_its_endpoint_are_sent() {
    let config = parse(
        r#"
        reporting_endpoints = { violations = "https://reports.example.com/csp" }
        [content_security_policy]
        report_only = true
        directives = { report-to = ["violations"] }
        "#,
    );
    let (headers, _) = answer(config, true, &[]).await;
    assert!(!headers.contains_key("content-security-policy"));
    assert!(
        headers["content-security-policy-report-only"].to_str().unwrap().ends_with(";report-to violations")
    );
    assert_eq!(headers["reporting-endpoints"], "violations=\"https://reports.example.com/csp\"");
}

#[tokio::test]
async fn a_directive_that_is_overridden_keeps_its_place() {
    let config = parse(
        r#"
        [content_security_policy]
        remove = ["media-src", "manifest-src", "worker-src", "frame-src"]
        directives = { img-src = "* data:", sandbox = [], object-src = ["'none'"] }
        "#,
    );
    let (headers, _) = answer(config, true, &[]).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("style-src 'self';img-src * data:;font-src 'self';connect-src 'self';form-action")
    );
    let (_, added) = policy.split_once("upgrade-insecure-requests;").unwrap();
    assert!(added == "sandbox;object-src 'none'" || added == "object-src 'none';sandbox", "{added}");
}

#[tokio::test]
async fn permissions_are_given_by_name() {
    let text = r#"permissions_policy = { features = { camera = ["self", "https://meet.example.com"], usb = ["*"],
        fullscreen = [] } }"#;
    let (headers, _) = answer(parse(text), true, &[]).await;
    let policy = headers["permissions-policy"].to_str().unwrap();
    assert!(
        policy.contains("browsing-topics=(), camera=(self \"https://meet.example.com\"), display-capture=()")
    );
    assert!(policy.contains("serial=(), usb=*, xr-spatial-tracking=(), fullscreen=()"), "{policy}");
}
