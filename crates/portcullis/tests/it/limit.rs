//! What the limits promise, asked through their layers.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use portcullis::{
    Connection, Mode, Refusal, access,
    limit::{
        Algorithm, Clock, Timestamp,
        key::KeyBy,
        login::{self, LoginBody, LoginGuard, LoginLayer},
        rate::{Config, Policy, RateLayer},
        store::{self, MemoryStore, SharedStore, WhenAway},
    },
};
use tower::{Layer, Service, ServiceExt};

const START: Timestamp = Timestamp::from_micros(1_893_456_000_000_000);

fn memory() -> SharedStore {
    let memory = Arc::new(MemoryStore::new(10_000));
    SharedStore::new(Arc::<MemoryStore>::clone(&memory), WhenAway::Local, memory)
}

fn from(address: &str) -> Connection {
    let address: IpAddr = address.parse().unwrap();
    Connection { peer: (address, 4000).into(), ..Connection::UNKNOWN }
}

fn general(limit: u32) -> Config {
    let mut config = Config::default();
    config.general.limit = limit;
    config
}

/// How many of so many requests pass.
async fn passed(layer: &RateLayer, asks: usize, request: impl Fn() -> http::request::Builder) -> usize {
    let service =
        layer.layer(tower::service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) }));
    let mut passed = 0;
    for _ in 0..asks {
        let response = service.clone().oneshot(request().body(()).unwrap()).await.unwrap();
        passed += usize::from(response.status() == StatusCode::OK);
    }
    passed
}

#[tokio::test]
async fn an_address_has_its_limit_and_an_ipv6_network_has_one() {
    let layer = RateLayer::new(general(3)).unwrap();
    let get = |address: &'static str| move || Request::get("/").extension(from(address));
    assert_eq!(passed(&layer, 9, get("192.0.2.1")).await, 3);
    assert_eq!(passed(&layer, 9, get("::ffff:192.0.2.1")).await, 0);
    assert_eq!(passed(&layer, 9, get("192.0.2.2")).await, 3);
    assert_eq!(passed(&layer, 2, get("2001:db8:1:ab00::1")).await, 2);
    assert_eq!(passed(&layer, 9, get("2001:db8:1:abff::2")).await, 1);
    assert_eq!(passed(&layer, 9, get("2001:db8:1:ac00::1")).await, 3);
    // Nobody knows who asks: not everybody's counter.
    assert_eq!(passed(&layer, 9, || Request::get("/")).await, 9);
}

#[tokio::test]
async fn login_paths_have_less_in_every_spelling() {
    let layer = RateLayer::new(Config::default()).unwrap();
    let ask = |method: &'static str, path: &'static str| {
        move || Request::builder().method(method).uri(path).extension(from("192.0.2.1"))
    };
    assert_eq!(passed(&layer, 30, ask("GET", "/login")).await, 30);
    assert_eq!(passed(&layer, 10, ask("POST", "/login")).await, 10);
    assert_eq!(passed(&layer, 30, ask("POST", "/LOGIN;x=1")).await, 10);
    assert_eq!(passed(&layer, 30, ask("POST", "//x/%2e%2e/login/")).await, 0);
    for other in ["/loginx", "/sessions/7/messages"] {
        assert_eq!(passed(&layer, 30, ask("POST", other)).await, 30, "{other}");
    }
    let elsewhere = RateLayer::new(Config::default()).unwrap();
    assert_eq!(passed(&elsewhere, 15, ask("POST", "/login/password")).await, 15);
    assert_eq!(passed(&elsewhere, 15, ask("POST", "/Sessions/")).await, 5);
}

#[tokio::test]
async fn several_policies_must_all_have_room() {
    let mut config = general(5);
    let mut writes = Policy::default();
    writes.limit = 2;
    writes.name = Some("writes".to_owned());
    writes.only = vec![access::Rule::path("/api")];
    writes.skip = vec![access::Rule::path("/api/free")];
    config.policies = vec![writes];
    let layer = RateLayer::new(config).unwrap();
    let get = |path: &'static str| move || Request::get(path).extension(from("192.0.2.1"));
    assert_eq!(passed(&layer, 3, get("/api/x")).await, 2);
    // The third was refused by the second policy; the first had counted it.
    assert_eq!(passed(&layer, 9, get("/api/free")).await, 2);
}

#[tokio::test]
async fn a_cost_is_taken_at_once_and_failures_are_given_back() {
    let mut config = general(10);
    config.general.cost = 4;
    let layer = RateLayer::new(config).unwrap();
    let get = || Request::get("/").extension(from("192.0.2.1"));
    assert_eq!(passed(&layer, 9, get).await, 2);

    for algorithm in [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let mut config = general(2);
        config.general.skip_failed = true;
        config.general.algorithm = algorithm;
        let layer = RateLayer::new(config).unwrap();
        let failing = layer.layer(tower::service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::builder().status(404).body(()).unwrap())
        }));
        for _ in 0..9 {
            let answer = failing.clone().oneshot(get().body(()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{algorithm:?}");
        }
        assert_eq!(passed(&layer, 1, get).await, 1);
        assert_eq!(passed(&layer, 9, get).await, 1, "{algorithm:?}: what is refused gives nothing back");
    }
}

#[tokio::test]
async fn in_report_mode_everything_passes_and_nothing_is_said() {
    let mut config = general(1);
    config.mode = Mode::Report;
    let layer = RateLayer::new(config).unwrap();
    assert_eq!(passed(&layer, 9, || Request::get("/").extension(from("192.0.2.1"))).await, 9);
    let service =
        layer.layer(tower::service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) }));
    let answer =
        service.oneshot(Request::get("/").extension(from("192.0.2.1")).body(()).unwrap()).await.unwrap();
    assert!(answer.headers().is_empty());
}

#[test]
fn a_limit_by_what_the_client_writes_does_not_stand_alone() {
    let by = |by: KeyBy, general_off: bool| {
        let mut config = Config::default();
        config.general.off = general_off.then(|| "a test".to_owned());
        let mut policy = Policy::default();
        policy.by = by;
        config.policies = vec![policy];
        RateLayer::new(config).map(drop).map_err(|error| error.path().to_owned())
    };
    assert_eq!(by(KeyBy::Header("x-api-key".to_owned()), false), Ok(()));
    assert_eq!(by(KeyBy::Header("x-api-key".to_owned()), true), Err("general.off".to_owned()));
    assert_eq!(by(KeyBy::Cookie("sid".to_owned()), true), Err("general.off".to_owned()));
    for field in ["x-forwarded-for", "X-Real-IP", "forwarded", "cf-connecting-ip", "host"] {
        assert_eq!(
            by(KeyBy::Header(field.to_owned()), false),
            Err("policies[0].by.header".to_owned()),
            "{field}"
        );
    }
    let mut checklist = portcullis::checklist::Config::default();
    checklist.client.dangerous_trust_all = true;
    let errors = checklist.build().unwrap_err();
    assert_eq!(errors[0].path(), "client.dangerous_trust_all");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let read = |text: &str| -> Result<(), String> {
        let config: Config = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        RateLayer::new(config).map(drop).map_err(|error| error.path().to_owned())
    };
    assert_eq!(
        read("general = { limit = 100, window = \"1h\" }\nlogin = { off = \"no logins here\" }"),
        Ok(())
    );
    assert_eq!(
        read("policies = [{ limit = 5, by = { header = \"x-api-key\" }, algorithm = \"sliding-window\" }]"),
        Ok(())
    );
    for (text, path) in [
        ("general = { off = \" \" }", "general.off"),
        ("general = { limit = 5, burst = 6 }", "general.burst"),
        ("general = { limit = 5, cost = 6 }", "general.cost"),
        ("general = { window = \"0s\" }", "general.window"),
        ("login = { paths = [\"login\"] }", "login.paths[0]"),
        ("policies = [{ name = \"a b\" }]", "policies[0].name"),
        ("policies = [{ only = [{ methods = [\"post\"] }] }]", "policies[0].only[0].methods"),
        ("ipv6_prefix = 16", "ipv6_prefix"),
        ("status = 200", "status"),
        ("store = { max_keys = 1 }", "store.max_keys"),
        ("store = { when_away = \"closed\" }", "store.when_away"),
        ("store = { url_env = \"PORTCULLIS_NO_SUCH_VARIABLE\" }", "store.url_env"),
    ] {
        assert_eq!(read(text), Err(path.to_owned()), "{text}");
    }
    assert!(read("fields = \"draft-9\"").unwrap_err().contains("draft-9"));
}

fn login_layer(change: impl FnOnce(&mut login::Config)) -> LoginLayer {
    let mut config = login::Config::default();
    change(&mut config);
    LoginLayer::with_clock(&config, memory(), Clock::standing(START)).unwrap()
}

fn login_request(body: &[u8], media_type: &str) -> Request<Full<Bytes>> {
    Request::post("/login")
        .header("content-type", media_type)
        .extension(from("192.0.2.1"))
        .body(Full::new(Bytes::copy_from_slice(body)))
        .unwrap()
}

/// Answers 401 with the body that it was sent.
async fn echo(request: Request<LoginBody<Full<Bytes>>>) -> Result<Response<Bytes>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::builder().status(401).body(body).unwrap())
}

#[tokio::test]
async fn bodies_of_logins_go_on_byte_for_byte_and_doubtful_ones_do_not() {
    let service = login_layer(|config| config.burst.tries = 0).layer(tower::service_fn(echo));
    let ask = |body: &[u8], media_type: &str| service.clone().oneshot(login_request(body, media_type));
    for (body, media_type) in [
        (&b" {\"username\":\"a\"} \n"[..], "application/json"),
        (b"username=a&x=%zz", "application/x-www-form-urlencoded"),
        (b"\x00\xff", "application/octet-stream"),
        (b"", "application/json"),
    ] {
        let answer = ask(body, media_type).await.unwrap();
        assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::UNAUTHORIZED, body));
    }
    assert_eq!(ask(b"{", "application/json").await.unwrap().status(), StatusCode::BAD_REQUEST);
    let large = vec![b' '; 10_241];
    assert_eq!(ask(&large, "text/plain").await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_coded_login_has_a_name_too() {
    use std::io::Write;
    let layer = login_layer(|config| {
        config.burst.tries = 0;
        config.pair = login::Failures::new(2, Duration::from_secs(60), Duration::from_secs(60));
    });
    let service = layer.layer(tower::service_fn(echo));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"{\"username\":\"alice\"}").unwrap();
    let coded = encoder.finish().unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let mut request = login_request(&coded, "application/json");
        request.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        let answer = service.clone().oneshot(request).await.unwrap();
        statuses.push(answer.status().as_u16());
    }
    // The third goes beyond, and its answer is the refusal.
    assert_eq!(statuses, [401, 401, 429, 429]);
}

#[tokio::test]
async fn another_name_beside_it_hides_no_name() {
    let guarded = login_layer(|config| {
        config.burst.tries = 0;
        config.user = login::Failures::new(3, Duration::from_secs(60), Duration::from_secs(60));
    });
    let service = guarded.layer(tower::service_fn(echo));
    let mut reached = 0;
    for number in 0..20 {
        let body = format!("{{\"username\":\"victim\",\"email\":\"decoy-{number}\"}}");
        let mut request = login_request(body.as_bytes(), "application/json");
        request.extensions_mut().insert(from(&format!("192.0.2.{number}")));
        reached += usize::from(service.clone().oneshot(request).await.unwrap().status() == 401);
    }
    assert_eq!(reached, 3);
}

#[tokio::test]
async fn a_refused_login_never_reaches_the_application_and_says_no_more_than_it_must() {
    let mut service = login_layer(|_| ()).layer(tower::service_fn(echo));
    let mut last = None;
    for _ in 0..6 {
        last = Some(
            service.ready().await.unwrap().call(login_request(b"{}", "application/json")).await.unwrap(),
        );
    }
    let refused = last.unwrap();
    assert_eq!(
        (refused.status(), refused.headers()["retry-after"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "12")
    );
    assert!(refused.body().is_empty() && refused.extensions().get::<Refusal>().is_some());
}

#[test]
fn gates_that_count_together_need_one_secret() {
    let path =
        |config: &login::Config| LoginGuard::new(config).map(drop).map_err(|error| error.path().to_owned());
    assert_eq!(path(&login::Config::default()), Ok(()));
    let mut config = login::Config::default();
    config.secret_env = Some("PORTCULLIS_NO_SUCH_VARIABLE".to_owned());
    assert_eq!(path(&config), Err("secret_env".to_owned()));
    let mut config = login::Config::default();
    let directory = tempfile::tempdir().unwrap();
    let short = directory.path().join("secret");
    std::fs::write(&short, "short\n").unwrap();
    config.secret_file = Some(short);
    assert_eq!(path(&config), Err("secret_file".to_owned()));
    let url = directory.path().join("url");
    std::fs::write(&url, "redis://127.0.0.1:1\n").unwrap();
    let mut config = login::Config::default();
    config.store = store::Config::default();
    config.store.url_file = Some(url);
    let expected = if cfg!(feature = "redis") { "secret_env" } else { "store.url_env" };
    assert_eq!(path(&config), Err(expected.to_owned()));
}
