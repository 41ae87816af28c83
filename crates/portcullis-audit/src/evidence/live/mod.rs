//! Evidence from outside: what a running site answers.
//!
//! A live audit is passive. It sends at most eighteen requests after the redirects (more where the caller names
//! allowed origins), one at a time, each on a connection of its own:
//!
//! 1. GET of the URL; redirects are followed within the site (the same host, or a name above or below it).
//! 2. GET of a random path that does not exist.
//! 3. GET of a path whose percent-encoding is not UTF-8.
//! 4. POST of JSON that ends in the middle, to the URL's path. It is refused by whatever parses it and cannot be
//!    acted upon; it is the only request that is neither GET nor OPTIONS.
//! 5. GET and OPTIONS (a preflight for PUT, which never follows) with an Origin that is foreign, `null`, or looks
//!    like an allowed one: the same end, the same beginning, a letter for a dot, no TLS.
//! 6. GET of the same host over plain HTTP, where that port is known.
//! 7. GET of the URL once more, a second later, if a session cookie has a fixed expiry date.

mod collect;
mod content_security_policy;
mod cookie_date;
mod exchange;
mod fetch;
mod fetch_error;
mod meta_element;
mod options;
mod set_cookie;
mod target;
mod tls;
mod visible_text;

pub(crate) use collect::{CollectError, WRONG_LOGINS, collect};
pub use collect::{Evidence, TooManyRedirects};
pub use content_security_policy::{ContentSecurityPolicy, allows_nothing, has, has_nonce_or_hash};
pub use exchange::{BodyEnd, Exchange, OriginKind, Probe, Request, Response};
pub(crate) use fetch::Fetcher;
pub use fetch_error::{FetchError, Stage};
pub use options::Options;
pub use set_cookie::SetCookie;
pub(crate) use set_cookie::percent_decoded;
pub use target::{Scheme, Target, TargetError};
pub(crate) use tls::Tls;
pub use tls::{Handshake, RootsError, TlsVersion};
