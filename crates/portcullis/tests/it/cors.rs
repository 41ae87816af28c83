//! Sharing with other origins: what npm `cors` answers, and what is better.

use std::convert::Infallible;

use http::{HeaderMap, Request, Response, StatusCode};
use portcullis::{
    BoxError, Mode, Refusal,
    cors::{Allowed, Config, CorsLayer, Decision, Origin},
};
use serde_json::{Map, Value, json};
use tower::{Layer, ServiceExt, service_fn};

use crate::vectors;

/// What we do otherwise on purpose: credentials for anybody do not build. npm sends them with `*`, which browsers refuse, and
/// with whatever `Origin` asks, which they do not.
#[test]
fn vectors_cors() {
    vectors::check("cors.json", |case| {
        let options = &case["options"];
        let layer = match layer(options) {
            Ok(layer) => layer,
            Err(_)
                if options["credentials"] == true
                    && matches!(options["origin"], Value::Null | Value::Bool(true)) =>
            {
                return Ok(());
            }
            Err(_) if options["credentials"] == true && options["origin"] == "*" => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut request = Request::builder()
            .method(case["request"]["method"].as_str().unwrap())
            .uri(case["request"]["path"].as_str().unwrap());
        for (name, value) in case["request"]["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let set = case["response_headers_set_before_cors"].clone();
        let response = ask(layer, request.body(()).unwrap(), set);
        let expect = &case["expect"];
        let got = json!({
            "status": response.status().as_u16(),
            "reached_route": response.body() == "route",
            "headers": fields(response.headers()),
        });
        let right = json!({
            "status": expect["status"],
            "reached_route": expect["reached_route"],
            "headers": lower(&expect["headers"]),
        });
        if got == right { Ok(()) } else { Err(format!("{got} instead of {right}")) }
    });
}

#[allow(clippy::needless_pass_by_value, reason = "a layer and fields, made where they are asked for")]
fn ask(layer: CorsLayer, request: Request<()>, set: Value) -> Response<String> {
    let route = service_fn(move |_: Request<()>| {
        let mut response = Response::builder();
        for (name, value) in set.as_object().into_iter().flatten() {
            response = response.header(name, value.as_str().unwrap());
        }
        async { Ok::<_, Infallible>(response.body("route".to_owned()).unwrap()) }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(layer.layer(route).oneshot(request)).unwrap()
}

fn fields(headers: &HeaderMap) -> Value {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().into()))
        .collect::<Map<_, _>>()
        .into()
}

fn lower(headers: &Value) -> Value {
    headers
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// The layer as the options of the package say.
fn layer(options: &Value) -> Result<CorsLayer, String> {
    let mut config = Config::npm_cors();
    let list = |value: &Value| -> Option<Vec<String>> {
        match value {
            Value::String(text) => Some(text.split(',').map(str::to_owned).collect()),
            Value::Array(list) => Some(list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()),
            _ => None,
        }
    };
    if let Some(methods) = list(&options["methods"]) {
        config.methods = methods;
    }
    config.allowed_headers = list(&options["allowedHeaders"]).or_else(|| list(&options["headers"]));
    config.exposed_headers = list(&options["exposedHeaders"]).unwrap_or_default();
    config.credentials = options["credentials"] == true;
    let seconds =
        options["maxAge"].as_u64().or_else(|| options["maxAge"].as_str().and_then(|text| text.parse().ok()));
    config.max_age = seconds.map(std::time::Duration::from_secs);
    config.preflight_continue = options["preflightContinue"] == true;
    if let Some(status) = options["optionsSuccessStatus"].as_u64() {
        config.options_success_status = u16::try_from(status).unwrap();
    }
    let function = options["$fn"].as_str().or(options["origin"]["$fn"].as_str()).map(str::to_owned);
    config.origin = match &options["origin"] {
        _ if function.is_some() => Origin::Only(Vec::new()),
        Value::Null => Origin::Any,
        Value::Bool(true) => Origin::DangerousReflect,
        Value::Bool(false) => Origin::Nobody,
        Value::String(text) if text.is_empty() => Origin::Nobody,
        Value::String(text) if text == "*" => Origin::Any,
        Value::String(text) => Origin::Fixed(text.clone()),
        list if has_true(list) => Origin::DangerousReflect,
        list => Origin::Only(entries(list)),
    };
    let layer = CorsLayer::new(config).map_err(|error| error.to_string())?;
    let Some(function) = function else { return Ok(layer) };
    Ok(layer.with_origin(move |origin, uri| {
        let share = |yes| if yes { Decision::Share } else { Decision::Withhold };
        Ok(match function.as_str() {
            "originTrue" => Decision::Share,
            "delegateByPath" if uri.path() == "/open" => Decision::Share,
            "originAllowEven" if origin.is_some_and(|origin| origin.contains("even")) => Decision::Share,
            // The callback's `false` is an origin that is off, not one that is denied.
            "originFalse" | "originAllowEven" | "delegateByPath" => Decision::Off,
            "originString" => Decision::Fixed("https://fixed.example".parse()?),
            "originList" => share(
                origin.is_some_and(|origin| ["https://a.example", "https://b.example"].contains(&origin)),
            ),
            other => return Err(BoxError::from(other)),
        })
    }))
}

fn has_true(list: &Value) -> bool {
    match list {
        Value::Array(list) => list.iter().any(has_true),
        value => value == true,
    }
}

fn entries(value: &Value) -> Vec<Allowed> {
    match value {
        Value::Array(list) => list.iter().flat_map(entries).collect(),
        Value::String(text) => vec![Allowed::Exact(text.clone())],
        Value::Object(regex) => {
            let flags = if regex
                .get("flags")
                .is_some_and(|flags| flags.as_str().is_some_and(|flags| flags.contains('i')))
            {
                "(?i)"
            } else {
                ""
            };
            vec![Allowed::DangerousContains(format!("{flags}{}", regex["$regex"].as_str().unwrap()))]
        }
        _ => Vec::new(),
    }
}

fn only(origins: &[&str]) -> Config {
    let mut config = Config::default();
    config.origin = Origin::Only(origins.iter().map(|origin| Allowed::Exact((*origin).to_owned())).collect());
    config
}

fn request(method: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).header("host", "api.example");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

const APP: (&str, &str) = ("origin", "https://app.example");
const EVIL: (&str, &str) = ("origin", "https://evil.test");
const CARELESS: &str = "access-control-allow-origin";

fn careless() -> Value {
    json!({ CARELESS: "*", "access-control-allow-credentials": "true", "access-control-allow-headers": "x", "vary": "Accept" })
}

#[test]
fn what_the_application_says_is_replaced_where_we_say_who_may_read() {
    let mut config = only(&["https://app.example"]);
    config.credentials = true;
    let layer = CorsLayer::new(config).unwrap();
    let shared = ask(layer.clone(), request("GET", &[APP]), careless());
    assert_eq!(
        fields(shared.headers()),
        json!({ CARELESS: "https://app.example", "access-control-allow-credentials": "true", "vary": "Accept, Origin" })
    );
    let denied = ask(layer, request("GET", &[EVIL]), careless());
    assert_eq!(fields(denied.headers()), json!({ "vary": "Accept, Origin" }));
    assert_eq!(denied.body(), "route", "the browser withholds it; the request was carried out");
}

#[test]
fn by_default_the_application_says_and_what_is_unsafe_is_taken_out() {
    let layer = CorsLayer::new(Config::default()).unwrap();
    assert_eq!(
        fields(ask(layer.clone(), request("GET", &[EVIL]), careless()).headers()),
        json!({ "vary": "Accept" })
    );
    let options =
        ask(layer.clone(), request("OPTIONS", &[EVIL, ("access-control-request-method", "PUT")]), json!({}));
    assert_eq!(options.body(), "route", "preflights are the application's");
    for safe in [
        json!({ CARELESS: "*" }),
        json!({ CARELESS: "https://a.example", "access-control-allow-credentials": "true" }),
    ] {
        assert_eq!(fields(ask(layer.clone(), request("GET", &[EVIL]), safe.clone()).headers()), safe);
    }
    let mut config = Config::default();
    config.mode = Mode::Report;
    let report = CorsLayer::new(config).unwrap();
    assert_eq!(fields(ask(report, request("GET", &[EVIL]), careless()).headers()), careless());
}

#[test]
fn a_preflight_is_what_fetch_says_it_is() {
    let layer = CorsLayer::new(only(&["https://app.example"])).unwrap();
    let preflight = ("access-control-request-method", "PUT");
    let answer = ask(
        layer.clone(),
        request("OPTIONS", &[APP, preflight, ("access-control-request-headers", "x-a")]),
        json!({}),
    );
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-headers"], "x-a");
    assert_eq!(answer.headers()["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
    for not_one in [&[APP][..], &[preflight], &[]] {
        assert_eq!(ask(layer.clone(), request("OPTIONS", not_one), json!({})).body(), "route");
    }
    let denied = ask(layer, request("OPTIONS", &[EVIL, preflight]), json!({}));
    assert_eq!(denied.status(), StatusCode::NO_CONTENT);
    assert!(
        fields(denied.headers()).as_object().unwrap().keys().all(|name| !name.starts_with("access-control-"))
    );
}

#[test]
fn a_denied_origin_can_be_refused_before_it_does_anything() {
    let mut config = only(&["https://app.example"]);
    config.refuse_denied = true;
    let layer = CorsLayer::new(config).unwrap();
    for method in ["GET", "POST", "OPTIONS"] {
        let refused = ask(layer.clone(), request(method, &[EVIL]), json!({}));
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(refused.extensions().get::<Refusal>().is_some());
    }
    // The site's own form, and programs, are no other origin.
    for own in [&[("origin", "https://api.example")][..], &[], &[APP]] {
        assert_eq!(ask(layer.clone(), request("POST", own), json!({})).status(), StatusCode::OK);
    }
}

#[test]
fn a_private_network_is_opened_by_name_and_to_whom_is_let_in() {
    let asks = [("access-control-request-method", "GET"), ("access-control-request-private-network", "true")];
    let opens = |allow: bool, origin| {
        let mut config = only(&["https://app.example"]);
        config.allow_private_network = allow;
        let layer = CorsLayer::new(config).unwrap();
        let answer = ask(layer, request("OPTIONS", &[&[origin][..], &asks].concat()), json!({}));
        answer.headers().contains_key("access-control-allow-private-network")
    };
    assert!(opens(true, APP) && !opens(true, EVIL) && !opens(false, APP));
}

#[test]
fn patterns_match_whole_origins() {
    let mut config = Config::default();
    config.origin = Origin::Only(vec![Allowed::Pattern(r"https://[a-z]+\.example\.com".into())]);
    let layer = CorsLayer::new(config).unwrap();
    for (origin, lets_in) in [
        ("https://a.example.com", true),
        ("https://a.example.com.evil.test", false),
        ("https://evil.test/https://a.example.com", false),
        ("http://a.example.com", false),
        ("https://A.example.com", false),
        ("null", false),
    ] {
        let answer = ask(layer.clone(), request("GET", &[("origin", origin)]), json!({}));
        assert_eq!(answer.headers().contains_key(CARELESS), lets_in, "{origin}");
    }
}

#[test]
fn what_would_share_with_everybody_or_can_never_match_does_not_build() {
    let build = |text: &str| {
        let config: Result<Config, _> = toml::from_str(text);
        match config {
            Err(error) => error.message().to_owned(),
            Ok(config) => CorsLayer::new(config).err().map(|error| error.to_string()).unwrap_or_default(),
        }
    };
    for (text, says) in [
        ("origin = \"*\"\ncredentials = true", "credentials = true: must be absent where anybody may read"),
        ("origin = [\"null\"]", "origin[0] = \"null\": must be another origin"),
        ("origin = [\"*\"]", "origin[0] = \"*\""),
        (
            "origin = [\"https://a.example/\"]",
            "origin[0] = \"https://a.example/\": must be an origin as browsers",
        ),
        ("origin = [\"https://A.example\"]", "origin[0]"),
        ("origin = [\"https://a.example:443\"]", "origin[0]"),
        ("origin = [\"a.example\"]", "origin[0]"),
        ("origin = [{ pattern = \"(\" }]", "origin[0] = \"(\": must be a regular expression"),
        ("origin = []", "origin = []"),
        (
            "origin = \"https://a.example\"",
            "`https://a.example` is not \"app\", \"none\" or \"*\"; origins stand in a list",
        ),
        ("origin = 1", "must be \"app\""),
        ("credentials = true", "origin = \"app\": must be a list"),
        ("origin = \"*\"\nmethods = [\"G T\"]", "methods"),
        ("origin = \"*\"\nexposed_headers = [\"a b\"]", "exposed_headers"),
        ("origin = \"*\"\noptions_success_status = 404", "options_success_status"),
    ] {
        let error = build(text);
        assert!(error.starts_with(says), "{text}: {error}");
    }
    for right in [
        "origin = [\"https://a.example\", { pattern = \"https://[a-z]+\\\\.a\\\\.example\" }]\ncredentials = true\nmax_age = \"10m\"",
        "origin = [\"null\"]\ndangerous_null = true",
        "origin = [\"http://localhost:3000\"]",
        "origin = \"none\"",
        "",
    ] {
        assert_eq!(build(right), "", "{right}");
    }
}

#[test]
fn null_is_let_in_by_name_alone_whatever_a_pattern_matches() {
    for (by_name, lets_in) in [(false, false), (true, true)] {
        let mut config = Config::default();
        config.origin = Origin::Only(vec![Allowed::Pattern(".*".into())]);
        config.dangerous_null = by_name;
        let layer = CorsLayer::new(config).unwrap();
        let answer = ask(layer, request("GET", &[("origin", "null")]), json!({}));
        assert_eq!(answer.headers().contains_key(CARELESS), lets_in, "dangerous_null = {by_name}");
    }
    let mut config = Config::default();
    config.origin = Origin::Fixed("null".into());
    assert!(CorsLayer::new(config.clone()).is_err());
    config.dangerous_null = true;
    assert!(CorsLayer::new(config).is_ok());
}

#[test]
fn everybody_with_credentials_does_not_build_however_it_is_spelt() {
    for (origin, builds) in [
        (Origin::Fixed("*".into()), false),
        (Origin::Only(vec![Allowed::Pattern(".*".into())]), false),
        (Origin::Only(vec![Allowed::Pattern("https?://.+".into())]), false),
        (Origin::Only(vec![Allowed::Pattern("http://.+".into())]), false),
        (Origin::Only(vec![Allowed::DangerousContains(String::new())]), false),
        (Origin::Only(vec![Allowed::Pattern(r"https://.+\.example\.com".into())]), true),
        (Origin::Fixed("https://app.example".into()), true),
    ] {
        let mut config = Config::default();
        config.origin = origin.clone();
        config.credentials = true;
        assert_eq!(CorsLayer::new(config).is_ok(), builds, "{origin:?}");
    }
    let mut config = only(&["https://app.example"]);
    config.credentials = true;
    let says_star = CorsLayer::new(config).unwrap().with_origin(|_, _| Ok(Decision::Fixed("*".parse()?)));
    let answer = ask(says_star, request("GET", &[EVIL]), json!({}));
    assert_eq!(fields(answer.headers()), json!({ CARELESS: "*" }));
}
