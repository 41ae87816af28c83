//! The guard around an inner service.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use portcullis_rules::cors;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    CorsLayer,
    policy::{Policy, Turn},
};
use crate::{Mode, Refusal, tally};

impl<S> Layer<S> for CorsLayer {
    type Service = CorsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CorsService { policy: self.policy.clone(), inner }
    }
}

/// An inner service behind the guard.
#[derive(Debug, Clone)]
pub struct CorsService<S> {
    policy: Option<Arc<Policy>>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CorsService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = CorsFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Some(policy) = &self.policy else {
            return CorsFuture { state: State::Inner { future: self.inner.call(request), after: None } };
        };
        let (head, body) = request.into_parts();
        let done = |response| CorsFuture { state: State::Answered { response: Some(response) } };
        let turn = match (policy.turn(&head), policy.mode) {
            (Ok(Turn::Denied), Mode::Enforce) => {
                return done(denied().into_response());
            }
            (Ok(turn), Mode::Enforce) => turn,
            (Ok(turn), Mode::Report) => {
                if turn == Turn::Denied {
                    denied().report(&head.extensions);
                }
                Turn::App
            }
            (Err(error), _) => {
                tracing::error!(target: "portcullis::cors", %error, "the function that decides on origins failed");
                let mut response = Response::new(ResBody::default());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                return done(response);
            }
        };
        let turn = match turn {
            Turn::Preflight(fields) if !policy.preflight_continue => {
                return done(preflight(policy.success, fields));
            }
            Turn::Preflight(fields) => Turn::Actual(fields),
            turn => turn,
        };
        let future = self.inner.call(Request::from_parts(head, body));
        CorsFuture { state: State::Inner { future, after: Some((turn, policy.mode)) } }
    }
}

pin_project! {
    /// The future of [`CorsService`].
    pub struct CorsFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        // The inner service is at work; then its answer gets what its request is due.
        Inner { #[pin] future: F, after: Option<(Turn, Mode)> },
        // The inner service was never asked.
        Answered { response: Option<Response<B>> },
    }
}

impl<F, B, E> Future for CorsFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Inner { future, after } => {
                let mut response = ready!(future.poll(cx))?;
                match after.take() {
                    Some((Turn::App, mode)) => take_away_unsafe(response.headers_mut(), mode),
                    Some((Turn::Nobody, _)) => take_away(response.headers_mut()),
                    Some((Turn::Actual(fields), _)) => put(response.headers_mut(), fields),
                    Some((Turn::Preflight(_) | Turn::Denied, _)) | None => {}
                }
                Poll::Ready(Ok(response))
            }
            StateProjection::Answered { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending, // polled after it was ready: a contract broken by the caller
            },
        }
    }
}

fn denied() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, &cors::REFLECT_ORIGIN, "an origin that is not let in")
        .code("cross-origin-request")
}

fn preflight<B: Default>(status: StatusCode, fields: HeaderMap) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = status;
    response.headers_mut().extend(fields);
    // Compatible with cors 2.8: some browsers waited for a body that never came.
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

/// Our fields in place of the application's; its `Vary` grows.
fn put(headers: &mut HeaderMap, mut fields: HeaderMap) {
    take_away(headers);
    if let Some(ours) = fields.remove(header::VARY) {
        add_vary(headers, &ours);
    }
    headers.extend(fields);
}

fn add_vary(headers: &mut HeaderMap, ours: &HeaderValue) {
    let names = |value: &HeaderValue| -> Vec<String> {
        let text = value.to_str().unwrap_or_default();
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let mut all: Vec<String> = headers.get_all(header::VARY).iter().flat_map(names).collect();
    if all.iter().any(|name| name == "*") {
        return; // RFC 9110, section 12.5.5: it varies on everything
    }
    for name in names(ours) {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            all.push(name);
        }
    }
    if let Ok(value) = HeaderValue::try_from(all.join(", ")) {
        headers.insert(header::VARY, value);
    }
}

fn take_away(headers: &mut HeaderMap) {
    let sharing: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in sharing {
        headers.remove(name);
    }
}

fn take_away_unsafe(headers: &mut HeaderMap, mode: Mode) {
    let Some(credentials) = headers.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) else { return };
    let shares_with_all = headers
        .get_all(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        .iter()
        .any(|origin| matches!(origin.as_bytes().trim_ascii(), b"*" | b"null"));
    if credentials != "true" || !shares_with_all {
        return;
    }
    let outcome = match mode {
        Mode::Enforce => tally::Outcome::Refused,
        Mode::Report => tally::Outcome::Reported,
    };
    tally::count(&cors::WILDCARD_CREDENTIALS, outcome);
    let rule = cors::WILDCARD_CREDENTIALS.id.as_str();
    tracing::warn!(target: "portcullis::report", rule, "an answer shares with any origin and with credentials");
    if mode == Mode::Enforce {
        take_away(headers);
    }
}
