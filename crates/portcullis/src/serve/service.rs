//! From the connection's requests to the application's service.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use http::{Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::ConnectionPlace;
use crate::{BoxError, Connection};

/// How many requests a connection has in flight, from the head's arrival to the end of the answer's body.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    pub(super) fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn one_more(&self) -> RequestInFlight {
        self.0.fetch_add(1, Ordering::Relaxed);
        RequestInFlight(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct RequestInFlight(Arc<AtomicUsize>);

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What can be served: every tower service of HTTP that can be cloned and sent, as axum's routers are.
///
/// Implemented for all of them; it says once what is asked of them.
pub trait Application: Clone + Send + Sync + 'static {
    /// The body of its answers.
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;
    /// What it fails with; the connection is closed then.
    type Error: Into<BoxError>;
    /// Its answer to come.
    type Future: Future<Output = Result<Response<Self::Body>, Self::Error>> + Send;

    /// As `tower::Service::poll_ready`.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;

    /// As `tower::Service::call`.
    fn call(&mut self, request: Request<Incoming>) -> Self::Future;
}

impl<S, B> Application for S
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Service::poll_ready(self, cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> S::Future {
        Service::call(self, request)
    }
}

/// The application as one connection sees it.
#[derive(Debug, Clone)]
pub(super) struct ConnectionService<A> {
    pub(super) app: A,
    pub(super) connection: Connection,
    pub(super) in_flight: InFlight,
    pub(super) place: ConnectionPlace,
}

impl<A: Application> hyper::service::Service<Request<Incoming>> for ConnectionService<A> {
    type Response = Response<ServeBody<A::Body>>;
    type Error = A::Error;
    type Future = ServeFuture<A>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.connection);
        if request.headers().contains_key(header::UPGRADE) {
            request.extensions_mut().insert(self.place.clone());
        }
        ServeFuture {
            in_flight: Some(self.in_flight.one_more()),
            state: State::Waiting { app: self.app.clone(), request: Some(request) },
        }
    }
}

pin_project! {
    /// Waits until the application is ready, then for its answer.
    pub(super) struct ServeFuture<A: Application> {
        in_flight: Option<RequestInFlight>,
        #[pin]
        state: State<A>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<A: Application> {
        Waiting { app: A, request: Option<Request<Incoming>> },
        Called { #[pin] future: A::Future },
    }
}

impl<A: Application> Future for ServeFuture<A> {
    type Output = Result<Response<ServeBody<A::Body>>, A::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Waiting { app, request } => {
                    ready!(app.poll_ready(cx))?;
                    let Some(request) = request.take() else { return Poll::Pending };
                    let future = app.call(request);
                    this.state.set(State::Called { future });
                }
                StateProjection::Called { future } => {
                    let response = ready!(future.poll(cx))?;
                    let in_flight = this.in_flight.take();
                    return Poll::Ready(Ok(response.map(|body| ServeBody { body, in_flight })));
                }
            }
        }
    }
}

pin_project! {
    /// An answer's body; while it lives, its connection is not idle.
    #[derive(Debug)]
    pub struct ServeBody<B> {
        #[pin]
        body: B,
        in_flight: Option<RequestInFlight>,
    }
}

impl<B: Body> Body for ServeBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
