//! `X-Powered-By`: what the application runs on. Removed, since it names the exploits to try.

use http::HeaderName;

/// The name, and the names by which other frameworks say the same.
pub(super) fn names() -> Vec<HeaderName> {
    [
        "x-powered-by",
        "powered-by",
        "x-aspnet-version",
        "x-aspnetmvc-version",
        "x-framework",
        "x-generator",
        "x-php-version",
        "x-powered-cms",
        "x-runtime",
    ]
    .map(HeaderName::from_static)
    .into()
}
