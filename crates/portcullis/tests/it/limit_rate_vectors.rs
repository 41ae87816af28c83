//! Fixed windows against express-rate-limit 8.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response, StatusCode};
use portcullis::{
    Connection, Refusal,
    client::{self, ClientLayer, TrustProxy},
    limit::{
        Algorithm, Clock, Decision, Timestamp,
        fields::Draft,
        key,
        rate::{Config, Policy, RateLayer, Standings},
        store::{Charge, Count, MemoryStore, Reply, SharedStore, Store, StoreAway, WhenAway},
    },
};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, util::BoxCloneSyncService};

use crate::vectors;

type App = BoxCloneSyncService<Request<()>, Response<Option<Value>>, Infallible>;

/// A reason, and which cases it is for.
type Difference = (&'static str, fn(&Value) -> bool);

/// What we answer differently, and why. The body of a refusal is not compared at all: it is the `error` guard's.
const DIFFERENCES: [Difference; 3] = [
    ("a draft that nobody knows is an error at start", |case| {
        options(case).iter().any(|options| draft(&options["standardHeaders"]).is_none())
    }),
    ("what is no address has no key", |case| {
        case["function"] == "ipKeyGenerator"
            && case["request"]["ip"].as_str().unwrap().parse::<std::net::IpAddr>().is_err()
    }),
    ("a store that fails is 503, not 500: the service is unavailable, not broken", |case| {
        options(case)
            .iter()
            .any(|options| options["store"].is_object() && options["passOnStoreError"] != true)
    }),
];

#[test]
fn vectors_express_rate_limit() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    vectors::check("express-rate-limit.json", |case| match case["function"].as_str() {
        Some("ipKeyGenerator") => address_key(case),
        Some("partitionKey") => same(
            "pk",
            &key::partition(case["request"]["key"].as_str().unwrap()).into(),
            &case["expect"]["pk"],
        ),
        Some(other) => Err(format!("unknown function {other}")),
        None => runtime.block_on(requests(case)),
    });
}

fn differs(case: &Value) -> bool {
    DIFFERENCES.iter().any(|(_, is_meant)| is_meant(case))
}

fn address_key(case: &Value) -> Result<(), String> {
    if differs(case) {
        return Ok(());
    }
    let prefix = match &case["options"]["ipv6Subnet"] {
        Value::Bool(false) => 128,
        Value::Number(bits) => u8::try_from(bits.as_u64().unwrap()).unwrap(),
        _ => 56,
    };
    let address = case["request"]["ip"].as_str().unwrap().parse().unwrap();
    same("key", &key::of_address(address, prefix).into(), &case["expect"]["key"])
}

async fn requests(case: &Value) -> Result<(), String> {
    let requests = case["requests"].as_array().unwrap();
    let start = requests[0]["clock_ms"].as_u64().unwrap();
    let clock = Clock::standing(Timestamp::from_micros(start * 1000));
    let app = match app(case, &clock) {
        Ok(app) => app,
        Err(_) if differs(case) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut now = start;
    for (index, step) in requests.iter().enumerate() {
        let then = step["clock_ms"].as_u64().unwrap();
        clock.advance(Duration::from_millis(then - now));
        now = then;
        let answer = app.clone().oneshot(request(&step["request"])).await.unwrap();
        let compared = compare(case, &answer, &step["expect"]);
        compared.map_err(|error| format!("request {index}: {error}"))?;
    }
    Ok(())
}

fn options(case: &Value) -> Vec<&Value> {
    match &case["options"] {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

fn draft(standard_headers: &Value) -> Option<Draft> {
    match standard_headers {
        Value::Null | Value::Bool(false) => Some(Draft::None),
        Value::Bool(true) => Some(Draft::Six),
        name => serde_json::from_value(name.clone()).ok(),
    }
}

/// The limiters in their order around an application with the vectors' routes.
fn app(case: &Value, clock: &Clock) -> Result<App, String> {
    let routes = tower::service_fn(|request: Request<()>| async move {
        let standing = request.extensions().get::<Standings>().and_then(|standings| standings.0.last());
        let seen = standing.map(|standing| {
            json!({
                "limit": standing.limit, "used": standing.decision.used,
                "remaining": standing.decision.remaining, "key": standing.key
            })
        });
        let (status, body) = match request.uri().path() {
            "/fail" => (400, Value::from("fail")),
            "/created" => (201, Value::from("created")),
            _ => (200, json!({ "rateLimit": seen })),
        };
        Ok::<_, Infallible>(Response::builder().status(status).body(Some(body)).unwrap())
    });
    let mut app = BoxCloneSyncService::new(routes);
    for options in options(case).into_iter().rev() {
        app = limited(options, clock, app)?;
    }
    let mut config = client::Config::default();
    if let Some(hops) = case["app"]["trust_proxy"].as_u64() {
        config.trust_proxy = TrustProxy::Hops(u32::try_from(hops).unwrap());
    }
    Ok(BoxCloneSyncService::new(ClientLayer::new(config).unwrap().layer(app)))
}

fn limited(options: &Value, clock: &Clock, inner: App) -> Result<App, String> {
    let function = |name: &str| options[name]["$fn"].as_str();
    let mut policy = Policy::default();
    policy.algorithm = Algorithm::FixedWindow;
    policy.window = Duration::from_millis(options["windowMs"].as_u64().unwrap_or(60_000));
    let limit = options["limit"].as_u64().or(options["max"].as_u64()).unwrap_or(5);
    policy.limit = u32::try_from(limit).unwrap();
    policy.skip_failed = options["skipFailedRequests"] == true;
    policy.skip_successful = options["skipSuccessfulRequests"] == true;
    policy.name = options["identifier"].as_str().map(str::to_owned);
    let seconds = options["retryAfter"].as_u64().or(function("retryAfter").map(|_| 42));
    policy.retry_after = seconds.map(Duration::from_secs);

    let mut config = Config::default();
    config.general = policy;
    config.login.off = Some("a vector has one limiter".to_owned());
    config.fields = draft(&options["standardHeaders"]).ok_or("unknown draft")?;
    config.legacy_fields = options["legacyHeaders"] != false;
    config.status = options["statusCode"].as_u64().map_or(429, |status| u16::try_from(status).unwrap());
    config.ipv6_prefix = match &options["ipv6Subnet"] {
        Value::Bool(false) => 128,
        bits => bits.as_u64().map_or(56, |bits| u8::try_from(bits).unwrap()),
    };
    let memory = Arc::new(MemoryStore::new(1000));
    let when_away = if options["passOnStoreError"] == true { WhenAway::Open } else { WhenAway::Closed };
    let store = match function("store") {
        Some("brokenStore") => SharedStore::new(Arc::new(Broken), when_away, memory),
        Some(other) => return Err(format!("unknown store {other}")),
        None => SharedStore::new(Arc::<MemoryStore>::clone(&memory), when_away, memory),
    };
    let mut layer =
        RateLayer::with_store(config, store).map_err(|error| error.to_string())?.clock(clock.clone());
    let header = |head: &http::request::Parts, name: &str| {
        head.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    if function("keyGenerator").is_some() {
        layer = layer.key(move |head| header(head, "x-user").or(Some("anon".to_owned())));
    }
    if function("skip").is_some() {
        layer = layer.skip(|head| head.uri.path() == "/health");
    }
    if function("limit").is_some() {
        layer = layer
            .limit(move |head| Some(if header(head, "x-plan").as_deref() == Some("pro") { 10 } else { 1 }));
    }
    if function("requestWasSuccessful").is_some() {
        layer = layer.successful(|status| status == StatusCode::OK);
    }
    let has_handler = function("handler").is_some();
    let service = layer.layer(inner);
    // `handler` is what a program makes of a refusal: a layer of its own around the guard.
    let handled = tower::service_fn(move |request| {
        let service = service.clone();
        async move {
            let mut response = service.oneshot(request).await?;
            if has_handler && response.extensions().get::<Refusal>().is_some() {
                let standing = response.extensions().get::<Standings>().unwrap().0[0].clone();
                *response.status_mut() = StatusCode::IM_A_TEAPOT;
                let text = format!("teapot {} {}", standing.limit, standing.decision.used);
                *response.body_mut() = Some(text.into());
            }
            Ok::<_, Infallible>(response)
        }
    });
    Ok(BoxCloneSyncService::new(handled))
}

fn request(step: &Value) -> Request<()> {
    let mut request = Request::builder()
        .method(step["method"].as_str().unwrap())
        .uri(step["path"].as_str().unwrap())
        .extension(Connection { peer: "127.0.0.1:4000".parse().unwrap(), ..Connection::UNKNOWN });
    for (name, value) in step["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(()).unwrap()
}

/// Status and every field but those of the body; the body where it is not a refusal's.
fn compare(case: &Value, answer: &Response<Option<Value>>, expect: &Value) -> Result<(), String> {
    if differs(case) {
        return same("status", &answer.status().as_u16().into(), &503.into());
    }
    same("status", &answer.status().as_u16().into(), &expect["status"])?;
    let mut expected: Vec<(String, String)> = Vec::new();
    for (name, value) in expect["headers"].as_object().unwrap() {
        if name != "Content-Type" {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            expected
                .extend(values.iter().map(|v| (name.to_ascii_lowercase(), v.as_str().unwrap().to_owned())));
        }
    }
    let mut got: Vec<(String, String)> = answer
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    // Express writes the outer limiter's line first, this layer the inner one's; lists have no order between limits.
    got.sort();
    expected.sort();
    if got != expected {
        return Err(format!("got {got:?}, not {expected:?}"));
    }
    match answer.body() {
        Some(body) => same("body", body, &expect["body"]),
        None => Ok(()),
    }
}

fn same(what: &str, got: &Value, expected: &Value) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: got {got}, not {expected}")) }
}

/// A store that never answers.
#[derive(Debug)]
struct Broken;

fn down<'a, T>() -> Reply<'a, T> {
    Reply::now(Err(StoreAway { reason: "store down".to_owned() }))
}

impl Store for Broken {
    fn take<'a>(&'a self, _: &'a [Charge<'a>], _: Timestamp) -> Reply<'a, Vec<Decision>> {
        down()
    }

    fn take_all<'a>(&'a self, _: &'a [Charge<'a>], _: Timestamp) -> Reply<'a, Vec<Decision>> {
        down()
    }

    fn give_back<'a>(&'a self, _: &'a [Charge<'a>], _: Timestamp) -> Reply<'a, ()> {
        down()
    }

    fn read<'a>(&'a self, _: &'a str, _: Timestamp) -> Reply<'a, Option<Count>> {
        down()
    }

    fn write<'a>(&'a self, _: &'a str, _: Count, _: Timestamp) -> Reply<'a, ()> {
        down()
    }

    fn remove<'a>(&'a self, _: &'a [&'a str], _: Timestamp) -> Reply<'a, usize> {
        down()
    }
}
