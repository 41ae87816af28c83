//! The application behind the gate.
//!
//! `Upstream::exchange` is all that the rest of the gate knows of it: an admitted request in, an answer out, or an
//! `ExchangeError` that says whose fault it was. What speaks HTTP/1.1 below it can be replaced.

mod answer;
mod exchange;
mod pool;
mod request_body;
mod tunnel;

use std::time::Duration;

use http::uri::{Authority, Uri};
use portcullis::ConfigError;
use serde::Deserialize;

pub(crate) use self::{answer::AnswerBody, exchange::Upstream, request_body::RequestBody};

/// Where the application is, and how long it may take to answer a connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// `http://host:port`, without a path.
    pub to: String,
    /// For a connection to be made. Default 5 s.
    #[serde(deserialize_with = "crate::config::duration")]
    pub connect: Duration,
    /// How long an unused connection is kept. Default 4 s: Node closes its own after 5 s, and a request should not meet that.
    #[serde(deserialize_with = "crate::config::duration")]
    pub idle: Duration,
    /// Unused connections kept, per worker. Default 256.
    pub max_idle: usize,
    /// How long a tunnel (a WebSocket) may be silent. Default 10 m.
    #[serde(deserialize_with = "crate::config::duration")]
    pub tunnel_idle: Duration,
    /// Whether upgrades such as WebSocket are passed on. Default: yes.
    pub upgrades: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            to: String::new(),
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(4),
            max_idle: 256,
            tunnel_idle: Duration::from_secs(600),
            upgrades: true,
        }
    }
}

impl Config {
    /// The application at `to`.
    pub fn new(to: impl Into<String>) -> Self {
        Self { to: to.into(), ..Self::default() }
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> Result<String, ConfigError> {
        let wrong = |right: &str| ConfigError::new("to", format!("{:?}", self.to), right);
        let right = "an address such as \"http://127.0.0.1:3000\"";
        if self.to.is_empty() {
            return Err(wrong(right));
        }
        let uri: Uri = self.to.parse().map_err(|_| wrong(right))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(wrong("an http:// address: TLS towards the application is not built yet"));
            }
            _ => return Err(wrong(right)),
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("an address without a path: the request's own path is passed on"));
        }
        let authority: &Authority = uri.authority().ok_or_else(|| wrong(right))?;
        if authority.as_str().contains('@') {
            return Err(wrong("an address without a user"));
        }
        Ok(format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80)))
    }
}
