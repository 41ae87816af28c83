//! The connection a request came on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Who is at the other end of the socket, and how. Put into each request's extensions by `serve`.
///
/// This is the peer, which may be a load balancer; who asked is [`crate::client::Client`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The peer's address.
    pub peer: SocketAddr,
    /// The address it connected to.
    pub local: SocketAddr,
    /// Whether TLS protects it.
    pub tls: bool,
}

impl Connection {
    /// A connection of which nothing is known: what a guard assumes when no `serve` has said more. The address is
    /// unspecified (`0.0.0.0`), which no trust list contains.
    pub const UNKNOWN: Self = Self {
        peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        local: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        tls: false,
    };
}
