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
use crate::Connection;

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

/// The application's service as one connection sees it.
#[derive(Debug, Clone)]
pub(super) struct ConnectionService<S> {
    pub(super) app: S,
    pub(super) connection: Connection,
    pub(super) in_flight: InFlight,
    pub(super) place: ConnectionPlace,
}

impl<S, B> hyper::service::Service<Request<Incoming>> for ConnectionService<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    B: Body,
{
    type Response = Response<ServeBody<B>>;
    type Error = S::Error;
    type Future = ServeFuture<S>;

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
    pub(super) struct ServeFuture<S: Service<Request<Incoming>>> {
        in_flight: Option<RequestInFlight>,
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<Incoming>>> {
        Waiting { app: S, request: Option<Request<Incoming>> },
        Called { #[pin] future: S::Future },
    }
}

impl<S, B> Future for ServeFuture<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    B: Body,
{
    type Output = Result<Response<ServeBody<B>>, S::Error>;

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
