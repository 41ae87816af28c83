//! An answer's body, which knows where its connection belongs.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderName;
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use pin_project_lite::pin_project;
use portcullis::intake::field::is_allowed_in_trailers;

use super::pool::Pool;

/// How long a connection may take to be ready again once its answer has ended.
const SETTLE: Duration = Duration::from_secs(1);

pin_project! {
    /// The body; when it has ended exactly, its connection goes back to the pool, and in any other case is closed.
    #[derive(Debug)]
    pub(crate) struct AnswerBody<B> {
        #[pin]
        body: Option<Incoming>,
        connection: Option<(SendRequest<B>, Arc<Pool<B>>)>,
    }
}

impl<B> Default for AnswerBody<B> {
    fn default() -> Self {
        Self { body: None, connection: None }
    }
}

impl<B: Send + 'static> AnswerBody<B> {
    pub(super) fn new(body: Incoming, sender: SendRequest<B>, pool: &Arc<Pool<B>>) -> Self {
        if body.is_end_stream() {
            give_back(sender, Arc::clone(pool));
            return Self::default();
        }
        Self { body: Some(body), connection: Some((sender, Arc::clone(pool))) }
    }
}

/// A connection is ready once its task has seen the end as well, which may be a moment later: the request's body may still
/// be on its way.
fn give_back<B: Send + 'static>(mut sender: SendRequest<B>, pool: Arc<Pool<B>>) {
    if sender.is_ready() {
        return pool.put(sender);
    }
    if sender.is_closed() {
        return;
    }
    tokio::spawn(async move {
        if let Ok(Ok(())) = tokio::time::timeout(SETTLE, sender.ready()).await {
            pool.put(sender);
        }
    });
}

impl<B: Send + 'static> Body for AnswerBody<B> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let polled = body.poll_frame(cx);
        let has_ended = match &polled {
            Poll::Ready(Some(Ok(_))) => {
                this.body.as_ref().as_pin_ref().is_none_or(|body| body.is_end_stream())
            }
            Poll::Ready(None) => true,
            Poll::Ready(Some(Err(_))) => {
                *this.connection = None;
                false
            }
            Poll::Pending => false,
        };
        if has_ended && let Some((sender, pool)) = this.connection.take() {
            give_back(sender, pool);
        }
        polled.map_ok(without_forbidden_trailers)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Trailers come after every guard has decided, so none may frame, route or authenticate.
pub(super) fn without_forbidden_trailers(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            let forbidden: Vec<HeaderName> =
                trailers.keys().filter(|name| !is_allowed_in_trailers(name)).cloned().collect();
            for name in forbidden {
                trailers.remove(name);
            }
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}
