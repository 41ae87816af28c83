//! Reading the beginning of an error body before it is decided whether the client may have it.

use std::{
    collections::VecDeque,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

use crate::content_coding::{Broken, ContentCoding, Inflation};

/// A look at a body: it reads until the body ends, enough is read, or time is up.
pub(super) struct Look<B: Body> {
    body: Pin<Box<B>>,
    seen: VecDeque<Result<Frame<Bytes>, B::Error>>,
    bytes: usize,
    max_bytes: usize,
    max_wait: Duration,
    /// Begins with the first wait: most bodies are there at once.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Why a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The body was seen to its end, or to where it broke off.
    Whole,
    /// It goes on behind what was seen.
    Enough,
    /// Its sender kept the look waiting.
    Late,
}

/// What a look saw, and the rest.
pub(super) struct Seen<B: Body> {
    pub(super) frames: VecDeque<Result<Frame<Bytes>, B::Error>>,
    pub(super) rest: Pin<Box<B>>,
    pub(super) end: End,
    max_bytes: usize,
}

impl<B: Body<Data = Bytes>> Look<B> {
    pub(super) fn new(body: B, max_bytes: usize, max_wait: Duration) -> Self {
        Self { body: Box::pin(body), seen: VecDeque::new(), bytes: 0, max_bytes, max_wait, deadline: None }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            if self.body.is_end_stream() {
                return Poll::Ready(End::Whole);
            }
            // Frames without bytes are counted, too: an endless row of them must not be held.
            if self.bytes >= self.max_bytes || self.seen.len() >= MAX_FRAMES {
                return Poll::Ready(End::Enough);
            }
            match self.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.bytes += frame.data_ref().map_or(0, Bytes::len);
                    self.seen.push_back(Ok(frame));
                }
                Poll::Ready(Some(Err(error))) => {
                    self.seen.push_back(Err(error));
                    return Poll::Ready(End::Whole);
                }
                Poll::Ready(None) => return Poll::Ready(End::Whole),
                Poll::Pending => {
                    let max_wait = self.max_wait;
                    let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(max_wait)));
                    return deadline.as_mut().poll(cx).map(|()| End::Late);
                }
            }
        }
    }

    pub(super) fn finish(self, end: End) -> Seen<B> {
        Seen { frames: self.seen, rest: self.body, end, max_bytes: self.max_bytes }
    }
}

impl<B: Body<Data = Bytes>> Seen<B> {
    /// The bytes seen, at most as many as were asked for.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for data in self.frames.iter().flatten().filter_map(Frame::data_ref) {
            let room = self.max_bytes - bytes.len();
            bytes.extend_from_slice(data.get(..room).unwrap_or(data));
        }
        bytes
    }

    /// What the bytes seen inflate to, at most as many as were asked for. A body not seen to its end may stop anywhere.
    pub(super) fn inflated(&self, coding: ContentCoding) -> Result<Vec<u8>, Broken> {
        let mut inflation = Inflation::new(coding);
        let mut plain = Vec::new();
        let flow = inflation.feed(&self.bytes(), |piece| {
            let room = self.max_bytes - plain.len();
            plain.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if plain.len() < self.max_bytes { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if self.end == End::Whole && flow.is_continue() && self.frames.iter().all(Result::is_ok) {
            inflation.finish()?;
        }
        Ok(plain)
    }
}

const MAX_FRAMES: usize = 4 * 1024;
