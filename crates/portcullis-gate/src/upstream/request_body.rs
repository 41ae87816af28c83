//! A request's body on its way to the application.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::answer::without_forbidden_trailers;

pin_project! {
    /// A body, or none: a request without one can be sent again.
    #[derive(Debug)]
    pub(crate) struct RequestBody<B> {
        #[pin]
        body: Option<B>,
    }
}

impl<B: Body> RequestBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body: (!body.is_end_stream()).then_some(body) }
    }

    pub(super) fn none() -> Self {
        Self { body: None }
    }

    pub(super) fn is_none(&self) -> bool {
        self.body.is_none()
    }
}

impl<B: Body<Data = Bytes>> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().body.as_pin_mut() {
            Some(body) => body.poll_frame(cx).map_ok(without_forbidden_trailers),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
