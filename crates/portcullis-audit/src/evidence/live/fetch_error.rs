//! Why a request got no answer.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why one request got no answer. Each says what happened and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// The name has no address, or the resolver did not answer.
    NameUnknown {
        /// The host asked for.
        host: String,
        /// The resolver's words.
        detail: String,
    },
    /// Nothing listens on the port.
    Refused {
        /// Host and port.
        authority: String,
    },
    /// The address cannot be reached.
    Unreachable {
        /// Host and port.
        authority: String,
        /// The system's words.
        detail: String,
    },
    /// A wait came to its end.
    TimedOut {
        /// What was waited for.
        stage: Stage,
        /// For how long.
        after: Duration,
    },
    /// The port answers an `https` URL with something other than TLS.
    NotTls,
    /// The port answers an `http` URL with TLS records.
    IsTls,
    /// The TLS handshake failed for another reason than the certificate.
    Handshake {
        /// What rustls says.
        detail: String,
    },
    /// The answer is not HTTP/1.x, or breaks its grammar.
    NotHttp {
        /// How it began, shown as text.
        began: String,
    },
    /// The head of the answer is larger than the bound.
    HeadTooLarge {
        /// The bound in bytes.
        max_bytes: usize,
    },
    /// The connection ended before the head of an answer was complete.
    ClosedEarly {
        /// What the connection gave before it ended.
        detail: String,
    },
}

/// What an audit may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Name resolution.
    Resolve,
    /// The TCP connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// Status line and header fields.
    Head,
    /// The whole audit.
    Audit,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "the name to resolve",
            Self::Connect => "the connection",
            Self::Handshake => "the TLS handshake",
            Self::Head => "the head of the answer",
            Self::Audit => "the audit as a whole",
        })
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameUnknown { host, detail } => {
                write!(f, "the name `{host}` has no address ({detail}): check the spelling and the resolver")
            }
            Self::Refused { authority } => {
                write!(
                    f,
                    "{authority} refused the connection: check that the service runs and the port is right"
                )
            }
            Self::Unreachable { authority, detail } => {
                write!(f, "{authority} cannot be reached ({detail}): check the network and the firewall")
            }
            Self::TimedOut { stage, after } => write!(
                f,
                "no answer after {} s while waiting for {stage}: check that the service is alive",
                after.as_secs_f32()
            ),
            Self::NotTls => f.write_str("the port does not speak TLS: try the URL with http://"),
            Self::IsTls => f.write_str("the port speaks TLS: try the URL with https://"),
            Self::Handshake { detail } => write!(
                f,
                "the TLS handshake failed ({detail}): check the server's protocol versions and cipher suites \
                 (TLS 1.2 or 1.3 is needed)"
            ),
            Self::NotHttp { began } => {
                write!(f, "the answer is not valid HTTP/1.x (it begins with `{began}`): check host and port")
            }
            Self::HeadTooLarge { max_bytes } => {
                write!(f, "the head of the answer is larger than {max_bytes} bytes: no browser would take it")
            }
            Self::ClosedEarly { detail } => write!(
                f,
                "the connection ended before the answer was there ({detail}): look into the log of the service"
            ),
        }
    }
}

impl Error for FetchError {}
