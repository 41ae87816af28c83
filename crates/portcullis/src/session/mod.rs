//! Sessions.

pub mod store;
