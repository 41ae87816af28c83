//! The response body that a client reads.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

use super::look::Seen;

pin_project! {
    /// The application's body, or ours in its place.
    pub struct ErrorBody<B: Body> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B: Body> {
        // As it came, never touched.
        Original { #[pin] body: B },
        // Ours.
        Replaced { #[pin] body: Full<Bytes> },
        // The application's, of which the beginning was looked at.
        Looked { seen: VecDeque<Result<Frame<Bytes>, B::Error>>, rest: Pin<Box<B>> },
    }
}

impl<B: Body> ErrorBody<B> {
    pub(super) fn original(body: B) -> Self {
        Self { kind: Kind::Original { body } }
    }

    pub(super) fn replaced(text: impl Into<Bytes>) -> Self {
        Self { kind: Kind::Replaced { body: Full::new(text.into()) } }
    }

    pub(super) fn looked(seen: Seen<B>) -> Self {
        Self { kind: Kind::Looked { seen: seen.frames, rest: seen.rest } }
    }
}

impl<B: Body + Default> Default for ErrorBody<B> {
    fn default() -> Self {
        Self::original(B::default())
    }
}

impl<B: Body> std::fmt::Debug for ErrorBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorBody").finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes>> Body for ErrorBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.project().kind.project() {
            KindProjection::Original { body } => body.poll_frame(cx),
            KindProjection::Replaced { body } => {
                body.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(|never| match never {})))
            }
            KindProjection::Looked { seen, rest } => match seen.pop_front() {
                Some(frame) => Poll::Ready(Some(frame)),
                None if rest.is_end_stream() => Poll::Ready(None),
                None => rest.as_mut().poll_frame(cx),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Original { body } => body.is_end_stream(),
            Kind::Replaced { body } => body.is_end_stream(),
            Kind::Looked { seen, rest } => seen.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Original { body } => body.size_hint(),
            Kind::Replaced { body } => body.size_hint(),
            Kind::Looked { seen, rest } => {
                let data = seen.iter().flatten().filter_map(Frame::data_ref);
                let waiting: u64 = data.map(|data| data.len() as u64).sum();
                let rest = rest.size_hint();
                let mut hint = SizeHint::new();
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(waiting));
                }
                hint.set_lower(rest.lower().saturating_add(waiting));
                hint
            }
        }
    }
}
