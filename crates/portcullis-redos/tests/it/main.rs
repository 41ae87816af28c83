//! Promises of the crate, kept through its public interface.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "tests print how many cases ran, read where from, and fail by panicking"
)]

mod corpus;
mod lines;
mod node;
mod random;
mod verdicts;
