//! Connections to the application that wait for their next request.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::client::conn::http1::SendRequest;

/// Connections of one worker. The one used last is used next, so that a pool which is larger than it need be shrinks.
#[derive(Debug)]
pub(super) struct Pool<B> {
    resting: Mutex<Vec<Resting<B>>>,
    idle: Duration,
    most: usize,
}

#[derive(Debug)]
struct Resting<B> {
    sender: SendRequest<B>,
    since: Instant,
}

impl<B> Pool<B> {
    pub(super) fn new(idle: Duration, most: usize) -> Self {
        Self { resting: Mutex::new(Vec::new()), idle, most }
    }

    /// A connection that is open, owes nothing and has not rested too long.
    pub(super) fn take(&self) -> Option<SendRequest<B>> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(Resting { sender, since }) = resting.pop() {
            if since.elapsed() > self.idle {
                // All that are left have rested longer.
                resting.clear();
                return None;
            }
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    /// Keeps a connection whose last exchange ended exactly.
    pub(super) fn put(&self, sender: SendRequest<B>) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < self.most {
            resting.push(Resting { sender, since: Instant::now() });
        }
    }
}
