//! The public API from outside, and the wire vectors.
//! The public API from outside, and the wire vectors: one binary, one module a guard.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
    reason = "a test that cannot go on fails; clippy.toml allows it only in functions that are tests themselves"
)]

mod body;
mod body_vectors;
mod client_vectors;
mod cookie_config;
mod cookie_vectors;
mod error;
mod error_vectors;
mod header;
mod header_vectors;
mod vectors;
