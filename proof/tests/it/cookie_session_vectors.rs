//! The cookie-session vectors: what the npm package answered, request by request.
//!
//! What we do otherwise on purpose:
//!
//! - A session that no browser would keep is an error where it is put in. The package sends it, and it is lost.
//! - A path, domain, priority or `sameSite` that no cookie can carry does not build. The package sends no cookie.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use http::{Request, Response, header};
use portcullis::{
    Connection,
    client::{self, ClientLayer, TrustProxy},
    cookie::{Priority, SameSite},
    secret::Secrets,
    session::{
        Secure,
        cookie_session::{Config, CookieSession, CookieSessionError, CookieSessionLayer, Format},
    },
};
use serde_json::{Value, json};
use tower_layer::Layer;
use tower_service::Service;

use crate::{session_scenario::same, vectors};

#[test]
fn vectors_cookie_session() {
    vectors::check("cookie-session.json", |case| {
        let clock = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH));
        let time = Arc::clone(&clock);
        let layer = match layer(&case["options"]) {
            Ok(layer) => layer.with_clock(move || *time.lock().unwrap()),
            Err(_) if case["expect"]["constructor_error"].is_string() => return Ok(()),
            Err(_) if sends_nothing(case) => return Ok(()),
            Err(error) => return Err(error),
        };
        if case["expect"]["constructor_error"].is_string() {
            return Err("was built, and should have been refused".into());
        }
        let client = match case["app"]["trust_proxy"].as_u64() {
            Some(hops) => {
                let mut config = client::Config::default();
                config.trust_proxy = TrustProxy::Hops(u32::try_from(hops).unwrap());
                ClientLayer::new(config).unwrap()
            }
            None => ClientLayer::off(),
        };
        let mut app = client.layer(layer.layer(tower::service_fn(answer)));
        for (position, step) in case["requests"].as_array().unwrap().iter().enumerate() {
            *clock.lock().unwrap() =
                SystemTime::UNIX_EPOCH + Duration::from_millis(step["clock_ms"].as_u64().unwrap());
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let response = runtime.block_on(app.call(request(step))).unwrap();
            let expect = &step["expect"];
            let cookies: Vec<&str> = response
                .headers()
                .get_all(header::SET_COOKIE)
                .iter()
                .map(|field| field.to_str().unwrap())
                .collect();
            let body: Value = serde_json::from_str(response.body()).unwrap_or_default();
            if body == "too large" {
                let lost = expect["set_cookie"][0].as_str().is_some_and(|cookie| cookie.len() > 4093);
                return if lost { Ok(()) } else { Err("refused as too large".into()) };
            }
            let checked = same("set_cookie", &json!(cookies), &expect["set_cookie"]);
            checked
                .and_then(|()| same("body", &body, &expect["body"]))
                .map_err(|error| format!("request {position}: {error}"))?;
        }
        Ok(())
    });
}

fn sends_nothing(case: &Value) -> bool {
    let steps = case["requests"].as_array().into_iter().flatten();
    steps.into_iter().all(|step| step["expect"]["set_cookie"] == json!([]))
}

fn layer(options: &Value) -> Result<CookieSessionLayer, String> {
    let text = |name: &str| options[name].as_str();
    let secrets: Vec<&str> = match (&options["keys"], text("secret")) {
        (Value::Array(keys), _) => keys.iter().filter_map(Value::as_str).collect(),
        (_, secret) => secret.into_iter().collect(),
    };
    let mut config = Config::cookie_session();
    let secrets = if options["signed"] == false {
        config.format = Format::DangerousUnsigned;
        Secrets::dangerous_weak(["unused"])
    } else {
        Secrets::dangerous_weak(secrets)
    };
    let secrets = secrets.map_err(|error| error.to_string())?;
    if let Some(name) = text("name") {
        config.name = name.into();
    }
    if let Some(path) = text("path") {
        config.path = path.into();
    }
    config.domain = text("domain").map(str::to_owned);
    config.secure = match options["secure"].as_bool() {
        None => Secure::Auto,
        Some(true) => Secure::Always,
        Some(false) => Secure::Never,
    };
    config.http_only = options["httpOnly"].as_bool().unwrap_or(true);
    config.partitioned = options["partitioned"] == true;
    config.same_site = match &options["sameSite"] {
        Value::Bool(true) => Some(SameSite::Strict),
        Value::String(text) => Some(text.parse().map_err(|error| format!("{error}"))?),
        _ => None,
    };
    config.priority =
        text("priority").map(str::parse::<Priority>).transpose().map_err(|error| error.to_string())?;
    config.max_age = options["maxAge"].as_u64().filter(|age| *age > 0).map(Duration::from_millis);
    config.expires = options["expires"]["$date_ms"]
        .as_u64()
        .map(|milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds));
    CookieSessionLayer::new(config, &secrets).map_err(|error| error.to_string())
}

fn request(step: &Value) -> Request<()> {
    let any = "127.0.0.1:1".parse().unwrap();
    let mut request = Request::builder()
        .method(step["request"]["method"].as_str().unwrap())
        .uri(step["request"]["path"].as_str().unwrap())
        .extension(Connection { peer: any, local: any, tls: false })
        .extension(step.clone());
    for (name, value) in step["request"]["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.body(()).unwrap()
}

async fn answer(request: Request<()>) -> Result<Response<String>, Infallible> {
    let step: &Value = request.extensions().get().unwrap();
    let session: &CookieSession = request.extensions().get().unwrap();
    let body = match perform(&step["handler_ops"], session) {
        Ok(results) => json!(results),
        Err(CookieSessionError::TooLarge { .. }) => json!("too large"),
        Err(error) => json!(error.to_string()),
    };
    let mut response = Response::new(body.to_string());
    for cookie in step["response_set_cookie_before"].as_array().into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie.as_str().unwrap().parse().unwrap());
    }
    Ok(response)
}

fn perform(operations: &Value, session: &CookieSession) -> Result<Vec<Value>, CookieSessionError> {
    let mut results = Vec::new();
    for operation in operations.as_array().unwrap() {
        let key = operation[1].as_str().unwrap_or_default();
        match operation[0].as_str().unwrap() {
            "get" => results.push(json!({ "get": key, "value": session.get::<Value>(key)? })),
            "set" => session.set(key, &operation[2])?,
            "delete" => session.remove(key),
            "keys" => {
                let keys = session.keys();
                results.push(json!({
                    "isChanged": session.is_changed(),
                    "isNew": session.is_new(),
                    "isPopulated": !keys.is_empty(),
                    "keys": keys,
                }));
            }
            "unset" => session.destroy(),
            other => panic!("the runner does not know `{other}`"),
        }
    }
    Ok(results)
}
