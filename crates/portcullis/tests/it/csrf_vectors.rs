//! Tokens against csurf 1.11 (csrf 3.1) and csrf-csrf 4.0.3.
//!
//! Deliberate differences, by class:
//!
//! - csurf's "misconfigured csrf" for a cookie without cookie-parser: we read cookies ourselves, so there is nothing to
//!   misconfigure; the answer is that of a working setup.
//! - csurf's "misconfigured csrf" for a signed cookie without a secret: there is no such configuration to build.
//! - A cookie whose name begins with `__Host-` or `__Secure-` and whose attributes forbid it: csrf-csrf sends it and browsers
//!   drop it; ours is an error at start.
//! - The message of an error is that of Express's error handler; ours is a problem with the same status and code.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header::SET_COOKIE};
use portcullis::{
    ConfigError, Refusal,
    cookie::{NewCookie, SignatureKeys},
    csrf::{
        CsrfToken, HoldsSecret, Secret, SecretFuture, SessionSecret, TokenBinding, TokenConfig, TokenCookie,
        TokenLayer, TokenScheme,
        double_submit::{HmacAlgorithm, SignedTokens, TokenFormat},
        token,
        token_layer::HeldBody,
    },
    secret::Secrets,
};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::vectors;

#[test]
fn vectors_csurf() {
    vectors::check("csurf.json", |case| match case["function"].as_str().unwrap() {
        "verify" => {
            let (secret, token) = (case["request"]["secret"].as_str(), case["request"]["token"].as_str());
            // What is no text cannot be handed to us.
            let valid = secret.zip(token).is_some_and(|(secret, token)| {
                Secret::kept(secret).is_some_and(|secret| secret.verifies(token))
            });
            same("valid", &valid.into(), &case["expect"]["valid"])
        }
        "tokenize" => {
            let (secret, salt) =
                (case["request"]["secret"].as_str().unwrap(), case["request"]["salt"].as_str().unwrap());
            let made = token::create(secret, salt);
            same("verifies", &token::verify(secret, &made).into(), &case["expect"]["verifies"])?;
            same("token", &made.into(), &case["expect"]["token"])
        }
        "http" => csurf_answers(case),
        function => Err(format!("nothing is known of {function}")),
    });
}

#[test]
fn vectors_csrf_csrf() {
    vectors::check("csrf-csrf.json", csrf_csrf_answers);
}

/// A session that keeps its secret in memory.
#[derive(Default)]
struct Session(Mutex<Option<String>>);

impl HoldsSecret for Session {
    fn secret(&self) -> SecretFuture<'_, Option<String>> {
        Box::pin(async { Ok(self.0.lock().unwrap().clone()) })
    }

    fn keep<'a>(&'a self, secret: &'a str) -> SecretFuture<'a, ()> {
        *self.0.lock().unwrap() = Some(secret.to_owned());
        Box::pin(async { Ok(()) })
    }
}

fn csurf_answers(case: &Value) -> Result<(), String> {
    let (options, mode, expect) = (&case["options"], case["mode"].as_str().unwrap(), &case["expect"]);
    let has_cookie = options["cookie"] == true || options["cookie"].is_object();
    let scheme = if has_cookie { csurf_cookie(&options["cookie"], mode) } else { Some(TokenScheme::Session) };
    let Some(scheme) = scheme else {
        return same("a signed cookie without a secret: status", &500.into(), &expect["status"]);
    };
    let mut config = TokenConfig::new(scheme);
    config.dangerous_ignored_methods = methods(&options["ignoreMethods"]);

    let session =
        Arc::new(Session(Mutex::new(case["session_before"]["csrfSecret"].as_str().map(str::to_owned))));
    let mut request = request(case);
    // csurf looks for the session under `sessionKey`; here its type is the key.
    if mode == "session" && matches!(options["sessionKey"].as_str(), None | Some("session")) {
        request.extensions_mut().insert(SessionSecret(session.clone()));
    }
    let answer = answer(config, request, true).map_err(|error| error.to_string())?;

    if has_cookie && mode == "none" {
        assert_eq!(expect["body"]["message"], "misconfigured csrf");
        return same("a cookie without cookie-parser: status", &answer.status.into(), &200.into());
    }
    compare(&answer, expect)?;
    if let Some(length) = expect["session_after_has_secret_of_length"].as_u64() {
        same("secret", &session.0.lock().unwrap().as_ref().map(String::len).into(), &length.into())?;
    }
    if expect["issued_token_format"].is_string() {
        let issued = answer.token.ok_or("no token was issued")?;
        let (salt, hash) = issued.split_once('-').ok_or("a token without a dash")?;
        let is_right = salt.len() == 8
            && salt.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && hash.len() == 27
            && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_right {
            return Err(format!("token {issued}"));
        }
    }
    Ok(())
}

/// `None` where a secret to sign with is missing.
fn csurf_cookie(options: &Value, mode: &str) -> Option<TokenScheme> {
    let scheme = TokenScheme::dangerous_csurf_cookie();
    let TokenScheme::DangerousCookieSecret { mut cookie, signed: mut keys } = scheme else { unreachable!() };
    if let Some(key) = options["key"].as_str() {
        key.clone_into(&mut cookie.name);
    }
    set_attributes(&mut cookie.attributes, options, 1);
    if options["signed"] == true {
        keys = Some(SignatureKeys::new(&Secrets::dangerous_weak((mode == "signed").then_some("abc")).ok()?));
    }
    Some(TokenScheme::DangerousCookieSecret { cookie, signed: keys })
}

fn csrf_csrf_answers(case: &Value) -> Result<(), String> {
    let (options, expect) = (&case["options"], &case["expect"]);
    let mut format = TokenFormat::default();
    let text = |name: &str| options[name].as_str().map(str::to_owned);
    format.algorithm = match options["hmacAlgorithm"].as_str() {
        None | Some("sha256") => HmacAlgorithm::Sha256,
        Some("sha384") => HmacAlgorithm::Sha384,
        Some("sha512") => HmacAlgorithm::Sha512,
        Some(other) => return Err(format!("nothing is known of {other}")),
    };
    format.token_delimiter = text("csrfTokenDelimiter").unwrap_or(format.token_delimiter);
    format.message_delimiter = text("messageDelimiter").unwrap_or(format.message_delimiter);
    let secrets: Vec<&str> = match &options["getSecret"] {
        Value::Null => vec!["csrf-secret-A"],
        Value::String(secret) => vec![secret],
        secrets => secrets.as_array().unwrap().iter().filter_map(Value::as_str).collect(),
    };
    let tokens = SignedTokens::new(secrets.clone(), format.clone()).map_err(|error| error.to_string())?;
    let defaults = TokenScheme::csrf_csrf(["unused"]).map_err(|error| error.to_string())?;
    let TokenScheme::DoubleSubmit { mut cookie, mut random_bytes, .. } = defaults else { unreachable!() };
    cookie.name = text("cookieName").unwrap_or(cookie.name);
    set_attributes(&mut cookie.attributes, &options["cookieOptions"], 1000);
    if let Some(size) = options["size"].as_u64() {
        random_bytes = usize::try_from(size).unwrap();
    }
    let drops = browsers_drop(&cookie);
    let mut config = TokenConfig::new(TokenScheme::DoubleSubmit { tokens, cookie, random_bytes });
    config.dangerous_ignored_methods = methods(&options["ignoredMethods"]);
    if let Some(status) = options["errorConfig"]["statusCode"].as_u64() {
        config.status = StatusCode::from_u16(u16::try_from(status).unwrap()).unwrap();
    }
    if let Some(code) = options["errorConfig"]["code"].as_str() {
        config.code = code.to_owned().into();
    }

    let mut request = request(case);
    let asks = request.uri().path() == "/issue";
    request.extensions_mut().insert(TokenBinding("session-id-1".into()));
    let sent = request.headers().get("cookie").map(|field| field.to_str().unwrap().to_owned());
    let answer = match answer(config, request, asks) {
        Ok(_) if drops => return Err("a cookie that browsers drop was not refused at start".into()),
        Ok(answer) => answer,
        Err(error) if drops && error.path() == "cookie" => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    compare(&answer, expect)?;
    if expect["body"]["token_is_hmac_of_message"] == true {
        let issued = answer.token.as_deref().ok_or("no token was issued")?;
        let by_first = SignedTokens::new([secrets[0]], format).unwrap();
        let is_kept = sent.is_some_and(|sent| sent.contains(issued));
        if !is_kept && !by_first.verify("session-id-1", issued) {
            return Err(format!("token {issued}"));
        }
        let delimiter = options["csrfTokenDelimiter"].as_str().unwrap_or(".");
        let shown = expect["body"]["token"].as_str().unwrap();
        same("token", &normalised(issued, delimiter, shown).into(), &shown.into())?;
    }
    Ok(())
}

fn browsers_drop(cookie: &TokenCookie) -> bool {
    let TokenCookie { name, attributes } = cookie;
    let is_host = attributes.secure && attributes.domain.is_none() && attributes.path.as_deref() == Some("/");
    (name.starts_with("__Host-") && !is_host) || (name.starts_with("__Secure-") && !attributes.secure)
}

/// The packages' cookie options. `per_second` is their unit of `maxAge`.
fn set_attributes(cookie: &mut NewCookie, options: &Value, per_second: u64) {
    let flag = |name: &str, default| options[name].as_bool().unwrap_or(default);
    let text = |name: &str| options[name].as_str().map(str::to_owned);
    cookie.http_only = flag("httpOnly", cookie.http_only);
    cookie.secure = flag("secure", cookie.secure);
    cookie.path = text("path").or(cookie.path.take());
    cookie.domain = text("domain").or(cookie.domain.take());
    cookie.max_age = options["maxAge"].as_u64().map(|age| Duration::from_secs(age / per_second));
    match &options["sameSite"] {
        Value::Bool(true) => cookie.same_site = "strict".parse().ok(),
        Value::Bool(false) => cookie.same_site = None,
        Value::String(text) => cookie.same_site = Some(text.parse().unwrap()),
        _ => {}
    }
}

fn methods(list: &Value) -> Option<Vec<Method>> {
    let method = |method: &Value| method.as_str().unwrap().to_ascii_uppercase().parse().unwrap();
    list.as_array().map(|methods| methods.iter().map(method).collect())
}

fn request(case: &Value) -> Request<Body> {
    let described = &case["request"];
    let mut builder = Request::builder()
        .method(described["method"].as_str().unwrap())
        .uri(described["path"].as_str().unwrap_or("/"));
    for (name, value) in described["headers"].as_object().into_iter().flatten() {
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            builder = builder.header(name, value.as_str().unwrap());
        }
    }
    builder
        .body(described["body"].as_str().map_or_else(Body::empty, |body| Body::from(body.to_owned())))
        .unwrap()
}

/// What came back.
struct Answer {
    status: u16,
    code: Option<String>,
    set_cookie: Vec<String>,
    token: Option<String>,
}

/// Asks an application that issues a token or does not.
fn answer(config: TokenConfig, request: Request<Body>, asks: bool) -> Result<Answer, ConfigError> {
    let layer = TokenLayer::new(config)?;
    let issued = Arc::new(Mutex::new(None));
    let place = Arc::clone(&issued);
    let application = service_fn(move |request: Request<HeldBody<Body>>| {
        if asks {
            let token = request.extensions().get::<CsrfToken>().expect("the token is in the extensions");
            *place.lock().unwrap() = Some(token.value().to_owned());
        }
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let response = runtime.block_on(layer.layer(application).oneshot(request)).unwrap();
    let token = issued.lock().unwrap().take();
    Ok(Answer {
        status: response.status().as_u16(),
        code: response
            .extensions()
            .get::<Refusal>()
            .and_then(|refusal| refusal.code.as_deref().map(str::to_owned)),
        set_cookie: response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .map(|it| it.to_str().unwrap().to_owned())
            .collect(),
        token,
    })
}

fn compare(answer: &Answer, expect: &Value) -> Result<(), String> {
    same("status", &answer.status.into(), &expect["status"])?;
    if let Some(code) = expect["body"]["code"].as_str() {
        same("code", &answer.code.clone().into(), &code.into())?;
    }
    let expected = expect["set_cookie"].as_array().unwrap();
    if answer.set_cookie.len() != expected.len() {
        return Err(format!("cookies {:?}, not {expected:?}", answer.set_cookie));
    }
    for (got, expected) in answer.set_cookie.iter().zip(expected) {
        let expected = expected.as_str().unwrap();
        let (name, rest) = got.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
        let (_, expected_rest) = expected.split_once('=').unwrap();
        let delimiter = if value.contains("%7C") { "%7C" } else { "." };
        let value = normalised(value, delimiter, expected_rest);
        same("cookie", &format!("{name}={value};{attributes}").into(), &expected.into())?;
    }
    Ok(())
}

/// A fresh secret, signature or token in the words of the vectors; `expected` says which it is.
fn normalised(value: &str, delimiter: &str, expected: &str) -> String {
    let is_secret = |text: &str| {
        text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if expected.contains("<SECRET24>") {
        if is_secret(value) {
            return "<SECRET24>".to_owned();
        }
        let signed = value.strip_prefix("s%3A").and_then(|signed| signed.split_once('.'));
        if signed.is_some_and(|(secret, signature)| is_secret(secret) && signature.len() >= 43) {
            return "s%3A<SECRET24>.<SIG>".to_owned();
        }
    }
    if expected.contains("<HMAC-HEX")
        && let Some((hmac, random)) = value.split_once(delimiter)
        && is_hex(hmac)
        && is_hex(random)
    {
        return format!("<HMAC-HEX{}>{delimiter}<RANDOM-HEX{}>", hmac.len(), random.len());
    }
    value.to_owned()
}

fn same(what: &str, got: &Value, expected: &Value) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: got {got}, not {expected}")) }
}
