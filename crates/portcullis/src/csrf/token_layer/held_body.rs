//! A request's body of which the beginning was read, and which goes on unchanged.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// What was read of a body, and the rest of it.
pub struct HeldBody<B: Body> {
    held: VecDeque<Result<Frame<Bytes>, B::Error>>,
    rest: Option<Pin<Box<B>>>,
}

impl<B: Body<Data = Bytes>> HeldBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self { held: VecDeque::new(), rest: Some(Box::pin(body)) }
    }

    /// Reads to the end, holding at most `max_bytes` and a frame. `None` if there is more, or the body broke off.
    ///
    /// Whether it comes to its end or is dropped on its way, nothing of the body is lost.
    pub(super) async fn hold(&mut self, max_bytes: usize) -> Option<Vec<u8>> {
        let mut bytes = 0;
        while let Some(rest) = &mut self.rest {
            if rest.is_end_stream() {
                break;
            }
            match poll_fn(|cx| rest.as_mut().poll_frame(cx)).await {
                None => self.rest = None,
                Some(frame) => {
                    let is_whole = frame.is_ok();
                    bytes += frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
                    self.held.push_back(frame);
                    if !is_whole || bytes > max_bytes || self.held.len() >= MAX_FRAMES {
                        return None;
                    }
                }
            }
        }
        let data = self.held.iter().flatten().filter_map(Frame::data_ref);
        Some(data.flat_map(|data| data.iter().copied()).collect())
    }
}

impl<B: Body> fmt::Debug for HeldBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldBody").finish_non_exhaustive()
    }
}

impl<B: Body> Unpin for HeldBody<B> {}

impl<B: Body<Data = Bytes>> Body for HeldBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.held.pop_front() {
            return Poll::Ready(Some(frame));
        }
        match &mut self.rest {
            Some(rest) if !rest.is_end_stream() => rest.as_mut().poll_frame(cx),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.iter().flatten().filter_map(Frame::data_ref);
        let held: u64 = held.map(|data| data.len() as u64).sum();
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint.set_lower(rest.lower().saturating_add(held));
        hint
    }
}

/// Frames without bytes are counted, too: an endless row of them must not be held.
const MAX_FRAMES: usize = 4 * 1024;
