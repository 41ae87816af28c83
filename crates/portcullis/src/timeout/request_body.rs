//! A request's body that must keep coming.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

use super::Config;
use crate::{BoxError, Mode};

/// How far a body has come: told to the answer's future, which may live in another task.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<AtomicU8>);

const COMING: u8 = 0;
const ENDED: u8 = 1;
const TOO_SLOW: u8 = 2;

impl Progress {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(COMING)))
    }

    pub(super) fn is_coming(&self) -> bool {
        self.0.load(Ordering::Relaxed) == COMING
    }

    pub(super) fn was_too_slow(&self) -> bool {
        self.0.load(Ordering::Relaxed) == TOO_SLOW
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

/// The client let us wait for its request's body longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyTooSlow;

impl fmt::Display for BodyTooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client sends its request body too slowly")
    }
}

impl std::error::Error for BodyTooSlow {}

pin_project! {
    /// A body whose sender must keep its pace.
    #[derive(Debug)]
    pub struct PacedBody<B> {
        #[pin]
        body: B,
        watch: Option<Watch>,
    }

    impl<B> PinnedDrop for PacedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(watch) = this.project().watch {
                watch.end();
            }
        }
    }
}

#[derive(Debug)]
struct Watch {
    progress: Progress,
    bytes_per_second: f64,
    mode: Mode,
    /// How much longer the client may let us wait.
    credit: Duration,
    credit_limit: Duration,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    until: Pin<Box<Sleep>>,
}

impl<B: Body> PacedBody<B> {
    /// A body without an end in sight is watched; an empty one costs nothing.
    pub(super) fn new(body: B, config: Option<&Config>) -> (Self, Option<Progress>) {
        let Some(config) = config.filter(|_| !body.is_end_stream()) else {
            return (Self { body, watch: None }, None);
        };
        let progress = Progress::new();
        let watch = Watch {
            progress: progress.clone(),
            bytes_per_second: f64::from(config.min_body_bytes_per_second),
            mode: config.mode,
            credit: config.body_grace,
            credit_limit: config.body_grace,
            waiting: None,
        };
        (Self { body, watch: Some(watch) }, Some(progress))
    }
}

impl Watch {
    /// The client sent something: the wait is over, and bought time.
    fn received(&mut self, bytes: usize) {
        if let Some(waiting) = self.waiting.take() {
            self.credit = self.credit.saturating_sub(waiting.since.elapsed());
        }
        #[allow(clippy::cast_precision_loss, reason = "a frame's length is far below 2^52")]
        let bought = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second);
        self.credit = self.credit.saturating_add(bought).min(self.credit_limit);
    }

    /// Whether the client has let us wait too long.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let credit = self.credit;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Waiting { since: Instant::now(), until: Box::pin(sleep(credit)) });
        waiting.until.as_mut().poll(cx).is_ready()
    }

    fn end(&mut self) {
        if self.progress.is_coming() {
            self.progress.set(ENDED);
        }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        let Some(watch) = this.watch else { return polled.map_err(Into::into) };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => watch.received(frame.data_ref().map_or(0, Buf::remaining)),
            Poll::Ready(_) => watch.end(),
            Poll::Pending => {
                if watch.is_over(cx) {
                    match watch.mode {
                        Mode::Enforce => {
                            watch.progress.set(TOO_SLOW);
                            return Poll::Ready(Some(Err(BodyTooSlow.into())));
                        }
                        Mode::Report => {
                            super::service::report("the client sends its request body too slowly");
                            *this.watch = None;
                        }
                    }
                }
            }
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
