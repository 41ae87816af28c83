//! The app as it is run: the binary, over HTTP and in a browser.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod browser;
mod browsing;
mod express;
mod http;
mod login;
mod notes;
mod readme;
mod server;
mod start;
mod visitor;
