//! The public API against servers on loopback.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail this way")]

mod bad_input;
mod lockfiles;
mod reports;
mod server;
mod sites;
mod tls;
