//! An accept loop that keeps its deadlines.
//!
//! `axum::serve` sets no timer, so a client that sends a head slowly, or nothing at all, holds a connection for ever
//! (slowloris). [`serve`] is one line that mends that for any tower service of HTTP, axum routers among them:
//!
//! 1. a connection that sends nothing is closed after [`Config::first_byte`], and costs less than a kilobyte until then;
//! 2. a TLS handshake and a request head each have a deadline;
//! 3. a client that does not read its answer, or reads it a few bytes a second, is cut off;
//! 4. connections are bounded in all and per client address;
//! 5. HTTP/2 is bounded in streams, in header bytes and in resets, those the client sends (CVE-2023-44487) and those it
//!    provokes (CVE-2025-8671);
//! 6. at shutdown no request is lost: idle connections close, busy ones finish, until [`Config::drain`] is over.
//!
//! Deadlines of a request's body and answer are the guard [`crate::timeout`]'s.
//!
//! **What this does not stop**: a client that keeps within all bounds from many addresses.
//!
//! On a plain listener HTTP/1.1 is spoken; over TLS what ALPN chose, HTTP/1.1 or HTTP/2.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::{TcpListener, TcpStream}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let (stop, stopped) = tokio::sync::oneshot::channel();
//! let server = portcullis::serve(listener, Router::new().route("/", get(|| async { "hello" })))
//!     .until(async { let _ = stopped.await; });
//! let server = tokio::spawn(server.run());
//!
//! let mut client = TcpStream::connect(address).await?;
//! client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//! assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"));
//!
//! stop.send(()).unwrap();
//! server.await.unwrap();
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use portcullis_rules::{Rule, limit};
use serde::Deserialize;

mod admission;
mod connection;
mod deadline;
mod listener;
mod service;
pub mod tls;

pub use self::{
    admission::ConnectionPlace,
    listener::{Connections, Server, serve},
    service::{Application, ServeBody},
};

use crate::ConfigError;

/// The rules that [`serve`] makes hold.
pub const ENFORCES: &[&Rule] = &[&limit::SLOW_CLIENT, &limit::TIMEOUTS_MISSING];

/// The bounds of a server. The defaults are for production.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// From the accept to the first byte. Default 10 s.
    #[serde(with = "crate::duration")]
    pub first_byte: Duration,
    /// For the TLS handshake. Default 10 s.
    #[serde(with = "crate::duration")]
    pub handshake: Duration,
    /// For a request's head, counted from the end of the last answer: in HTTP/1.1 also how long a connection may be idle.
    /// Default 10 s.
    #[serde(with = "crate::duration")]
    pub header: Duration,
    /// How long an HTTP/2 connection may have no stream. Default 60 s.
    #[serde(with = "crate::duration")]
    pub idle: Duration,
    /// Over how long a client's reading is judged. Default 10 s.
    #[serde(with = "crate::duration")]
    pub read_window: Duration,
    /// What a client must read per second once the socket's buffer is full. Default 500 bytes.
    pub min_read_bytes_per_second: u64,
    /// How long a shutdown waits for requests in flight. Default 30 s.
    #[serde(with = "crate::duration")]
    pub drain: Duration,
    /// Connections at a time. Default 16384. More wait in the kernel's queue.
    pub max_connections: usize,
    /// Connections at a time from one address (IPv6: one /64). Default 512. More are closed at once. Behind a load balancer,
    /// which is one address to us, raise it.
    pub max_connections_per_client: usize,
    /// Bytes of a request's head. Default 16 KiB: 8 KiB for fields is what most servers take. At least 8192.
    pub max_header_bytes: u32,
    /// Fields of a request. Default 100.
    pub max_header_fields: usize,
    /// Streams at a time on an HTTP/2 connection. Default 128.
    pub max_streams: u32,
    /// Streams that a client may open and reset before they are looked at. Default 20, as in h2 since CVE-2023-44487.
    pub max_pending_reset_streams: usize,
    /// Streams that a client may make us reset by its errors (CVE-2025-8671). Default 100.
    pub max_local_error_reset_streams: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            read_window: Duration::from_secs(10),
            min_read_bytes_per_second: 500,
            drain: Duration::from_secs(30),
            max_connections: 16_384,
            max_connections_per_client: 512,
            max_header_bytes: 16 * 1024,
            max_header_fields: 100,
            max_streams: 128,
            max_pending_reset_streams: 20,
            max_local_error_reset_streams: 100,
        }
    }
}

impl Config {
    /// Whether every bound is one that can be kept.
    pub fn check(&self) -> Result<(), ConfigError> {
        let durations = [
            ("first_byte", self.first_byte),
            ("handshake", self.handshake),
            ("header", self.header),
            ("idle", self.idle),
            ("read_window", self.read_window),
        ];
        for (name, duration) in durations {
            if duration < Duration::from_secs(1) || duration > Duration::from_secs(3600) {
                return Err(ConfigError::new(name, format!("{duration:?}"), "between 1s and 1h"));
            }
        }
        let counts = [
            ("max_connections", self.max_connections),
            ("max_connections_per_client", self.max_connections_per_client),
            ("max_header_fields", self.max_header_fields),
            ("max_streams", self.max_streams as usize),
        ];
        for (name, count) in counts {
            if count == 0 {
                return Err(ConfigError::new(name, count, "at least 1"));
            }
        }
        if !(8192..=1024 * 1024).contains(&self.max_header_bytes) {
            return Err(ConfigError::new(
                "max_header_bytes",
                self.max_header_bytes,
                "between 8192 and 1048576",
            ));
        }
        Ok(())
    }
}
