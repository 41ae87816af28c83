//! The guard around an inner service that knows nothing of it.

use std::{
    future::Future,
    mem,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use portcullis_rules::auth;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    Attempt, Config, DEVICE_COOKIE, LoginBody, LoginGuard, Outcome, Refused,
    outcome::Signs,
    user_name::{self, Unreadable},
};
use crate::{
    ConfigError, Mode, Refusal,
    content_coding::{ContentCoding, Inflation},
    cookie,
    intake::{
        MatchedPath,
        path::{CanonicalPath, canonical},
    },
    limit::{Clock, store::SharedStore},
    request_rule::{CompiledRule, Rule, client_address},
};

/// The guard as a `tower::Layer`. Cheap to clone; counters are shared.
#[derive(Debug, Clone)]
pub struct LoginLayer {
    logins: Option<Arc<Logins>>,
}

/// A checked [`Config`].
#[derive(Debug)]
struct Logins {
    mode: Mode,
    guard: LoginGuard,
    rules: Vec<CompiledRule>,
    fields: Vec<String>,
    max_body_bytes: usize,
    signs: Signs,
    device_lifetime: Duration,
}

impl LoginLayer {
    /// Checks the configuration and opens its store.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let store = SharedStore::open(&config.store).map_err(|error| error.within("store"))?;
        Self::with_store(config, store)
    }

    /// The same, with a store that is open; [`Config::store`] is not looked at.
    #[allow(clippy::needless_pass_by_value, reason = "every guard takes its configuration the same way")]
    pub fn with_store(config: Config, store: SharedStore) -> Result<Self, ConfigError> {
        Self::around(LoginGuard::with_store(&config, store)?, &config)
    }

    /// The same, by another clock: for tests.
    pub fn with_clock(config: &Config, store: SharedStore, clock: Clock) -> Result<Self, ConfigError> {
        Self::around(LoginGuard::with_store(config, store)?.clock(clock), config)
    }

    fn around(guard: LoginGuard, config: &Config) -> Result<Self, ConfigError> {
        let rule = |(index, path): (usize, &String)| {
            let rule = Rule { methods: vec!["POST".to_owned()], ..Rule::path(path) };
            CompiledRule::new(&rule, false)
                .map_err(|error| ConfigError::new(format!("paths[{index}]"), error.value(), error.right()))
        };
        let rules = config.paths.iter().enumerate().map(rule).collect::<Result<Vec<_>, _>>()?;
        if rules.is_empty() {
            return Err(ConfigError::new("paths", "[]", "at least one path"));
        }
        if config.fields.is_empty() || config.fields.iter().any(String::is_empty) {
            return Err(ConfigError::new(
                "fields",
                format!("{:?}", config.fields),
                "names of fields, at least one",
            ));
        }
        if !(1..=65_536).contains(&config.max_body_bytes) {
            return Err(ConfigError::new("max_body_bytes", config.max_body_bytes, "from 1 to 65536"));
        }
        Ok(Self {
            logins: Some(Arc::new(Logins {
                mode: config.mode,
                guard,
                rules,
                fields: config.fields.clone(),
                max_body_bytes: config.max_body_bytes,
                signs: Signs::new(config)?,
                device_lifetime: config.device_lifetime,
            })),
        })
    }

    /// A layer that counts nothing: the guard's place in a stack where it is switched off.
    pub fn off() -> Self {
        Self { logins: None }
    }
}

impl<S> Layer<S> for LoginLayer {
    type Service = LoginService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LoginService { logins: self.logins.clone(), inner }
    }
}

/// An inner service behind the guard. It reads [`LoginBody`].
#[derive(Debug, Clone)]
pub struct LoginService<S> {
    logins: Option<Arc<Logins>>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for LoginService<S>
where
    S: Service<Request<LoginBody<ReqBody>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    ReqBody: Body<Data = Bytes> + Send + 'static,
    ReqBody::Error: Send,
    ResBody: Default + Send,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = LoginFuture<S::Future, Self::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Some(logins) = self.logins.as_ref().filter(|logins| logins.is_login(&request)) else {
            let future = self.inner.call(request.map(LoginBody::whole));
            return LoginFuture { state: State::Inner { future } };
        };
        // The clone has not been polled ready; the one that has been goes along.
        let unready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, unready);
        let logins = Arc::clone(logins);
        let future = async move {
            let (head, body) = request.into_parts();
            let (body, attempt) = match logins.before(&head, body).await {
                Ok(passed) => passed,
                Err(refusal) => return Ok(refusal.into_response()),
            };
            let target = head.uri.clone();
            let mut response = inner.call(Request::from_parts(head, body)).await?;
            if let Some(attempt) = attempt {
                let outcome = logins.signs.outcome(&target, &response);
                if let Err(refusal) = logins.after(attempt, outcome, response.headers_mut()).await {
                    return Ok(refusal.into_response());
                }
            }
            Ok(response)
        };
        LoginFuture { state: State::Asking { future: Box::pin(future) } }
    }
}

pin_project! {
    /// The future of [`LoginService`].
    pub struct LoginFuture<F, R, E> {
        #[pin]
        state: State<F, R, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R, E> {
        // No login.
        Inner { #[pin] future: F },
        // The body is read, the store asked, then perhaps the inner service.
        Asking { future: Pin<Box<dyn Future<Output = Result<R, E>> + Send>> },
    }
}

impl<F: Future<Output = Result<R, E>>, R, E> Future for LoginFuture<F, R, E> {
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Inner { future } => future.poll(cx),
            StateProjection::Asking { future } => future.as_mut().poll(cx),
        }
    }
}

impl Logins {
    /// A path with more than one reading is a login: the reading that counts more.
    fn is_login<B>(&self, request: &Request<B>) -> bool {
        if request.method() != Method::POST {
            return false;
        }
        let path = canonical(MatchedPath::of(request));
        let path = path.as_ref().ok().map(CanonicalPath::matched);
        let matches = |rule: &CompiledRule| rule.matches(request.method(), None, false, || path);
        self.rules.iter().any(|rule| matches(rule).unwrap_or(true))
    }

    /// The body, and the attempt where one is counted; or the refusal.
    async fn before<B>(&self, head: &Parts, body: B) -> Result<(LoginBody<B>, Option<Attempt>), Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let (bytes, body) = LoginBody::read(body, self.max_body_bytes).await;
        let names = match bytes {
            Some(bytes) => self.names(&head.headers, bytes),
            None => Err(too_large().closing()),
        };
        let names = match names {
            Ok(names) => names,
            Err(refusal) => return self.unless_reporting(refusal, head).map(|()| (body, None)),
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let address = client_address(&head.extensions).filter(|address| !address.is_unspecified());
        match self.guard.check_all(address, &names, device(&head.headers).as_deref()).await {
            Ok(attempt) => Ok((body, Some(attempt))),
            Err(refused) => self.unless_reporting(refusal(&refused), head).map(|()| (body, None)),
        }
    }

    fn unless_reporting(&self, refusal: Refusal, head: &Parts) -> Result<(), Refusal> {
        match self.mode {
            Mode::Enforce => Err(refusal),
            Mode::Report => {
                refusal.report(&head.extensions);
                Ok(())
            }
        }
    }

    /// The user names in a body.
    fn names(&self, head: &HeaderMap, bytes: Vec<u8>) -> Result<Vec<String>, Refusal> {
        let media_type = head.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
        let media_type = media_type.unwrap_or_default();
        let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is_json = essence == b"application/json" || essence.ends_with(b"+json");
        if bytes.is_empty() || !(is_json || essence == b"application/x-www-form-urlencoded") {
            return Ok(Vec::new());
        }
        let bytes = self.inflated(head, bytes)?;
        let names = if is_json {
            user_name::in_json(&bytes, &self.fields)
        } else {
            user_name::in_form(&bytes, &self.fields)
        };
        names.map_err(|Unreadable| unreadable())
    }

    fn inflated(&self, head: &HeaderMap, bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let Some(coding) =
            ContentCoding::of(head.get_all(header::CONTENT_ENCODING)).map_err(|_| unreadable())?
        else {
            return Ok(bytes);
        };
        let mut inflation = Inflation::new(coding);
        let mut inflated = Vec::new();
        let fed = inflation.feed(&bytes, |piece| {
            if inflated.len() + piece.len() > self.max_body_bytes {
                return ControlFlow::Break(());
            }
            inflated.extend_from_slice(piece);
            ControlFlow::Continue(())
        });
        match fed {
            Ok(ControlFlow::Continue(())) => inflation.finish().map(|()| inflated).map_err(|_| unreadable()),
            Ok(ControlFlow::Break(())) => Err(too_large()),
            Err(_) => Err(unreadable()),
        }
    }

    async fn after(&self, attempt: Attempt, outcome: Outcome, head: &mut HeaderMap) -> Result<(), Refusal> {
        match outcome {
            Outcome::Undecided => self.guard.undecided(attempt).await,
            Outcome::Succeeded => {
                if let Some(device) = self.guard.succeeded(attempt).await
                    && self.mode == Mode::Enforce
                {
                    let seconds = self.device_lifetime.as_secs();
                    let cookie = format!(
                        "{DEVICE_COOKIE}={device}; Max-Age={seconds}; Path=/; HttpOnly; Secure; SameSite=Strict"
                    );
                    head.extend(HeaderValue::try_from(cookie).map(|cookie| (header::SET_COOKIE, cookie)));
                }
            }
            Outcome::Failed => {
                let users = attempt.users().join(",");
                tracing::info!(target: "portcullis::login", users, "a login has failed");
                if let Err(refused) = self.guard.failed(attempt).await {
                    let refusal = refusal(&refused);
                    if self.mode == Mode::Enforce {
                        return Err(refusal);
                    }
                    refusal.report(&http::Extensions::new());
                }
            }
        }
        Ok(())
    }
}

/// The device's cookie, if there is one.
fn device(head: &HeaderMap) -> Option<String> {
    head.get_all(header::COOKIE).iter().find_map(|field| {
        let pair = cookie::pairs(field.as_bytes()).find(|pair| pair.name == DEVICE_COOKIE.as_bytes())?;
        String::from_utf8(pair.value.to_vec()).ok()
    })
}

fn refusal(refused: &Refused) -> Refusal {
    match refused {
        Refused::TooMany { retry_after, counter } => {
            let detail = format!("too many failed logins by {counter}");
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, &auth::LOCKOUT_MISSING, detail)
                .retry_after(*retry_after)
        }
        Refused::Away(away) => {
            let detail = format!("logins cannot be counted: {}", away.reason);
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &auth::LOCKOUT_MISSING, detail)
        }
    }
}

fn unreadable() -> Refusal {
    let detail = "a login whose user name cannot be read without doubt";
    Refusal::new(StatusCode::BAD_REQUEST, &auth::LOCKOUT_MISSING, detail)
}

fn too_large() -> Refusal {
    let detail = "a login larger than `max_body_bytes`";
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &auth::LOCKOUT_MISSING, detail)
}
