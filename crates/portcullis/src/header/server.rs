//! `Server`: the product that answers, often with its version (RFC 9110, section 10.2.4). Removed.

use http::HeaderName;

/// The name, and the names by which other servers say the same.
pub(super) fn names() -> Vec<HeaderName> {
    ["server", "x-server", "x-server-powered-by", "x-backend-server"].map(HeaderName::from_static).into()
}
