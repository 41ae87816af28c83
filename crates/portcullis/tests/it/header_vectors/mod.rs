//! helmet's golden vectors: what the real package sent, sent by the layer.
//!
//! A case's JavaScript options become the TOML section of the guard, as JSON text, and go through serde and
//! `HeaderLayer::new` as a file would. The service behind the layer answers as the Express application of the vectors.

mod differences;
mod helmet;
mod helmet_legacy;

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, Response, StatusCode},
};
use portcullis::{
    Connection,
    header::{Config, HeaderLayer, Nonce},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tower::{Layer, ServiceExt, service_fn};

use self::differences::{Difference, Ours};
use super::vectors;

#[tokio::test]
async fn vectors_helmet() {
    run("helmet.json", helmet::section, differences::HELMET).await;
}

#[tokio::test]
async fn vectors_helmet_legacy() {
    run("helmet-legacy.json", helmet_legacy::section, differences::HELMET_LEGACY).await;
}

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    library: String,
    function: Option<String>,
    options: Value,
    #[serde(default)]
    request: CaseRequest,
    expect: Expect,
}

#[derive(Deserialize, Default)]
struct CaseRequest {
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Expect {
    headers: Option<BTreeMap<String, String>>,
    constructor_error: Option<String>,
    next_error: Option<String>,
}

async fn run(file: &str, section: fn(&Case) -> Object, differences: &[Difference]) {
    let (mut ran, mut on_purpose, mut failures) = (0, 0, Vec::new());
    for case in vectors::cases(file) {
        let case = &serde_json::from_value::<Case>(case).unwrap();
        ran += 1;
        let difference = differences.iter().find(|difference| (difference.applies)(case));
        let ours = answer(case, &section(case)).await;
        on_purpose += usize::from(compare(case, None, &ours).is_err() && difference.is_some());
        if let Err(failure) = compare(case, difference, &ours) {
            failures.push(format!("{}: {failure}", case.name));
        }
    }
    #[expect(clippy::disallowed_macros, reason = "the count belongs to the test's output")]
    {
        println!("{file}: {ran} cases ran, {on_purpose} of them answered differently on purpose");
    }
    assert!(ran > 0, "no case in {file}");
    assert!(failures.is_empty(), "{} of {ran} failed:\n{}", failures.len(), failures.join("\n"));
}

/// Name in lower case, value.
type Headers = BTreeMap<String, String>;

/// The headers that the layer leaves, or the error of the configuration.
async fn answer(case: &Case, section: &Object) -> Result<Headers, String> {
    let config: Config = serde_json::from_str(&section.to_string()).map_err(|error| error.to_string())?;
    let layer = HeaderLayer::new(config).map_err(|error| error.to_string())?;
    let method = case.request.method.as_deref().unwrap_or("GET");
    let path = case.request.path.as_deref().unwrap_or("/");
    // helmet sends HSTS on any connection; here it takes TLS, so the vectors are run over TLS.
    let connection = Connection { tls: true, ..Connection::UNKNOWN };
    let mut request = Request::builder().method(method).uri(path).extension(connection);
    for (name, value) in &case.request.headers {
        request = request.header(name, value);
    }
    let answer =
        layer.layer(service_fn(express)).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let nonce = answer.extensions().get::<Nonce>().map(|nonce| nonce.as_str().to_owned());
    let nonces = nonce.zip(case.request.headers.get("x-test-nonce").cloned());
    Ok(comparable(answer.headers(), nonces.as_ref()))
}

/// The application of the vectors: X-Powered-By is on, GET / answers text, OPTIONS / says what there is, all else is
/// Express's own 404 page.
async fn express(request: Request<Body>) -> Result<Response<Body>, std::convert::Infallible> {
    let mut answer = Response::builder().header("X-Powered-By", "Express");
    let is_route = request.uri().path() == "/";
    if is_route && request.method() == Method::OPTIONS {
        answer = answer.header("Allow", "GET, HEAD");
    } else if !is_route || !matches!(*request.method(), Method::GET | Method::HEAD) {
        answer = answer
            .status(StatusCode::NOT_FOUND)
            .header("Content-Security-Policy", "default-src 'none'")
            .header("X-Content-Type-Options", "nosniff");
    }
    if let Some(nonce) = request.extensions().get::<Nonce>() {
        answer = answer.extension(*nonce);
    }
    Ok(answer.header("Content-Type", "text/html; charset=utf-8").body(Body::empty()).unwrap())
}

/// All fields but those that the vectors leave out. The random nonce is replaced by the case's, which is fixed.
fn comparable(headers: &HeaderMap, nonce: Option<&(String, String)>) -> Headers {
    const LEFT_OUT: [&str; 7] =
        ["content-type", "content-length", "date", "connection", "keep-alive", "etag", "transfer-encoding"];
    let mut fields = Headers::new();
    for (name, value) in headers {
        let mut value = value.to_str().unwrap().to_owned();
        if let Some((random, fixed)) = nonce {
            value = value.replace(random, fixed);
        }
        if !LEFT_OUT.contains(&name.as_str()) {
            assert!(fields.insert(name.as_str().to_owned(), value).is_none(), "{name} is sent twice");
        }
    }
    fields
}

fn compare(
    case: &Case,
    difference: Option<&Difference>,
    ours: &Result<Headers, String>,
) -> Result<(), String> {
    let refuses = match (&case.expect, difference.map(|difference| &difference.ours)) {
        (_, Some(Ours::Refuses)) => true,
        (Expect { constructor_error: None, next_error: None, .. }, _) => false,
        // What helmet finds out at the first request is found out at start.
        _ => true,
    };
    match (refuses, ours) {
        (true, Err(_)) => Ok(()),
        (true, Ok(headers)) => Err(format!("is no error; sends {headers:#?}")),
        (false, Err(error)) => Err(format!("is an error: {error}")),
        (false, Ok(headers)) => {
            let theirs =
                case.expect.headers.as_ref().ok_or("the case expects neither headers nor an error")?;
            let mut expected: Headers =
                theirs.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
            if let Some(Ours::Sends(name, value)) = difference.map(|difference| &difference.ours) {
                expected.insert((*name).to_owned(), (*value).to_owned());
            }
            if *headers == expected { Ok(()) } else { Err(format!("sends {headers:#?}\nnot {expected:#?}")) }
        }
    }
}

/// A JSON object as text, in which a name may stand twice: what a configuration file could hold.
#[derive(Default)]
struct Object(Vec<(String, String)>);

impl Object {
    #[expect(clippy::needless_pass_by_value, reason = "literals and borrows alike")]
    fn put(&mut self, name: impl Into<String>, value: impl ToString) {
        self.0.push((name.into(), value.to_string()));
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let members = self.0.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
        write!(f, "{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

/// `{ off = "..." }`
fn off() -> Value {
    serde_json::json!({ "off": "the case switches it off" })
}

fn members(options: &Value) -> impl Iterator<Item = (&str, &Value)> {
    options.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}
