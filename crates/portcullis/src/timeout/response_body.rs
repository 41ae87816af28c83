//! An answer's body that must not pause for ever.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Config;
use crate::{BoxError, Mode};

/// The answer paused or lasted longer than it may; it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerTooSlow;

impl fmt::Display for AnswerTooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer's body paused or lasted too long")
    }
}

impl std::error::Error for AnswerTooSlow {}

pin_project! {
    /// A body with a deadline between its parts, and one for all of it.
    #[derive(Debug)]
    pub struct DeadlineBody<B> {
        #[pin]
        body: B,
        config: Option<Arc<Config>>,
        end: Instant,
        // Made at the first pause, so that a body that is there costs no timer.
        pause: Option<Pin<Box<Sleep>>>,
        pausing: bool,
    }
}

impl<B: Default> Default for DeadlineBody<B> {
    fn default() -> Self {
        Self { body: B::default(), config: None, end: Instant::now(), pause: None, pausing: false }
    }
}

impl<B> DeadlineBody<B> {
    pub(super) fn new(body: B, config: Arc<Config>, end: Instant) -> Self {
        Self { body, config: Some(config), end, pause: None, pausing: false }
    }

    /// Without deadlines: a refusal's body.
    pub(super) fn unwatched(body: B) -> Self {
        Self { body, config: None, end: Instant::now(), pause: None, pausing: false }
    }
}

impl<B> Body for DeadlineBody<B>
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
        let polled = this.body.poll_frame(cx).map_err(Into::into);
        let Some(config) = this.config.as_deref() else { return polled };
        if polled.is_ready() {
            *this.pausing = false;
            return polled;
        }
        let until = (Instant::now() + config.idle).min(*this.end);
        let pause = this.pause.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if !*this.pausing {
            *this.pausing = true;
            pause.as_mut().reset(until);
        }
        if pause.as_mut().poll(cx).is_ready() {
            match config.mode {
                Mode::Enforce => return Poll::Ready(Some(Err(AnswerTooSlow.into()))),
                Mode::Report => {
                    super::service::report("the answer's body paused or lasted too long");
                    *this.config = None;
                }
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
