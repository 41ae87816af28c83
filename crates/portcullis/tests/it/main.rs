//! The public API from outside, and the wire vectors.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy.toml allows it only in functions that are tests themselves"
)]

mod body;
mod body_vectors;
mod client_vectors;
mod cookie_config;
mod cookie_session;
mod cookie_vectors;
mod cors;
mod csrf;
mod csrf_tokens;
mod csrf_vectors;
mod error;
mod error_vectors;
mod header;
mod header_config;
mod header_vectors;
mod limit;
mod limit_login_vectors;
mod limit_points_vectors;
mod limit_rate_vectors;
mod limit_redis;
mod redis_server;
mod session;
mod vectors;
