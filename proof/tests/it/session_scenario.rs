//! Runs a scenario of the session vectors: requests one after another, with a frozen clock, an application that does what
//! the case says, and a store whose calls are written down.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use portcullis::{
    Connection,
    client::{self, ClientLayer, TrustProxy},
    cookie::SameSite,
    secret::Secrets,
    session::{
        Config, CookieConfig, Proxy, SameSitePolicy, Secure, Session, SessionError, SessionLayer, Unset,
        store::{Expected, Expiry, Owner, Store, StoreFuture, Write, Written},
    },
};
use serde_json::{Value, json};
use tower_layer::Layer;
use tower_service::Service;

/// What a scenario's last request left, for what only one store can show.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) calls: Vec<[String; 2]>,
    /// Ends that were moved by a touch.
    pub(crate) touched: Vec<(String, Option<SystemTime>)>,
}

/// The clock of the case, for the store as well.
pub(crate) type Clock = Arc<Mutex<SystemTime>>;

/// Runs every request of a case on a store. `before` and `after` see each request of the case.
pub(crate) async fn run(
    case: &Value,
    store: Arc<dyn Store>,
    clock: &Clock,
    before: impl AsyncFn(&Value),
    after: impl AsyncFn(&Value, &Outcome) -> Result<(), String>,
) -> Result<(), String> {
    let seen = Arc::new(Mutex::new(Outcome::default()));
    let recording = Recording { inner: Arc::clone(&store), seen: Arc::clone(&seen) };
    let layer = match layer(case, Arc::new(recording), clock) {
        Ok(layer) => layer,
        Err(error) => {
            // What express-session refuses when it is made or at the first request, ours refuses when it is made.
            let refused = case["expect"]["constructor_error"].is_string()
                || case["requests"][0]["expect"]["body"]["error"] == "secret option required for sessions";
            return if refused { Ok(()) } else { Err(format!("refused: {error}")) };
        }
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
    let mut app = client.layer(layer.layer(Application { store, clock: Arc::clone(clock) }));

    for (position, step) in case["requests"].as_array().unwrap().iter().enumerate() {
        *clock.lock().unwrap() =
            SystemTime::UNIX_EPOCH + Duration::from_millis(step["clock_ms"].as_u64().unwrap());
        before(step).await;
        let response = app.call(request(step)).await.unwrap();
        let outcome = std::mem::take(&mut *seen.lock().unwrap());
        check(step, response, &outcome).await.map_err(|error| format!("request {position}: {error}"))?;
        after(step, &outcome).await.map_err(|error| format!("request {position}: {error}"))?;
    }
    Ok(())
}

async fn check(step: &Value, response: Response<Full<Bytes>>, outcome: &Outcome) -> Result<(), String> {
    let expect = &step["expect"];
    same("status", &json!(response.status().as_u16()), &expect["status"])?;
    let cookies: Vec<&str> =
        response.headers().get_all(header::SET_COOKIE).iter().map(|field| field.to_str().unwrap()).collect();
    let (cookies, calls) = (json!(cookies), json!(outcome.calls));
    let (cookies, calls) = match outcome.calls.last() {
        // Where the default generator made the id, the vectors put a place holder.
        Some([_, id]) if expect["store_calls"].to_string().contains("<SID>") => {
            if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            {
                return Err(format!("the id is `{id}`"));
            }
            let cookie = cookies[0].as_str().unwrap_or_default();
            let (value, attributes) = cookie.split_once(';').unwrap_or_default();
            let (front, _) = value.rsplit_once('.').unwrap_or_default();
            (json!([format!("{}.<SIG>;{attributes}", front.replace(id, "<SID>"))]), json!([["set", "<SID>"]]))
        }
        _ => (cookies, calls),
    };
    same("set_cookie", &cookies, &expect["set_cookie"])?;
    same("store_calls", &calls, &expect["store_calls"])?;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR && expect["body"].is_array() {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        same("body", &serde_json::from_slice(&body).unwrap(), &expect["body"])?;
    }
    Ok(())
}

pub(crate) fn same(what: &str, got: &Value, right: &Value) -> Result<(), String> {
    if got == right { Ok(()) } else { Err(format!("{what} is {got} instead of {right}")) }
}

fn request(step: &Value) -> Request<Full<Bytes>> {
    let (method, path) =
        (step["request"]["method"].as_str().unwrap(), step["request"]["path"].as_str().unwrap());
    let mut request =
        Request::builder().method(method).uri(path).extension(step.clone()).extension(Connection {
            peer: "127.0.0.1:50000".parse().unwrap(),
            local: "127.0.0.1:80".parse().unwrap(),
            tls: false,
        });
    for (name, value) in step["request"]["headers"].as_object().unwrap() {
        // Node gives the bytes of a field as ISO-8859-1.
        let bytes: Vec<u8> = value.as_str().unwrap().chars().map(|char| char as u8).collect();
        request = request.header(name, bytes);
    }
    request.body(Full::default()).unwrap()
}

/// The layer as the options of the package say.
fn layer(case: &Value, store: Arc<dyn Store>, clock: &Clock) -> Result<SessionLayer, String> {
    let options = &case["options"];
    let secrets: Vec<String> = match &options["secret"] {
        Value::String(secret) => vec![secret.clone()],
        Value::Array(secrets) => secrets.iter().map(|secret| secret.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    };
    let secrets = Secrets::dangerous_weak(secrets).map_err(|error| error.to_string())?;
    let mut config = Config::express_session();
    config.resave = options["resave"].as_bool().unwrap_or(true);
    config.save_uninitialized = options["saveUninitialized"].as_bool().unwrap_or(true);
    config.rolling = options["rolling"].as_bool().unwrap_or(false);
    if let Some(name) = options["name"].as_str().or(options["key"].as_str()) {
        config.name = name.into();
    }
    config.unset = if options["unset"] == "destroy" { Unset::Destroy } else { Unset::Keep };
    config.proxy = match options["proxy"].as_bool() {
        None => Proxy::Client,
        Some(false) => Proxy::Connection,
        Some(true) => Proxy::DangerousForwardedProto,
    };
    let by_path = options["cookie"]["$fn"] == "cookieByPath";
    if !by_path {
        config.cookie = cookie(&options["cookie"])?;
    }
    let ids = Mutex::new(0_u32);
    let clock = Arc::clone(clock);
    let mut layer = SessionLayer::new(config, &secrets, store)
        .map_err(|error| error.to_string())?
        .with_clock(move || *clock.lock().unwrap());
    if by_path {
        layer = layer.with_cookie_for(|head| {
            let long = head.uri.path().starts_with("/long");
            cookie(&json!({ "maxAge": if long { 86_400_000 } else { 60_000 } })).unwrap()
        });
    }
    if case["default_id_generator"] != true {
        layer = layer.with_id_generator(move |_| {
            let mut ids = ids.lock().unwrap();
            *ids += 1;
            format!("sid-{:04}", *ids)
        });
    }
    Ok(layer)
}

fn cookie(options: &Value) -> Result<CookieConfig, String> {
    let text = |name: &str| options[name].as_str();
    let mut cookie = Config::express_session().cookie;
    if let Some(path) = text("path") {
        cookie.path = path.into();
    }
    cookie.domain = text("domain").map(str::to_owned);
    cookie.secure = match &options["secure"] {
        Value::Bool(true) => Secure::Always,
        Value::Bool(false) => Secure::Never,
        Value::String(auto) if auto == "auto" => Secure::Auto,
        _ => Secure::Unset,
    };
    cookie.http_only = options["httpOnly"].as_bool().unwrap_or(true);
    cookie.same_site = match &options["sameSite"] {
        Value::Bool(true) => SameSitePolicy::True,
        Value::Bool(false) => SameSitePolicy::False,
        Value::String(auto) if auto == "auto" => SameSitePolicy::Auto,
        Value::String(text) => {
            SameSitePolicy::Is(text.parse::<SameSite>().map_err(|error| error.to_string())?)
        }
        _ => SameSitePolicy::Unset,
    };
    cookie.max_age = options["maxAge"].as_u64().map(Duration::from_millis);
    cookie.expires = options["expires"]["$date_ms"]
        .as_u64()
        .map(|milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds));
    cookie.partitioned = options["partitioned"] == true;
    cookie.priority = text("priority").map(str::parse).transpose().map_err(|error| format!("{error}"))?;
    Ok(cookie)
}

/// Does what the case's `handler_ops` say.
#[derive(Clone)]
struct Application {
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Service<Request<Full<Bytes>>> for Application {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let step: Value = request.extensions().get().cloned().unwrap();
        let session = request.extensions().get::<Session>().cloned();
        let this = self.clone();
        Box::pin(async move {
            let (status, body) = match this.perform(&step["handler_ops"], session.as_ref()).await {
                Ok(results) => (200, json!(results).to_string()),
                Err(error) => (500, error.to_string()),
            };
            let status = step["handler_status"].as_u64().unwrap_or(status);
            let mut response = Response::new(Full::from(body));
            *response.status_mut() = StatusCode::from_u16(u16::try_from(status).unwrap()).unwrap();
            if let Some(target) = step["handler_redirect"].as_str() {
                *response.status_mut() = StatusCode::FOUND;
                response.headers_mut().insert(header::LOCATION, target.parse().unwrap());
            }
            for cookie in step["response_set_cookie_before"].as_array().into_iter().flatten() {
                response.headers_mut().append(header::SET_COOKIE, cookie.as_str().unwrap().parse().unwrap());
            }
            Ok(response)
        })
    }
}

impl Application {
    async fn perform(
        &self,
        operations: &Value,
        session: Option<&Session>,
    ) -> Result<Vec<Value>, SessionError> {
        let mut results = Vec::new();
        for operation in operations.as_array().unwrap() {
            let name = operation[0].as_str().unwrap();
            let Some(session) = session else {
                results.push(json!({ "has_session": false }));
                continue;
            };
            let key = operation[1].as_str().unwrap_or_default();
            match name {
                "has" => results.push(json!({ "has_session": true })),
                "id" => {
                    let id = session.id().await?;
                    results.push(json!({ "id": id, "session_id": id }));
                }
                "get" => {
                    let value: Option<Value> = session.get(key).await?;
                    results.push(json!({ "get": key, "value": value }));
                }
                "set" => session.set(key, &operation[2]).await?,
                "delete" => session.remove(key).await?,
                "keys" => results.push(json!({ "keys": session.keys().await? })),
                "regenerate" => {
                    session.regenerate().await?;
                    results.push(json!({ "regenerate": null, "id": session.id().await? }));
                }
                "destroy" => {
                    session.destroy().await?;
                    results.push(json!({ "destroy": null, "has_session": false }));
                }
                "unset" => session.unset().await?,
                "save" => {
                    session.save().await?;
                    results.push(json!({ "save": null }));
                }
                "reload" => match session.reload().await {
                    Ok(()) => results.push(json!({ "reload": null })),
                    Err(SessionError::Gone) => results.push(json!({ "reload": "failed to load session" })),
                    Err(error) => return Err(error),
                },
                "touch" => session.touch().await?,
                "cookie.maxAge=" => {
                    session.set_max_age(operation[1].as_u64().map(Duration::from_millis)).await?;
                }
                "cookie" => results.push(self.shown(session).await?),
                other => panic!("the runner does not know `{other}`"),
            }
        }
        Ok(results)
    }

    /// The session's cookie: its end as the handler sees it, the rest as it is stored.
    async fn shown(&self, session: &Session) -> Result<Value, SessionError> {
        let now = *self.clock.lock().unwrap();
        let left = session.ends().await?.map(|end| end.duration_since(now).unwrap_or_default().as_millis());
        let id = session.id().await?.unwrap_or_default();
        let record: Value =
            serde_json::from_str(&self.store.load(&id, now).await?.unwrap_or_default()).unwrap();
        let stored = |name: &str| record["cookie"][name].clone();
        let cookie = json!({
            "maxAge": left,
            "originalMaxAge": stored("originalMaxAge"),
            "secure": stored("secure"),
            "sameSite": stored("sameSite"),
        });
        Ok(json!({ "cookie": cookie }))
    }
}

/// A store whose calls are written down under the names that they have in Node.
struct Recording {
    inner: Arc<dyn Store>,
    seen: Arc<Mutex<Outcome>>,
}

impl Recording {
    fn note(&self, call: &str, id: &str) {
        self.seen.lock().unwrap().calls.push([call.to_owned(), id.to_owned()]);
    }
}

impl Store for Recording {
    fn load<'a>(&'a self, id: &'a str, now: SystemTime) -> StoreFuture<'a, Option<String>> {
        self.note("get", id);
        self.inner.load(id, now)
    }

    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written> {
        assert_eq!(write.expected, Expected::Anything, "express-session's last write wins");
        self.note("set", write.id);
        self.inner.write(write)
    }

    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()> {
        self.note("touch", id);
        self.seen.lock().unwrap().touched.push((id.to_owned(), expiry.at));
        self.inner.touch(id, expiry)
    }

    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        self.note("destroy", id);
        self.inner.destroy(id)
    }

    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64> {
        self.inner.destroy_owned(owner)
    }
}
