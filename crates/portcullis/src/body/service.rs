//! The guard around an inner service.

use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{
    BodyLayer, Policy,
    metered::{MeteredBody, Metering, Verdict},
};
use crate::{mode::Mode, refusal::Refusal, request_id::RequestId};

impl<S> Layer<S> for BodyLayer {
    type Service = BodyService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyService { policy: self.policy.clone(), inner }
    }
}

/// An inner service behind the guard. It reads [`MeteredBody`].
#[derive(Debug, Clone)]
pub struct BodyService<S> {
    policy: Option<Arc<Policy>>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for BodyService<S>
where
    S: Service<Request<MeteredBody<ReqBody>>, Response = Response<ResBody>>,
    ReqBody: Body<Data = Bytes>,
    ReqBody::Error: Into<Box<dyn Error + Send + Sync>>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = BodyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (head, body) = request.into_parts();
        let (mut metering, mut verdict) = (None, None);
        if let Some(policy) = &self.policy
            && (!body.is_end_stream() || declares_content(&head.headers))
        {
            match (policy.judge(&head.headers), policy.mode) {
                (Ok(meter), mode) => {
                    let shared = Arc::new(Verdict::default());
                    verdict = Some(Arc::clone(&shared));
                    let request_id = head.extensions.get::<RequestId>().cloned();
                    metering = Some(Metering { meter, mode, verdict: shared, request_id });
                }
                (Err(refusal), Mode::Enforce) => {
                    return BodyFuture { state: State::Refused { refusal: Some(Box::new(refusal)) } };
                }
                (Err(refusal), Mode::Report) => refusal.report(&head.extensions),
            }
        }
        let request = Request::from_parts(head, MeteredBody::new(body, metering));
        BodyFuture { state: State::Inner { future: self.inner.call(request), verdict } }
    }
}

/// Whether the head promises content, even if the body at hand has none.
fn declares_content(head: &HeaderMap) -> bool {
    head.get_all(header::CONTENT_LENGTH).iter().any(|length| length != "0")
}

pin_project! {
    /// The future of [`BodyService`].
    pub struct BodyFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        // The inner service is at work; if there is a body, it may leave a verdict.
        Inner { #[pin] future: F, verdict: Option<Arc<Verdict>> },
        // The inner service was never asked.
        Refused { refusal: Option<Box<Refusal>> },
    }
}

impl<F, ResBody, E> Future for BodyFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Inner { future, verdict } => {
                let answer = ready!(future.poll(cx));
                match verdict.as_ref().and_then(|verdict| verdict.at_answer()) {
                    Some(refusal) => Poll::Ready(Ok(refusal.into_response())),
                    None => Poll::Ready(answer),
                }
            }
            StateProjection::Refused { refusal } => match refusal.take() {
                Some(refusal) => Poll::Ready(Ok(refusal.into_response())),
                None => Poll::Pending, // polled after it was ready: a contract broken by the caller
            },
        }
    }
}
