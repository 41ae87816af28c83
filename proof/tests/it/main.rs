//! What is promised, held on real Express through real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod arrows;
mod bad_input;
mod catalogue;
mod passing;
mod promises;
mod streaming;
