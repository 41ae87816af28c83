//! The request body that an application behind the guard reads.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Extensions;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::meter::Meter;
use crate::{mode::Mode, refusal::Refusal, request_id::RequestId, tally};

pin_project! {
    /// A body that is counted as it streams by. Frames go on as they came, trailers too.
    ///
    /// Where the guard refuses, the body ends with [`BodyRefused`] before the frame that was too much.
    #[derive(Debug)]
    pub struct MeteredBody<B> {
        #[pin]
        body: B,
        metering: Option<Metering>,
        refused: bool,
    }
}

/// What the body and the one who answers know of each other.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    refusal: OnceLock<Refusal>,
    answered: AtomicBool,
}

impl Verdict {
    /// The refusal that the answer must carry, if it comes before the answer does.
    pub(super) fn at_answer(&self) -> Option<Refusal> {
        self.answered.store(true, Ordering::Release);
        self.refusal.get().cloned()
    }

    /// Leaves a refusal; counts and logs it if nobody is left who would answer with it.
    fn refuse(&self, refusal: &Refusal) {
        let first = self.refusal.set(refusal.clone()).is_ok();
        if first && self.answered.load(Ordering::Acquire) {
            tally::count(refusal.rule, tally::Outcome::Refused);
            let (rule, detail) = (refusal.rule.id.as_str(), &refusal.detail);
            tracing::warn!(target: "portcullis::refusal", rule, %detail, "body refused after the answer had begun");
        }
    }
}

#[derive(Debug)]
pub(super) struct Metering {
    pub(super) meter: Meter,
    pub(super) mode: Mode,
    pub(super) verdict: Arc<Verdict>,
    /// For the log of report mode.
    pub(super) request_id: Option<RequestId>,
}

/// The error with which a refused body ends, boxed. The answer that the refusal asks for is given by the guard itself,
/// whatever the application answers.
#[derive(Debug, Clone)]
pub struct BodyRefused(pub Refusal);

impl fmt::Display for BodyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request body refused: {}", self.0.detail)
    }
}

impl Error for BodyRefused {}

impl<B> MeteredBody<B> {
    pub(super) fn new(body: B, metering: Option<Metering>) -> Self {
        Self { body, metering, refused: false }
    }
}

impl<B> Body for MeteredBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        if *this.refused {
            return Poll::Ready(None);
        }
        let frame = match ready!(this.body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => Some(frame),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            None => None,
        };
        // Whoever reads may stop at the last frame, so the end is judged before that frame is handed on.
        let last = frame.as_ref().is_none_or(Frame::is_trailers) || this.body.is_end_stream();
        if let Some(metering) = this.metering {
            let data = frame.as_ref().and_then(Frame::data_ref);
            if let Err(refusal) = metering.judge(data, last) {
                match metering.mode {
                    Mode::Enforce => {
                        metering.verdict.refuse(&refusal);
                        *this.refused = true;
                        return Poll::Ready(Some(Err(Box::new(BodyRefused(refusal)))));
                    }
                    Mode::Report => {
                        metering.report(&refusal);
                        *this.metering = None;
                    }
                }
            }
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.refused || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.refused { SizeHint::with_exact(0) } else { self.body.size_hint() }
    }
}

impl Metering {
    fn judge(&mut self, data: Option<&Bytes>, last: bool) -> Result<(), Refusal> {
        if let Some(data) = data {
            self.meter.count(data)?;
        }
        if last { self.meter.finish() } else { Ok(()) }
    }

    fn report(&mut self, refusal: &Refusal) {
        let mut extensions = Extensions::new();
        if let Some(id) = self.request_id.take() {
            extensions.insert(id);
        }
        refusal.report(&extensions);
    }
}
