//! Request ids, and one line for each request.
//!
//! Every request gets a [`RequestId`], in its extensions and as `X-Request-Id` towards the application; what a client sends
//! under that name is replaced, so that it cannot forge a line of the log.
//!
//! A line tells what was asked and what became of it, once the answer's last byte is on its way: method, path, status,
//! bytes, time, client, and for a refusal rule and detail. It never tells the query, cookies or bodies, where secrets live.

use std::{
    future::Future,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Buf;
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Connection, Refusal, RequestId, client::Client};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names requests, and logs them if asked.
#[derive(Debug, Clone, Copy)]
pub struct AccessLogLayer {
    is_on: bool,
}

impl AccessLogLayer {
    /// `is_on`: whether lines are written; ids are given in any case.
    pub fn new(is_on: bool) -> Self {
        Self { is_on }
    }
}

impl<S> Layer<S> for AccessLogLayer {
    type Service = AccessLog<S>;

    fn layer(&self, inner: S) -> AccessLog<S> {
        AccessLog { inner, is_on: self.is_on }
    }
}

/// An inner service whose requests are named and logged.
#[derive(Debug, Clone)]
pub struct AccessLog<S> {
    inner: S,
    is_on: bool,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AccessLog<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<LoggedBody<ResBody>>;
    type Error = S::Error;
    type Future = AccessLogFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let id = RequestId::next();
        request.headers_mut().insert(&X_REQUEST_ID, id.to_header_value());
        let line = self.is_on.then(|| Box::new(Line::new(&id, &request)));
        request.extensions_mut().insert(id);
        AccessLogFuture { future: self.inner.call(request), line }
    }
}

pin_project! {
    /// The future of [`AccessLog`].
    #[derive(Debug)]
    pub struct AccessLogFuture<F> {
        #[pin]
        future: F,
        line: Option<Box<Line>>,
    }
}

impl<F, ResBody, E> Future for AccessLogFuture<F>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
{
    type Output = Result<Response<LoggedBody<ResBody>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        let mut line = this.line.take();
        if let Some(line) = &mut line {
            line.status = Some(response.status());
            line.refusal = response.extensions().get::<Refusal>().cloned();
        }
        Poll::Ready(Ok(response.map(|body| LoggedBody { body, line })))
    }
}

pin_project! {
    /// A body that is counted; its line is written when it ends, or is dropped before.
    #[derive(Debug)]
    pub struct LoggedBody<B> {
        #[pin]
        body: B,
        line: Option<Box<Line>>,
    }
}

impl<B: Default> Default for LoggedBody<B> {
    fn default() -> Self {
        Self { body: B::default(), line: None }
    }
}

impl<B: Body> Body for LoggedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        if let Some(line) = this.line {
            match &polled {
                Poll::Ready(Some(Ok(frame))) => {
                    line.bytes += frame.data_ref().map_or(0, Buf::remaining) as u64;
                }
                Poll::Ready(Some(Err(_))) => line.is_cut = true,
                Poll::Ready(None) | Poll::Pending => {}
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request's line; written when dropped, so that an abandoned request has one too.
#[derive(Debug)]
struct Line {
    started: Instant,
    id: RequestId,
    client: Option<IpAddr>,
    tls: bool,
    method: Method,
    path: Box<str>,
    version: http::Version,
    status: Option<StatusCode>,
    refusal: Option<Refusal>,
    bytes: u64,
    is_cut: bool,
}

impl Line {
    fn new<B>(id: &RequestId, request: &Request<B>) -> Self {
        let extensions = request.extensions();
        let connection = extensions.get::<Connection>();
        let client = extensions.get::<Client>().map(|client| client.address);
        Self {
            started: Instant::now(),
            id: id.clone(),
            client: client.or_else(|| connection.map(|connection| connection.peer.ip())),
            tls: connection.is_some_and(|connection| connection.tls),
            method: request.method().clone(),
            path: request.uri().path().into(),
            version: request.version(),
            status: None,
            refusal: None,
            bytes: 0,
            is_cut: false,
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let milliseconds = self.started.elapsed().as_secs_f64() * 1000.0;
        tracing::info!(
            target: "portcullis::access",
            request_id = self.id.as_str(),
            client = self.client.map(tracing::field::display),
            tls = self.tls,
            method = self.method.as_str(),
            path = &*self.path,
            version = ?self.version,
            // 499, as nginx: the client went away before there was an answer.
            status = self.status.map_or(499, |status| status.as_u16()),
            bytes = self.bytes,
            milliseconds = (milliseconds * 1000.0).round() / 1000.0,
            cut = self.is_cut.then_some(true),
            rule = self.refusal.as_ref().map(|refusal| refusal.rule.id.as_str()),
            detail = self.refusal.as_ref().map(|refusal| &*refusal.detail),
            "request"
        );
    }
}
