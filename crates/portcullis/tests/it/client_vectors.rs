//! `trust proxy` against proxy-addr 2.0.8 and Express 5.

use std::net::{IpAddr, SocketAddr};

use http::{Request, Response};
use portcullis::{
    Connection,
    client::{Client, ClientLayer, Config, Trust, TrustProxy, forwarded},
};
use serde_json::Value;
use tower::{Layer, ServiceExt};

use crate::vectors;

#[test]
fn vectors_proxy_addr() {
    vectors::check("proxy-addr.json", |case| {
        let trust = match trust(&case["options"]["trust"]) {
            Ok(trust) => trust,
            Err(_) if case["expect"]["throws"].is_string() => return Ok(()),
            Err(error) => return Err(format!("the setting was refused: {error}")),
        };
        if let Some(error) = case["expect"]["throws"].as_str() {
            return Err(format!("the setting was taken, proxy-addr says {error}"));
        }
        let socket = case["request"]["socket_remote_address"].as_str().unwrap();
        let all = chain(&trust, socket, case["request"]["x_forwarded_for"].as_str());
        let expected = strings(&case["expect"]["all"]);
        let addr = case["expect"]["addr"].as_str().unwrap();
        if all != expected || all.last().is_none_or(|last| last != addr) {
            return Err(format!("got {all:?}, not {expected:?}"));
        }
        Ok(())
    });
}

#[test]
fn vectors_trust_proxy() {
    vectors::check("trust-proxy.json", |case| {
        let setting = &case["options"]["trust proxy"];
        let trust = match trust(setting) {
            Ok(trust) => trust,
            Err(_) if case["expect"]["setting_throws"].is_string() => return Ok(()),
            Err(error) => return Err(format!("the setting was refused: {error}")),
        };
        if let Some(error) = case["expect"]["setting_throws"].as_str() {
            return Err(format!("the setting was taken, Express says {error}"));
        }

        let request = &case["request"];
        let expect = &case["expect"];
        let from = request["from_address"].as_str().unwrap();
        let mut all = chain(&trust, from, header(request, "x-forwarded-for"));
        let ip = all.last().cloned().unwrap_or_default();
        all.remove(0);
        all.reverse();
        same("ip", &Value::from(ip), &expect["ip"])?;
        same("ips", &Value::from(all), &expect["ips"])?;

        let believed = trust.trusts(from.parse().ok(), 0);
        let field = |name| header(request, name).filter(|value| believed && !value.is_empty()).map(first);
        let protocol = field("x-forwarded-proto").unwrap_or("http");
        same("protocol", &protocol.into(), &expect["protocol"])?;
        same("secure", &(protocol == "https").into(), &expect["secure"])?;
        let host = field("x-forwarded-host").or(header(request, "host"));
        same("host", &host.into(), &expect["host"])?;
        same("hostname", &host.map(forwarded::hostname).into(), &expect["hostname"])?;

        the_guard_agrees(setting, request, expect)
    });
}

/// The guard itself, asked through its layer. It must say what Express says wherever that is an address and a scheme;
/// what Express takes over unread (`evil"><script>` for an address) must not become the client, and the scheme is
/// compared without regard to case.
fn the_guard_agrees(setting: &Value, request: &Value, expect: &Value) -> Result<(), String> {
    let peer: IpAddr = request["from_address"].as_str().unwrap().parse().unwrap();
    let mut config = Config::default();
    match setting {
        Value::Bool(true) => config.dangerous_trust_all = true,
        setting => config.trust_proxy = serde_json::from_value(setting.clone()).unwrap(),
    }
    let mut message =
        Request::get("/").extension(Connection { peer: SocketAddr::new(peer, 4000), ..Connection::UNKNOWN });
    for (name, value) in request["headers"].as_object().unwrap() {
        message = message.header(name, value.as_str().unwrap().trim_ascii());
    }
    let service =
        ClientLayer::new(config).unwrap().layer(tower::service_fn(|request: Request<()>| async move {
            Ok::<_, std::convert::Infallible>(Response::new(request.extensions().get::<Client>().cloned()))
        }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(service.oneshot(message.body(()).unwrap())).unwrap();
    let client = answer.into_body().expect("the guard left no Client");

    if let Some(address) = expect["ip"].as_str().and_then(|ip| ip.parse::<IpAddr>().ok()) {
        same(
            "guard: address",
            &client.address.to_string().into(),
            &address.to_canonical().to_string().into(),
        )?;
    }
    let scheme = expect["protocol"].as_str().unwrap_or_default().to_ascii_lowercase();
    if ["http", "https"].contains(&scheme.as_str()) {
        same("guard: scheme", &client.scheme.as_str().into(), &scheme.into())?;
    }
    same("guard: hostname", &client.hostname().into(), &expect["hostname"])
}

/// The vectors' `true` is our dangerous setting; a number is a hop count, everything else a list of addresses.
fn trust(setting: &Value) -> Result<Trust, String> {
    if setting == &Value::Bool(true) {
        return Ok(Trust::DANGEROUS_ALL);
    }
    let setting: TrustProxy = serde_json::from_value(setting.clone()).map_err(|error| error.to_string())?;
    Trust::parse(&setting).map_err(|error| error.to_string())
}

/// `proxyaddr.all`: the socket's address and the believed entries.
fn chain(trust: &Trust, socket: &str, forwarded_for: Option<&str>) -> Vec<String> {
    let entries = forwarded::entries(forwarded_for.unwrap_or_default().as_bytes());
    let believed = trust.believed(socket.parse().unwrap(), entries);
    let believed = believed.map(|entry| String::from_utf8(entry.to_vec()).unwrap());
    std::iter::once(socket.to_owned()).chain(believed).collect()
}

fn header<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    let headers = request["headers"].as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str()
}

fn first(value: &str) -> &str {
    std::str::from_utf8(forwarded::first(value.as_bytes())).unwrap()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

fn same(what: &str, got: &Value, expected: &Value) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: got {got}, not {expected}")) }
}
