//! The guard around an inner service.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{Answering, Asked, Config, ErrorLayer, Judgement, Looking, answer::ErrorBody};

impl<S> Layer<S> for ErrorLayer {
    type Service = ErrorService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ErrorService { config: Arc::clone(&self.config), inner }
    }
}

/// An inner service behind the guard.
#[derive(Debug, Clone)]
pub struct ErrorService<S> {
    config: Arc<Config>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ErrorService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<ErrorBody<ResBody>>;
    type Error = S::Error;
    type Future = ErrorFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let asked = Asked::of(&request);
        let config = Arc::clone(&self.config);
        ErrorFuture {
            state: State::Inner { future: self.inner.call(request) },
            answering: Some(Answering { asked, config }),
        }
    }
}

pin_project! {
    /// The future of [`ErrorService`].
    pub struct ErrorFuture<F, B: Body> {
        #[pin]
        state: State<F, B>,
        answering: Option<Answering>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B: Body> {
        // The inner service is at work.
        Inner { #[pin] future: F },
        // Its answer is an error, and its body is being read.
        Looking { looking: Option<Box<Looking<B>>> },
    }
}

impl<F, B, E> Future for ErrorFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ErrorBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let StateProjection::Inner { future } = this.state.as_mut().project() {
            let response = ready!(future.poll(cx))?;
            let Some(answering) = this.answering.as_ref() else { return Poll::Pending };
            match answering.judge(response) {
                Judgement::Answer(response) => return Poll::Ready(Ok(response)),
                Judgement::Look(looking) => this.state.set(State::Looking { looking: Some(looking) }),
            }
        }
        if let StateProjection::Looking { looking: place } = this.state.project()
            && let Some(mut looking) = place.take()
        {
            let Poll::Ready(end) = looking.look.poll(cx) else {
                *place = Some(looking);
                return Poll::Pending;
            };
            if let Some(answering) = this.answering.as_ref() {
                let Looking { head, coding, look } = *looking;
                return Poll::Ready(Ok(answering.decide(head, coding, look.finish(end))));
            }
        }
        Poll::Pending // polled after it was ready: a contract broken by the caller
    }
}
