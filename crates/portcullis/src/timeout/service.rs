//! The service: the clocks of one request.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use portcullis_rules::limit;
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service;

use super::{Config, DeadlineBody, PacedBody, request_body::Progress};
use crate::{Mode, Refusal, tally};

/// An inner service that must answer in time. Made by [`super::TimeoutLayer`].
#[derive(Debug, Clone)]
pub struct Timeout<S> {
    inner: S,
    config: Option<Arc<Config>>,
}

impl<S> Timeout<S> {
    pub(super) fn new(inner: S, config: Option<Arc<Config>>) -> Self {
        Self { inner, config }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Timeout<S>
where
    S: Service<Request<PacedBody<ReqBody>>, Response = Response<ResBody>>,
    ReqBody: Body,
    ResBody: Default,
{
    type Response = Response<DeadlineBody<ResBody>>;
    type Error = S::Error;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let (body, progress) = PacedBody::new(body, self.config.as_deref());
        TimeoutFuture {
            future: self.inner.call(Request::from_parts(head, body)),
            deadline: sleep_until(
                started + self.config.as_ref().map_or(Duration::ZERO, |config| config.response),
            ),
            started,
            progress,
            config: self.config.clone(),
        }
    }
}

pin_project! {
    /// The future of [`Timeout`].
    #[derive(Debug)]
    pub struct TimeoutFuture<F> {
        #[pin]
        future: F,
        #[pin]
        deadline: Sleep,
        started: Instant,
        progress: Option<Progress>,
        // None where the guard is off, or in report mode once the time is over.
        config: Option<Arc<Config>>,
    }
}

impl<F, ResBody, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: Default,
{
    type Output = Result<Response<DeadlineBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(answer) = this.future.poll(cx) {
            // Whatever the inner service made of a body that broke off, the cause is the client.
            if this.progress.as_ref().is_some_and(Progress::was_too_slow) {
                return Poll::Ready(Ok(refuse(StatusCode::REQUEST_TIMEOUT)));
            }
            let response = answer?;
            return Poll::Ready(Ok(match this.config.take() {
                Some(config) => {
                    let end = *this.started + config.total;
                    response.map(|body| DeadlineBody::new(body, config, end))
                }
                None => response.map(DeadlineBody::unwatched),
            }));
        }
        let Some(config) = this.config.as_deref() else { return Poll::Pending };
        while this.deadline.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            // The answer's time runs from the request's end; while the body is coming, only the total does.
            let body_is_coming = this.progress.as_ref().is_some_and(Progress::is_coming);
            if body_is_coming && now < *this.started + config.total {
                this.deadline.as_mut().reset(now + config.response);
                continue;
            }
            match config.mode {
                Mode::Enforce => return Poll::Ready(Ok(refuse(StatusCode::GATEWAY_TIMEOUT))),
                Mode::Report => {
                    report("no answer in time");
                    *this.config = None;
                    return Poll::Pending;
                }
            }
        }
        Poll::Pending
    }
}

fn refuse<B: Default>(status: StatusCode) -> Response<DeadlineBody<B>> {
    let refusal = if status == StatusCode::REQUEST_TIMEOUT {
        Refusal::new(status, &limit::SLOW_CLIENT, "the client sends its request body too slowly").closing()
    } else {
        Refusal::new(status, &limit::TIMEOUTS_MISSING, "no answer in time")
    };
    refusal.into_response()
}

/// What a deadline says in report mode.
pub(super) fn report(what: &'static str) {
    tally::count(&limit::TIMEOUTS_MISSING, tally::Outcome::Reported);
    tracing::warn!(target: "portcullis::report", rule = limit::TIMEOUTS_MISSING.id.as_str(), detail = what, "would be cut off");
}
