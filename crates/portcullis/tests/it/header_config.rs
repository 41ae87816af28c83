//! The section `header`: each mistake in it is an error that says where it is and what would be right.

use portcullis::{
    ConfigError,
    header::{Config, Directive, Directives, HeaderLayer, Setting, Source},
};

/// The error of a configuration, at whichever of the two steps it is found.
fn error(text: &str) -> String {
    match toml::from_str::<Config>(text) {
        Err(error) => error.to_string(),
        Ok(config) => HeaderLayer::new(config).expect_err(text).to_string(),
    }
}

#[test]
fn errors_say_where_and_what_would_be_right() {
    let cases = [
        ("x_frame_options = \"ALLOW-FROM https://a.example\"", "frame-ancestors"),
        ("x_xss_protection = \"1\"", "x_xss_protection = \"1\": must be \"0\" (the filter"),
        ("public_key_pins = \"pin-sha256=...\"", "public_key_pins"),
        ("x_frame_option = \"DENY\"", "unknown field `x_frame_option`"),
        ("x_frame_options = false", "{ off = \"the reason\" }"),
        ("x_frame_options = { off = \" \" }", "x_frame_options.off = \"\": must be the reason"),
        ("x_powered_by = \"PHP\"", "x_powered_by"),
        ("replace = [\"X-Frame-Optins\"]", "replace = \"X-Frame-Optins\""),
        ("replace = \"some\"", "\"all\" or a list of header names"),
        ("remove = [\"a b\"]", "remove"),
        ("referrer_policy = \"none\"", "no-referrer"),
        ("referrer_policy = \"origin,origin\"", "without a second origin"),
        ("cache_control = \"no-store\"", "no-store-with-cookie"),
        ("strict_transport_security = { max_age = 1 }", "max_age_seconds"),
        ("strict_transport_security = { preload = true, max_age_seconds = 86400 }", "31536000"),
        ("strict_transport_security = { off = \"x\", preload = true }", "alone"),
        ("permissions_policy = { features = { camara = [] } }", "did you mean camera?"),
        ("permissions_policy = { features = { camera = [\"'self'\"] } }", "self without quotes"),
        (
            "permissions_policy = { features = { camera = [\"example.com\"] } }",
            "permissions_policy.features.camera",
        ),
        ("reporting_endpoints = { a = \"http://a.example\" }", "reporting_endpoints.a"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.contains(expected), "{text}\n{error}\nnot: {expected}");
    }
}

#[test]
fn malformed_policies_are_errors() {
    let cases = [
        ("script-src = [\"self\"]", "script-src = \"self\": must be quoted: 'self'"),
        ("script-src = [\"nonce-abc\"]", "quoted: 'nonce-abc'"),
        ("script-src = [\"sha256-abc\"]", "quoted: 'sha256-abc'"),
        ("script-src = [\"'sha256-abc'\"]", "32 bytes in base64"),
        ("script-src = [\"'nonce-abc'\"]", "'nonce-{random}'"),
        ("script-src = [\"'self'; img-src *\"]", "without ; and ,"),
        ("script-src = [\"a.example,b.example\"]", "without ; and ,"),
        ("script-src = [\"'slef'\"]", "did you mean 'self'?"),
        ("script-src = [\"'self\"]", "quotes on both sides"),
        ("script-src = [\"'none'\", \"'self'\"]", "alone"),
        ("script-src = [\"\"]", "an empty list"),
        ("script-src = [\"https\"]", "with a colon"),
        ("script-src = [\"https://a.example:99999\"]", "a source"),
        ("script-src = [\"https://exämple.com\"]", "Punycode"),
        (
            "script-source = [\"'self'\"]",
            "directives = \"script-source\": must be a directive of the standard",
        ),
        ("scriptsrc = [\"'self'\"]", "did you mean script-src?"),
        ("upgrade-insecure-requests = [\"1\"]", "takes no value"),
        ("report-to = []", "the name of one endpoint"),
        ("sandbox = [\"scripts\"]", "allow-scripts"),
        ("script-src = 1", "a list of values, or one string"),
    ];
    for (text, expected) in cases {
        let error = error(&format!("[content_security_policy.directives]\n{text}"));
        assert!(error.contains(expected), "{text}\n{error}\nnot: {expected}");
    }
}

#[test]
fn policies_that_contradict_themselves_are_errors() {
    let cases = [
        ("use_defaults = false", "must be given, or the header switched off"),
        ("remove = [\"default-src\"]", "dangerous_without_default_src = true"),
        ("use_defaults = false\ndirectives = { img-src = [] }", "dangerous_without_default_src = true"),
        ("remove = [\"img-src\"]\ndirectives = { img-src = [] }", "not both"),
        ("remove = [\"img-scr\"]", "did you mean img-src?"),
        ("off = \"\"", "the reason"),
        ("off = \"a test\"\nreport_only = true", "alone"),
    ];
    for (text, expected) in cases {
        let error = error(&format!("[content_security_policy]\n{text}"));
        assert!(error.starts_with("content_security_policy."), "{error}");
        assert!(error.contains(expected), "{text}\n{error}\nnot: {expected}");
    }
    let mut config = Config::default();
    config.content_security_policy.directives =
        Directives::new().with(Directive::ImgSrc, []).with(Directive::ImgSrc, [Source::SelfOrigin]);
    let error: ConfigError = HeaderLayer::new(config).unwrap_err();
    assert_eq!(error.path(), "content_security_policy.directives.img-src");
}

#[test]
fn what_is_switched_off_is_listed_with_its_reason() {
    let mut config: Config =
        toml::from_str("content_security_policy = { off = \"set by the application\" }").unwrap();
    config.origin_agent_cluster = Setting::off("shared document.domain");
    assert_eq!(
        config.switched_off(),
        [
            ("content_security_policy", "set by the application"),
            ("origin_agent_cluster", "shared document.domain")
        ]
    );
}
