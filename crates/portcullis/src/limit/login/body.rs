//! A body of which the beginning may have been read: it goes on as it came.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use pin_project_lite::pin_project;

pin_project! {
    /// A request's body behind the guard: byte for byte what the client sent.
    pub struct LoginBody<B: Body> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B: Body> {
        // No login: never touched.
        Whole { #[pin] body: B },
        // What was read, and the rest.
        Read { frames: VecDeque<Result<Frame<Bytes>, B::Error>>, rest: Pin<Box<B>> },
    }
}

impl<B: Body<Data = Bytes>> LoginBody<B> {
    pub(super) fn whole(body: B) -> Self {
        Self { kind: Kind::Whole { body } }
    }

    /// Reads to the end or to the first error, which whoever reads next gets. The bytes, unless there are more than
    /// `max_bytes`, and the body.
    pub(super) async fn read(body: B, max_bytes: usize) -> (Option<Vec<u8>>, Self) {
        if body.size_hint().lower() > max_bytes as u64 {
            return (None, Self::whole(body));
        }
        let mut is_whole = true;
        let (mut frames, mut rest, mut bytes) = (VecDeque::new(), Box::pin(body), Vec::new());
        while let Some(frame) = rest.frame().await {
            if let Some(data) = frame.as_ref().ok().and_then(Frame::data_ref) {
                is_whole = bytes.len() + data.len() <= max_bytes;
                bytes.extend_from_slice(if is_whole { data } else { &[] });
            }
            let has_failed = frame.is_err();
            frames.push_back(frame);
            // Frames without bytes must not make a queue without end.
            if has_failed || !is_whole || frames.len() > max_bytes {
                break;
            }
        }
        (is_whole.then_some(bytes), Self { kind: Kind::Read { frames, rest } })
    }
}

impl<B: Body> std::fmt::Debug for LoginBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginBody").finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes>> Body for LoginBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.project().kind.project() {
            KindProjection::Whole { body } => body.poll_frame(cx),
            KindProjection::Read { frames, rest } => match frames.pop_front() {
                Some(frame) => Poll::Ready(Some(frame)),
                None if rest.is_end_stream() => Poll::Ready(None),
                None => rest.as_mut().poll_frame(cx),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole { body } => body.is_end_stream(),
            Kind::Read { frames, rest } => frames.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Whole { body } => body.size_hint(),
            Kind::Read { frames, rest } => {
                let data = frames.iter().flatten().filter_map(Frame::data_ref);
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
