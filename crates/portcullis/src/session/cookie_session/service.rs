//! The cookie sessions around an inner service.

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

use super::{CookieSession, CookieSessionLayer, Policy};
use crate::{Connection, client::Client, csrf::SessionSecret};

impl<S> Layer<S> for CookieSessionLayer {
    type Service = CookieSessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CookieSessionService { policy: Arc::clone(&self.policy), inner }
    }
}

/// An inner service with cookie sessions.
#[derive(Debug, Clone)]
pub struct CookieSessionService<S> {
    policy: Arc<Policy>,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for CookieSessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = CookieSessionFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let extensions = request.extensions();
        let connection = || extensions.get().is_some_and(|connection: &Connection| connection.tls);
        let secure = extensions.get().map_or_else(connection, Client::secure);
        let session = CookieSession::new(Arc::clone(&self.policy), request.headers(), secure);
        request.extensions_mut().insert(SessionSecret(Arc::new(session.clone())));
        request.extensions_mut().insert(session.clone());
        CookieSessionFuture { inner: self.inner.call(request), session }
    }
}

pin_project! {
    /// The future of [`CookieSessionService`].
    pub struct CookieSessionFuture<F> {
        #[pin]
        inner: F,
        session: CookieSession,
    }
}

impl<F, ResBody, E> Future for CookieSessionFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
{
    type Output = Result<Response<ResBody>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        this.session.finish(response.headers_mut());
        Poll::Ready(Ok(response))
    }
}
