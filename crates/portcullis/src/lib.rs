//! The Express production security checklist as tower layers.
//!
//! Every guard is a `tower::Layer` of its own, usable alone on axum or any tower HTTP service, with production defaults.

pub mod access;
pub mod access_log;
pub mod body;
pub mod checklist;
pub mod client;
pub mod cookie;
pub mod cors;
pub mod error;
pub mod header;
pub mod intake;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(feature = "static-files")]
pub mod static_files;
pub mod tally;
pub mod timeout;

mod config_error;
mod connection;
mod content_coding;
pub mod duration;
mod guard;
mod mode;
mod refusal;
mod request_id;

#[cfg(feature = "serve")]
pub use self::serve::serve;
/// Any error, on its way through a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub use self::{
    checklist::Checklist,
    config_error::ConfigError,
    connection::Connection,
    guard::{Guard, GuardLayer, Guarded, GuardedFuture},
    mode::Mode,
    refusal::Refusal,
    request_id::RequestId,
};
