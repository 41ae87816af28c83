//! Why a session could not be read, changed or stored.

use std::{error::Error, fmt};

use http::StatusCode;

use super::{record::Malformed, store::StoreError};

/// Why a handler's wish could not be met. Passed on by an axum handler, it is an answer without a body: 503 with
/// `Retry-After` if coming again may help, else 500.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionError {
    /// The store could not do its work.
    Store(StoreError),
    /// What the store holds is no session.
    Malformed(Malformed),
    /// A value is not of the kind that was asked for, or cannot be written as JSON.
    Value {
        /// Its key.
        key: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// express-session would not read this key back: its session object, or every JavaScript object, has a member of
    /// that name.
    ReservedKey(String),
    /// The session would be larger than [`Config::max_bytes`](super::Config::max_bytes).
    TooLarge {
        /// The size it would have.
        bytes: usize,
        /// The largest that is allowed.
        max_bytes: usize,
    },
    /// The session was destroyed, or has expired, meanwhile.
    Gone,
    /// Other requests changed the session again and again while it was to be stored.
    Contended,
    /// The application's own generator made an id that is empty or above 512 bytes.
    BadId {
        /// Its length.
        bytes: usize,
    },
    /// The system gives no random bytes.
    NoRandomness,
}

impl SessionError {
    /// What a client is answered.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Store(error) if error.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Contended => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer, and a line in the log.
    pub(super) fn into_response<B: Default>(
        self,
        request_id: Option<&crate::RequestId>,
    ) -> http::Response<B> {
        let id = request_id.map_or("-", crate::RequestId::as_str);
        tracing::error!(target: "portcullis::session", request_id = id, error = %self, "the session failed");
        let mut response = http::Response::new(B::default());
        *response.status_mut() = self.status();
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            let soon = http::HeaderValue::from_static("1");
            response.headers_mut().insert(http::header::RETRY_AFTER, soon);
        }
        response
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Malformed(error) => error.fmt(f),
            Self::Value { key, error } => write!(f, "the session's value of `{key}`: {error}"),
            Self::ReservedKey(key) => {
                write!(f, "`{key}` cannot be a key of a session: express-session would not read it back")
            }
            Self::TooLarge { bytes, max_bytes } => {
                write!(f, "the session would have {bytes} bytes, and {max_bytes} is the most it may have")
            }
            Self::Gone => f.write_str("the session was destroyed, or has expired, meanwhile"),
            Self::Contended => f.write_str("other requests changed the session again and again meanwhile"),
            Self::BadId { bytes } => {
                write!(f, "the id generator made an id of {bytes} bytes: 1 to 512 are allowed")
            }
            Self::NoRandomness => f.write_str("the system gives no random bytes for a session's id"),
        }
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Malformed(error) => Some(error),
            Self::Value { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for SessionError {
    fn into_response(self) -> axum_core::response::Response {
        Self::into_response(self, None)
    }
}
