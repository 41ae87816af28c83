use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Version, header};

use super::{MatchedPath, admit, field::UpgradeRequest};

fn get(target: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut builder = Request::get(target);
    for (name, value) in fields {
        builder = builder.header(*name, *value);
    }
    builder.body(()).unwrap()
}

fn refused(request: Request<()>) -> (StatusCode, bool) {
    let refused = admit(request).unwrap_err();
    (refused.refusal.status, refused.refusal.close)
}

#[test]
fn doubtful_framing_is_refused_and_closes() {
    for fields in [
        &[("host", "a"), ("transfer-encoding", "chunked, identity")][..],
        &[("host", "a"), ("transfer-encoding", "identity, chunked")],
        &[("host", "a"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
        &[("host", "a"), ("transfer-encoding", "chunked"), ("content-length", "5")],
        &[("host", "a"), ("content-length", "+5")],
        &[("host", "a"), ("content-length", "5"), ("content-length", "5")],
        &[("host", "a"), ("content-length", "9999999999999999999")],
    ] {
        assert_eq!(refused(get("/", fields)), (StatusCode::BAD_REQUEST, true), "{fields:?}");
    }
}

#[test]
fn one_site_is_named_or_none() {
    for fields in [&[][..], &[("host", "a"), ("host", "b")], &[("host", "a@b")], &[("host", "a:x")]] {
        assert_eq!(refused(get("/", fields)).0, StatusCode::BAD_REQUEST, "{fields:?}");
    }
    assert_eq!(refused(get("http://a.example/", &[("host", "b.example")])).0, StatusCode::BAD_REQUEST);
    let absolute = admit(get("http://a.example/x?y", &[("host", "A.example")])).unwrap().into_inner();
    assert_eq!(absolute.uri(), "/x?y");
}

#[test]
fn tunnels_and_mirrors_are_not_allowed() {
    for method in ["CONNECT", "TRACE", "TRACK"] {
        let mut request = get("/", &[("host", "a")]);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(refused(request).0, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}

#[test]
fn nothing_of_the_connection_is_passed_on() {
    let fields = [
        ("host", "a"),
        ("connection", "keep-alive, X-Nominated"),
        ("keep-alive", "timeout=9"),
        ("proxy-connection", "x"),
        ("te", "trailers"),
        ("x-nominated", "1"),
        ("content_length", "5"),
        ("x-kept", "1"),
    ];
    let request = admit(get("/", &fields)).unwrap().into_inner();
    let names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["host", "x-kept"]);
}

#[test]
fn an_upgrade_is_one_protocol_and_never_h2c() {
    let upgrade = |protocol: &str| {
        let fields = [("host", "a"), ("connection", "Upgrade"), ("upgrade", protocol)];
        let request = admit(get("/", &fields)).unwrap().into_inner();
        request.extensions().get::<UpgradeRequest>().is_some()
    };
    assert!(upgrade("websocket"));
    assert!(!upgrade("h2c"));
    assert!(!upgrade("websocket, h2c"));
}

#[test]
fn cookie_crumbs_become_one_field() {
    let mut request = get("/", &[("host", "a"), ("cookie", "a=1"), ("cookie", "b=2")]);
    *request.version_mut() = Version::HTTP_2;
    let headers: HeaderMap = admit(request).unwrap().into_inner().headers().clone();
    assert_eq!(headers.get_all(header::COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=2"]);
}

#[test]
fn matching_reads_a_path_wider_than_it_is_forwarded() {
    let request = admit(get("/admin;v=1/x", &[("host", "a")])).unwrap().into_request();
    assert_eq!(request.uri().path(), "/admin;v=1/x");
    assert_eq!(MatchedPath::of(&request), "/admin/x");
}
