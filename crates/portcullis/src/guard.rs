//! The one adapter from a guard's decision to tower.
//!
//! A guard that looks at message heads only is a [`Guard`]: what it does to a request before the inner service sees it,
//! and to a response before the client does. [`GuardLayer`] makes a `tower::Layer` of it. Guards that must hold a body
//! or a clock write a service of their own.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{mode::Mode, refusal::Refusal};

/// A decision on message heads.
///
/// Sealed in effect: the trait can be named, so that [`GuardLayer`] can be documented, but the guards are ours.
pub trait Guard: sealed::Sealed {
    /// What the request's turn leaves for the response's turn.
    type Seen: Default + Send + 'static;

    /// Whether a refusal is carried out or only counted and logged.
    fn mode(&self) -> Mode {
        Mode::Enforce
    }

    /// Looks at a request, and may change its head.
    ///
    /// In [`Mode::Report`] a refused request goes on with the default `Seen`, so a guard must leave the head in a state
    /// that can be forwarded before it refuses.
    fn request<B>(&self, request: &mut Request<B>) -> Result<Self::Seen, Refusal>;

    /// Looks at the answer, and may change its head.
    fn response<B>(&self, seen: Self::Seen, response: &mut Response<B>);
}

pub(crate) mod sealed {
    /// Only guards of this crate.
    pub trait Sealed {}
}

/// A [`Guard`] as a `tower::Layer`. Cheap to clone: the guard is shared.
#[derive(Debug)]
pub struct GuardLayer<G> {
    guard: Option<Arc<G>>,
}

impl<G> GuardLayer<G> {
    pub(crate) fn from_guard(guard: G) -> Self {
        Self { guard: Some(Arc::new(guard)) }
    }

    /// A layer that does nothing: the guard's place in a stack where it is switched off.
    pub fn off() -> Self {
        Self { guard: None }
    }
}

impl<G> Clone for GuardLayer<G> {
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone() }
    }
}

impl<G, S> Layer<S> for GuardLayer<G> {
    type Service = Guarded<G, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { guard: self.guard.clone(), inner }
    }
}

/// An inner service behind a [`Guard`].
#[derive(Debug)]
pub struct Guarded<G, S> {
    guard: Option<Arc<G>>,
    inner: S,
}

impl<G, S: Clone> Clone for Guarded<G, S> {
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone(), inner: self.inner.clone() }
    }
}

impl<G, S, ReqBody, ResBody> Service<Request<ReqBody>> for Guarded<G, S>
where
    G: Guard,
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = GuardedFuture<G, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let Some(guard) = &self.guard else {
            return GuardedFuture { state: State::Inner { future: self.inner.call(request), answer: None } };
        };
        let seen = match guard.request(&mut request) {
            Ok(seen) => seen,
            Err(refusal) => match guard.mode() {
                Mode::Enforce => {
                    return GuardedFuture { state: State::Refused { refusal: Some(Box::new(refusal)) } };
                }
                Mode::Report => {
                    refusal.report(request.extensions());
                    G::Seen::default()
                }
            },
        };
        let answer = Some((Arc::clone(guard), seen));
        GuardedFuture { state: State::Inner { future: self.inner.call(request), answer } }
    }
}

pin_project! {
    /// The future of [`Guarded`].
    pub struct GuardedFuture<G: Guard, F> {
        #[pin]
        state: State<G, F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<G: Guard, F> {
        // The inner service is at work; then comes the turn of the answer.
        Inner { #[pin] future: F, answer: Option<(Arc<G>, G::Seen)> },
        // The inner service was never asked.
        Refused { refusal: Option<Box<Refusal>> },
    }
}

impl<G, F, ResBody, E> Future for GuardedFuture<G, F>
where
    G: Guard,
    F: Future<Output = Result<Response<ResBody>, E>>,
    ResBody: Default,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Inner { future, answer } => {
                let mut response = ready!(future.poll(cx))?;
                if let Some((guard, seen)) = answer.take() {
                    guard.response(seen, &mut response);
                }
                Poll::Ready(Ok(response))
            }
            StateProjection::Refused { refusal } => match refusal.take() {
                Some(refusal) => Poll::Ready(Ok(refusal.into_response())),
                None => Poll::Pending, // polled after it was ready: a contract broken by the caller
            },
        }
    }
}
