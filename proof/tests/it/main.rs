//! What is promised, held on real Express through real sockets.

#![allow(
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and a proof prints how much it has proven"
)]

mod active_audit;
mod arrows;
mod bad_input;
mod catalogue;
mod cookie_session_vectors;
mod csrf;
mod limits;
mod passing;
mod promises;
mod sealed_cookies;
mod session_scenario;
mod session_store_postgres;
mod session_store_redis;
mod session_store_sqlite;
mod session_vectors;
mod sharing;
mod side_by_side;
mod streaming;

#[path = "../../../crates/portcullis/tests/it/vectors.rs"]
mod vectors;
