//! Bounds and knowledge for one live audit.

use std::time::Duration;

/// How far a live audit goes. Every wait and every buffer has a bound.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Certificates in PEM that count as roots, on top of Mozilla's list.
    pub extra_roots_pem: String,
    /// The port on which the same site answers plain HTTP, where the URL is https and its port is not 443.
    /// For port 443 it is 80 without being told. Asked whether it leads to https.
    pub http_port: Option<u16>,
    /// Origins that the site means to allow through CORS, `https://app.example.com`: look-alikes of them are
    /// tried. At most 8 are read. Without any: look-alikes of the origin that the site names by itself, or of
    /// its own.
    pub allowed_origins: Vec<String>,
    /// Send what may change something: a form to the URL, and twelve logins with a made-up name. Default no:
    /// what they would show is unknown then.
    pub active: bool,
    /// Redirects to follow, at most. Default 5.
    pub max_redirects: usize,
    /// Bytes kept of each body. Default 256 KiB.
    pub max_body_bytes: usize,
    /// Bytes taken for each head. Default 64 KiB, at least 8 KiB.
    pub max_head_bytes: usize,
    /// Wait for name and connection, each, and for the TLS handshake. Default 5 s.
    pub connect_timeout: Duration,
    /// Wait for status line and fields. Default 10 s.
    pub head_timeout: Duration,
    /// Wait for the rest of a body. What has come by then is looked at. Default 5 s.
    pub body_timeout: Duration,
    /// Wait for everything. Requests that do not fit are left out, and what they would show is unknown.
    /// Default 60 s.
    pub total_timeout: Duration,
}

impl Options {
    pub(crate) const MAX_ALLOWED_ORIGINS: usize = 8;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            extra_roots_pem: String::new(),
            http_port: None,
            allowed_origins: Vec::new(),
            active: false,
            max_redirects: 5,
            max_body_bytes: 256 * 1024,
            max_head_bytes: 64 * 1024,
            connect_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(60),
        }
    }
}
