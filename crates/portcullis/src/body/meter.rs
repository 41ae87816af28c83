//! What is counted while a body streams by: its bytes, and the bytes it inflates to.

use std::ops::ControlFlow;

use http::StatusCode;
use portcullis_rules::{limit, validation};

use crate::{
    content_coding::{ContentCoding, Inflation},
    refusal::Refusal,
};

/// The count of one body.
#[derive(Debug)]
pub(super) struct Meter {
    max_bytes: u64,
    /// Bytes as they came.
    received: u64,
    inflated: Option<Inflated>,
}

#[derive(Debug)]
struct Inflated {
    inflation: Inflation,
    bytes: u64,
}

impl Meter {
    pub(super) fn new(max_bytes: u64, coding: Option<ContentCoding>) -> Self {
        let inflated = coding.map(|coding| Inflated { inflation: Inflation::new(coding), bytes: 0 });
        Self { max_bytes, received: 0, inflated }
    }

    /// Counts bytes that are about to be forwarded.
    pub(super) fn count(&mut self, data: &[u8]) -> Result<(), Refusal> {
        self.received = self.received.saturating_add(data.len() as u64);
        let coding = self.inflated.is_some();
        if self.received > max_received(self.max_bytes, coding) {
            return Err(too_large(self.max_bytes));
        }
        let Some(Inflated { inflation, bytes }) = &mut self.inflated else { return Ok(()) };
        let max_bytes = self.max_bytes;
        let flow = inflation.feed(data, |piece| {
            *bytes = bytes.saturating_add(piece.len() as u64);
            if *bytes > max_bytes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match flow {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                &limit::INFLATION_UNLIMITED,
                format!("the body inflates to more than {max_bytes} bytes"),
            )
            .closing()),
            Err(_) => Err(broken()),
        }
    }

    /// Says that the body ended as its framing promised.
    pub(super) fn finish(&mut self) -> Result<(), Refusal> {
        match &mut self.inflated {
            Some(inflated) => inflated.inflation.finish().map_err(|_| broken()),
            None => Ok(()),
        }
    }
}

/// How many bytes may come for a body of at most `max_bytes` inflated ones.
///
/// A coding makes incompressible bytes a little longer, but a stream of empty blocks inflates to nothing for ever: so
/// an eighth and 1 KiB on top, and no more.
pub(super) fn max_received(max_bytes: u64, coded: bool) -> u64 {
    if coded { max_bytes.saturating_add(max_bytes / 8).saturating_add(1024) } else { max_bytes }
}

pub(super) fn too_large(max_bytes: u64) -> Refusal {
    let detail = format!("the body is larger than {max_bytes} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &limit::BODY_UNLIMITED, detail).closing()
}

fn broken() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        &validation::MEDIA_TYPE_UNCHECKED,
        "the body is not what its content coding asks for",
    )
    .closing()
}
