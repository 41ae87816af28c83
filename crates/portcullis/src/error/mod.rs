//! Errors that say nothing of the inside: what guards refuse is rendered, what the application lets slip is replaced.
//!
//! A stack trace, an absolute path or the message of a database tells an attacker which library to attack, where files
//! lie, and what a query looks like. Express sends the stack for every error unless `NODE_ENV` is `production`.
//!
//! What happens to an answer:
//!
//! 1. One with a [`Refusal`] (some guard further in said no) gets a body: `application/problem+json` (RFC 9457), or a
//!    page if the request's `Accept` has HTML before JSON (RFC 9110, section 12.5.1). Its status and fields stay, and a
//!    problem tells its code. The rule and the detail are for the log and stay inside.
//! 2. Any other 5xx gets the same body in place of its own.
//! 3. A 4xx with text in it, or with no `Content-Type`, is looked at: the first [`Config::max_look_bytes`], inflated if
//!    need be. If they show a stack trace, a line of source code, an absolute path or the words of a database driver, it
//!    is replaced. So it is if it cannot be read: in a coding other than gzip, deflate and br, broken, or not there
//!    within [`Config::max_wait`]. Otherwise it goes on as it came.
//! 4. Everything else passes untouched and unread.
//!
//! What is replaced keeps its status and its fields but those that describe the body (`Content-*`, validators) and those
//! that themselves show a trace or a path; it is not cached. The original goes to the log under the request id that the
//! client is shown ([`RequestId`]; the next one if the request has none).
//!
//! A path that the request's own target contains does not count: Express answers `Cannot GET /home/x` to who asks for
//! `/home/x`. Nor does one that may be a route, such as `/api/users` or `/app/login`.
//!
//! **What this does not stop**: traces in an answer that says 2xx or 3xx, behind the first 64 KiB, or in a picture; an
//! error message in a 4xx in plain words (`Failed to decode param`, or worse); the difference between two errors.
//!
//! **What breaks it**: an application that speaks to its own clients in the bodies of 5xx, or that tells them in a 4xx
//! about places in source code of their own (a compiler). They get a problem instead.
//!
//! Needs a Tokio runtime with its timer where a body keeps the look waiting.
//!
//! ```
//! use axum::{Router, body::{Body, to_bytes}, http::StatusCode, routing::get};
//! use http::Request;
//! use portcullis::error::{Config, ErrorLayer};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new()
//!     .route("/gone", get(|| async { (StatusCode::NOT_FOUND, "no user of that name") }))
//!     .route("/bad", get(|| async { (StatusCode::BAD_REQUEST, "Error\n    at f (/srv/app/x.js:1:2)") }))
//!     .layer(ErrorLayer::new(Config::default())?);
//!
//! let gone = app.clone().oneshot(Request::get("/gone").body(Body::empty())?).await?;
//! assert_eq!(to_bytes(gone.into_body(), 1024).await?, "no user of that name");
//!
//! let bad = app.oneshot(Request::get("/bad").body(Body::empty())?).await?;
//! assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
//! let body = to_bytes(bad.into_body(), 1024).await?;
//! assert!(body.starts_with(br#"{"type":"about:blank","title":"Bad Request","status":400,"request_id":""#));
//! # Ok(())
//! # }
//! ```

mod accept;
mod answer;
mod look;
mod mask;
mod page;
mod path;
mod problem;
mod service;
mod text;
mod trace;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, response::Parts, uri::PathAndQuery,
};
use http_body::Body;
use portcullis_rules::{Rule, error};
use serde::Deserialize;

use self::{
    accept::Form,
    look::{End, Look, Seen},
    mask::Leak,
};
pub use self::{
    answer::ErrorBody,
    service::{ErrorFuture, ErrorService},
};
use crate::{
    config_error::ConfigError, content_coding::ContentCoding, mode::Mode, refusal::Refusal,
    request_id::RequestId, tally,
};

/// Rules this guard makes hold.
pub const ENFORCES: &[&Rule] = &[&error::STACK_LEAK, &error::PATH_LEAK];

/// Rules this guard softens: messages in plain words pass in a 4xx; what a missing handler or a development setting
/// would show is masked, but stays in the application.
pub const MITIGATES: &[&Rule] = &[&error::MESSAGE_LEAK, &error::NODE_ENV, &error::NO_HANDLER];

/// What is shown of errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Whether to replace, or only to count and log. Refusals are rendered in either.
    pub mode: Mode,
    /// For development: the application's errors pass as they are, unread.
    pub dangerous_expose: bool,
    /// How much of an error body is read, in bytes, and how much of what it inflates to: 1 KiB to 1 MiB, default
    /// 64 KiB.
    pub max_look_bytes: usize,
    /// How much of a replaced body goes to the log, in bytes, at most 64 KiB, default 8 KiB. With 0, nothing.
    pub max_log_bytes: usize,
    /// How long the look waits for an error body in all, default `2s`, at most `1m`.
    #[serde(deserialize_with = "crate::duration::deserialize")]
    pub max_wait: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            dangerous_expose: false,
            max_look_bytes: 64 * 1024,
            max_log_bytes: 8 * 1024,
            max_wait: Duration::from_secs(2),
        }
    }
}

/// The guard as a `tower::Layer`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ErrorLayer {
    config: Arc<Config>,
}

impl ErrorLayer {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        if !(1024..=1024 * 1024).contains(&config.max_look_bytes) {
            return Err(ConfigError::new("max_look_bytes", config.max_look_bytes, "from 1024 to 1048576"));
        }
        if config.max_log_bytes > 64 * 1024 {
            return Err(ConfigError::new("max_log_bytes", config.max_log_bytes, "at most 65536"));
        }
        if config.max_wait.is_zero() || config.max_wait > Duration::from_secs(60) {
            let value = format!("{:?}", config.max_wait);
            return Err(ConfigError::new("max_wait", value, "more than nothing and at most \"1m\""));
        }
        Ok(Self { config: Arc::new(config) })
    }

    /// A layer that renders refusals and leaves the application's errors as they are: the guard's place in a stack where
    /// it is switched off.
    pub fn off() -> Self {
        Self { config: Arc::new(Config { dangerous_expose: true, ..Config::default() }) }
    }
}

/// What is kept of a request until its answer is there.
#[derive(Debug)]
struct Asked {
    form: Form,
    head: bool,
    target: Option<PathAndQuery>,
    request_id: Option<RequestId>,
}

impl Asked {
    fn of<B>(request: &Request<B>) -> Self {
        Self {
            form: Form::of(request.headers()),
            head: request.method() == Method::HEAD,
            target: request.uri().path_and_query().cloned(),
            request_id: request.extensions().get().cloned(),
        }
    }
}

/// What is done with an answer as soon as its head is there.
enum Judgement<B: Body> {
    Answer(Response<ErrorBody<B>>),
    Look(Box<Looking<B>>),
}

/// An error whose body is being read.
struct Looking<B: Body> {
    head: Parts,
    coding: Option<ContentCoding>,
    look: Look<B>,
}

/// Answers one request.
struct Answering {
    asked: Asked,
    config: Arc<Config>,
}

impl Answering {
    fn judge<B: Body<Data = Bytes>>(&self, response: Response<B>) -> Judgement<B> {
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return Judgement::Answer(response.map(ErrorBody::original));
        }
        let (head, body) = response.into_parts();
        if head.extensions.get::<Refusal>().is_some() {
            return Judgement::Answer(self.render(head, &self.request_id()));
        }
        let may_show = !self.asked.head && !body.is_end_stream() && may_be_text(&head.headers);
        if self.config.dangerous_expose || (status.is_client_error() && !may_show) {
            return Judgement::Answer(Response::from_parts(head, ErrorBody::original(body)));
        }
        let coding = ContentCoding::of(head.headers.get_all(header::CONTENT_ENCODING));
        let look = Look::new(body, self.config.max_look_bytes, self.config.max_wait);
        match coding {
            Ok(coding) => Judgement::Look(Box::new(Looking { head, coding, look })),
            Err(_) => Judgement::Answer(self.mask(
                head,
                look.finish(End::Late),
                b"(in an unknown content coding)",
                None,
            )),
        }
    }

    /// Decides on an error whose body was looked at.
    fn decide<B: Body<Data = Bytes>>(
        &self,
        head: Parts,
        coding: Option<ContentCoding>,
        seen: Seen<B>,
    ) -> Response<ErrorBody<B>> {
        let text = match coding {
            None => Ok(seen.bytes()),
            Some(coding) => seen.inflated(coding),
        };
        let Ok(text) = text else {
            return self.mask(head, seen, b"(not what its content coding asks for)", None);
        };
        let leak = Leak::find(&text, self.asked.target.as_ref());
        let clean = leak.is_none() && head.status.is_client_error() && seen.end != End::Late;
        if clean {
            return Response::from_parts(head, ErrorBody::looked(seen));
        }
        self.mask(head, seen, &text, leak)
    }

    /// Replaces an answer, or in report mode only says that it would.
    fn mask<B: Body<Data = Bytes>>(
        &self,
        mut head: Parts,
        seen: Seen<B>,
        text: &[u8],
        leak: Option<Leak>,
    ) -> Response<ErrorBody<B>> {
        let request_id = self.request_id();
        // Where nothing shows, what the application says of its own fault is still not for the client.
        let rule = leak.map_or(&error::MESSAGE_LEAK, Leak::rule);
        let report = self.config.mode == Mode::Report;
        if leak.is_some() || !text.is_empty() {
            tally::count(rule, if report { tally::Outcome::Reported } else { tally::Outcome::Refused });
        }
        let (id, status) = (request_id.as_str(), head.status.as_u16());
        let target = self.asked.target.as_ref().map_or("-", PathAndQuery::path);
        let body = mask::for_log(text, self.config.max_log_bytes);
        if report {
            tracing::warn!(target: "portcullis::report", request_id = id, rule = rule.id.as_str(), status, path = target, body, "would be masked");
            return Response::from_parts(head, ErrorBody::looked(seen));
        }
        if head.status.is_server_error() {
            tracing::error!(target: "portcullis::error", request_id = id, rule = rule.id.as_str(), status, path = target, body, "the application failed");
        } else {
            tracing::warn!(target: "portcullis::error", request_id = id, rule = rule.id.as_str(), status, path = target, body, "an error was masked");
        }
        mask::clear_head(&mut head.headers, self.asked.target.as_ref());
        self.render(head, &request_id)
    }

    /// The answer with our body, in the form that the client would rather have.
    fn render<B: Body<Data = Bytes>>(
        &self,
        mut head: Parts,
        request_id: &RequestId,
    ) -> Response<ErrorBody<B>> {
        let code = head.extensions.get::<Refusal>().and_then(|refusal| refusal.code.as_deref());
        let (media_type, text) = match self.asked.form {
            Form::Problem => (problem::MEDIA_TYPE, problem::render(head.status, code, request_id.as_str())),
            Form::Page => (page::MEDIA_TYPE, page::render(head.status, request_id.as_str())),
        };
        let fields = &mut head.headers;
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
        // It names one request, so no other may be answered with it.
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.append(header::VARY, HeaderValue::from_static("Accept"));
        // RFC 9110, section 9.3.2: the fields of what a GET would get, and no content.
        let body = if self.asked.head { Bytes::new() } else { Bytes::from(text) };
        Response::from_parts(head, ErrorBody::replaced(body))
    }

    fn request_id(&self) -> RequestId {
        self.asked.request_id.clone().unwrap_or_else(RequestId::next)
    }
}

/// Whether a body may hold text that a person reads: by its media type, or because it does not say.
fn may_be_text(head: &HeaderMap) -> bool {
    let Some(Ok(value)) = head.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else { return true };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        None | Some(("text", _)) => true,
        Some(("application", subtype)) => {
            [
                "json",
                "xml",
                "javascript",
                "x-javascript",
                "ecmascript",
                "x-www-form-urlencoded",
                "graphql",
                "yaml",
                "x-yaml",
                "x-ndjson",
            ]
            .contains(&subtype)
                || ["+json", "+xml", "+yaml"].iter().any(|suffix| subtype.ends_with(suffix))
        }
        Some((_, subtype)) => subtype.ends_with("+xml") || subtype.ends_with("+json"),
    }
}

/// What the status is called (RFC 9110, section 15).
fn phrase(status: StatusCode) -> &'static str {
    let class = if status.is_server_error() { "Server Error" } else { "Client Error" };
    status.canonical_reason().unwrap_or(class)
}
