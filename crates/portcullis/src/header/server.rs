//! `Server`: the product that answers, often with its version (RFC 9110, section 10.2.4). Removed.
//!
//! So is `Via`, which says the same of what stands between the application and this gate: it is our side of the wall,
//! and its names are nobody's business (section 7.6.3 lets a gateway at a network's edge hide them).

use http::HeaderName;

/// The name, and the names by which other servers say the same.
pub(super) fn names() -> Vec<HeaderName> {
    ["server", "via", "x-backend-server", "x-server", "x-server-powered-by"]
        .map(HeaderName::from_static)
        .into()
}
