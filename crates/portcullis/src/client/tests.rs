use std::net::SocketAddr;

use super::{chain::MAX_CHAIN, *};

fn guard(trust_proxy: &TrustProxy) -> ClientGuard {
    ClientGuard { trust: Trust::parse(trust_proxy).unwrap(), pass_from_trusted: Vec::new() }
}

fn loopback() -> ClientGuard {
    guard(&TrustProxy::Text("loopback".into()))
}

/// A request from 127.0.0.1 over plain HTTP after the guard's turn.
fn behind(guard: &ClientGuard, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::get("/").header("host", "shop.example:8443");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let peer = SocketAddr::from(([127, 0, 0, 1], 50000));
    let mut request = request.extension(Connection { peer, ..Connection::UNKNOWN }).body(()).unwrap();
    guard.request(&mut request).unwrap();
    request
}

fn client(request: &Request<()>) -> &Client {
    request.extensions().get().unwrap()
}

fn field<'a>(request: &'a Request<()>, name: &str) -> Vec<&'a str> {
    request.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

const FORGED: &[(&str, &str)] = &[
    ("x-forwarded-for", "6.6.6.6"),
    ("x-forwarded-for", "7.7.7.7"),
    ("x_forwarded_for", "6.6.6.6"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil.example"),
    ("forwarded", "for=6.6.6.6"),
    ("x-real-ip", "6.6.6.6"),
    ("x-original-url", "/admin"),
    ("proxy", "http://evil.example"),
];

#[test]
fn forged_fields_from_anybody_have_no_effect() {
    let request = behind(&guard(&TrustProxy::default()), FORGED);
    let client = client(&request);
    assert_eq!(client.address, IpAddr::from([127, 0, 0, 1]));
    assert!(!client.secure());
    assert_eq!(client.hostname(), Some("shop.example"));
    assert_eq!(field(&request, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(field(&request, "x-forwarded-proto"), ["http"]);
    assert_eq!(field(&request, "x-forwarded-host"), ["shop.example:8443"]);
    assert_eq!(request.headers().len(), 4, "{:?}", request.headers());
}

#[test]
fn a_trusted_proxy_is_believed_and_its_client_is_not() {
    let fields = [
        ("x-forwarded-for", "6.6.6.6, 203.0.113.7"),
        ("x-forwarded-for", "127.0.0.2"),
        ("x-forwarded-proto", "HTTPS, http"),
        ("x-forwarded-host", "www.example"),
        ("x-real-ip", "6.6.6.6"),
    ];
    let request = behind(&loopback(), &fields);
    assert_eq!(client(&request).address, IpAddr::from([203, 0, 113, 7]));
    assert!(client(&request).secure());
    assert_eq!(field(&request, "x-forwarded-for"), ["203.0.113.7, 127.0.0.2, 127.0.0.1"]);
    assert_eq!(field(&request, "x-forwarded-proto"), ["https"]);
    assert_eq!(field(&request, "x-forwarded-host"), ["www.example"]);
    assert!(field(&request, "x-real-ip").is_empty());
}

#[test]
fn what_is_no_address_never_becomes_the_client() {
    for (chain, address) in [
        ("unknown", "127.0.0.1"),
        ("evil\"><script>", "127.0.0.1"),
        ("6.6.6.6, unknown, 127.0.0.9", "127.0.0.9"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
    ] {
        let request = behind(&loopback(), &[("x-forwarded-for", chain)]);
        assert_eq!(client(&request).address.to_string(), address, "{chain}");
        assert!(field(&request, "x-forwarded-for").first().unwrap().starts_with(address), "{chain}");
    }
}

#[test]
fn a_bad_scheme_or_host_from_a_trusted_proxy_is_as_if_absent() {
    let request = behind(&loopback(), &[("x-forwarded-proto", "gopher"), ("x-forwarded-host", "a@b/c")]);
    assert_eq!(client(&request).scheme, Scheme::Http);
    assert_eq!(field(&request, "x-forwarded-host"), ["shop.example:8443"]);
}

#[test]
fn the_chain_is_bounded() {
    let chain = vec!["127.0.0.1"; 1000].join(",");
    let request = behind(&loopback(), &[("x-forwarded-for", &chain)]);
    assert_eq!(field(&request, "x-forwarded-for"), [vec!["127.0.0.1"; MAX_CHAIN].join(", ")]);
}

#[test]
fn the_longest_chain_of_the_longest_addresses_fits() {
    let address = "2001:1db8:1111:2222:3333:4444:5555:6666";
    let mut chain = Chain::ending_at(address.parse().unwrap());
    while chain.push(address.parse().unwrap()) {}
    assert_eq!(chain.to_value(), vec![address; MAX_CHAIN].join(", "));
}

#[test]
fn the_authority_of_the_target_goes_before_host() {
    let mut request =
        Request::get("https://real.example:444/").header("host", "other.example").body(()).unwrap();
    loopback().request(&mut request).unwrap();
    assert_eq!(client(&request).hostname(), Some("real.example"));
    assert_eq!(field(&request, "x-forwarded-host"), ["real.example:444"]);
}

#[test]
fn fields_are_passed_from_trusted_peers_only() {
    let config = |trust_proxy| Config {
        trust_proxy,
        pass_from_trusted: vec!["X-Forwarded-Client-Cert".into()],
        ..Config::default()
    };
    let guard = |trust: &str| ClientGuard {
        trust: Trust::parse(&TrustProxy::Text(trust.into())).unwrap(),
        pass_from_trusted: vec![passed_field("X-Forwarded-Client-Cert").unwrap()],
    };
    let certificate = [("x-forwarded-client-cert", "Hash=1")];
    assert_eq!(field(&behind(&guard("loopback"), &certificate), "x-forwarded-client-cert"), ["Hash=1"]);
    assert!(field(&behind(&guard("10.0.0.0/8"), &certificate), "x-forwarded-client-cert").is_empty());
    assert!(ClientLayer::new(config(TrustProxy::Hops(1))).is_ok());
    assert_eq!(ClientLayer::new(config(TrustProxy::default())).unwrap_err().path(), "pass_from_trusted");
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let pass = |name: &str| Config {
        trust_proxy: TrustProxy::Hops(1),
        pass_from_trusted: vec![name.into()],
        ..Config::default()
    };
    for name in ["x-forwarded-for", "accept", "not a name"] {
        assert_eq!(ClientLayer::new(pass(name)).unwrap_err().path(), "pass_from_trusted");
    }
    let both = Config { trust_proxy: TrustProxy::Hops(1), dangerous_trust_all: true, ..Config::default() };
    assert_eq!(ClientLayer::new(both).unwrap_err().path(), "dangerous_trust_all");
}
