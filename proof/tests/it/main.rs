//! What is promised, held on real Express through real sockets.

#![allow(
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and a proof prints how much it has proven"
)]

mod arrows;
mod bad_input;
mod catalogue;
mod limits;
mod passing;
mod promises;
mod streaming;
