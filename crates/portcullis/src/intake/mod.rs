//! The only place that looks at raw requests.
//!
//! The parser (hyper, h2) has read a head; intake decides whether it means one thing only, and writes that one thing
//! anew. What comes out is [`Admitted`], and a gate's routing and upstream take nothing else.
//!
//! A request is admitted if:
//! 1. its framing leaves no doubt: one number, or one `chunked`, never both (RFC 9112, section 6);
//! 2. its method is a token other than `CONNECT`, `TRACE` and `TRACK`;
//! 3. its target is origin-form, `*` for `OPTIONS`, or absolute-form that names the same site as `Host`;
//! 4. it has one `Host` of the grammar (RFC 9112, section 3.2), and `:authority` agrees;
//! 5. its path has one reading ([`path`]), its query is ASCII;
//! 6. what it expects is `100-continue` or nothing.
//!
//! Then hop-by-hop fields are taken out, crumbs of cookies joined, and the path put into its one spelling.
//!
//! A refusal is 400 (405 for a method, 417 for an expectation) and, where framing is in doubt, the connection is closed.
//!
//! **What this does not stop**: a request that is well formed and means harm.

use std::fmt;

use http::{Method, Request, StatusCode, Uri, Version, header, uri::PathAndQuery};
use portcullis_rules::{Rule, limit};

pub mod field;
pub mod framing;
pub mod host;
pub mod path;

use crate::Refusal;

/// The rules this makes hold.
pub const ENFORCES: &[&Rule] = &[&limit::SMUGGLING];

/// A request with one meaning. Only [`admit`] makes one.
#[derive(Debug)]
pub struct Admitted<B> {
    request: Request<B>,
    /// Set where matching reads the path wider than it is forwarded.
    matched: Option<MatchedPath>,
}

/// The form of the path that access rules and routes match on, in a request's extensions where it differs from the
/// target's path. See [`path::CanonicalPath::matched`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedPath(Box<str>);

impl MatchedPath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What to match on for this request.
    pub fn of<B>(request: &Request<B>) -> &str {
        request.extensions().get::<Self>().map_or_else(|| request.uri().path(), |path| &path.0)
    }
}

/// Proof, in a request's extensions, that it came through [`admit`].
#[derive(Debug, Clone, Copy)]
pub struct Admission(());

impl<B> Admitted<B> {
    /// What rules and routes match on.
    pub fn matched_path(&self) -> &str {
        self.matched.as_ref().map_or_else(|| self.request.uri().path(), |path| &path.0)
    }

    /// The request, its admission in the extensions, to go through guards that know nothing of intake.
    pub fn into_request(mut self) -> Request<B> {
        if let Some(matched) = self.matched {
            self.request.extensions_mut().insert(matched);
        }
        self.request.extensions_mut().insert(Admission(()));
        self.request
    }

    /// The way back, behind the guards; `None` for a request that never was admitted.
    pub fn from_request(mut request: Request<B>) -> Option<Self> {
        request.extensions_mut().remove::<Admission>()?;
        let matched = request.extensions_mut().remove::<MatchedPath>();
        Some(Self { request, matched })
    }

    /// The bare request.
    pub fn into_inner(self) -> Request<B> {
        self.request
    }
}

/// A refused request: its refusal, and what is left of it for the log and for the answer's form: method, version, fields,
/// a target of `/`.
#[derive(Debug)]
pub struct Refused<B> {
    /// Why.
    pub refusal: Refusal,
    /// For the outer rings.
    pub request: Request<B>,
}

/// Admits a request, or says why not.
///
/// ```
/// use http::Request;
/// use portcullis::intake::admit;
///
/// let request = Request::get("/a/%2e%2e/b?x=1").header("host", "app.example").body(()).unwrap();
/// let admitted = admit(request).unwrap().into_inner();
/// assert_eq!(admitted.uri(), "/b?x=1");
///
/// let two_hosts = Request::get("/").header("host", "a.example").header("host", "b.example").body(()).unwrap();
/// assert_eq!(admit(two_hosts).unwrap_err().refusal.status, 400);
/// ```
pub fn admit<B>(mut request: Request<B>) -> Result<Admitted<B>, Box<Refused<B>>> {
    match examine(&mut request) {
        Ok(matched) => Ok(Admitted { request, matched }),
        Err(refusal) => {
            *request.uri_mut() = Uri::from_static("/");
            Err(Box::new(Refused { refusal, request }))
        }
    }
}

fn examine<B>(request: &mut Request<B>) -> Result<Option<MatchedPath>, Refusal> {
    let (method, version) = (request.method().clone(), request.version());
    if let Err(error) = framing::check(&method, version, request.headers()) {
        return Err(bad_request(error.text()).closing());
    }
    if matches!(method.as_str(), "CONNECT" | "TRACE" | "TRACK") {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            &limit::SMUGGLING,
            "CONNECT, TRACE or TRACK",
        )
        .closing());
    }
    if let Some(expectation) = request.headers().get(header::EXPECT) {
        if !expectation.as_bytes().eq_ignore_ascii_case(b"100-continue") {
            let refusal = Refusal::new(
                StatusCode::EXPECTATION_FAILED,
                &limit::SMUGGLING,
                "an expectation other than 100-continue",
            );
            return Err(refusal.closing());
        }
        // hyper has answered it, or will when the body is read; the upstream gets the body at once.
        request.headers_mut().remove(header::EXPECT);
    }
    if version == Version::HTTP_2
        && [header::CONNECTION, header::UPGRADE, header::TRANSFER_ENCODING]
            .iter()
            .any(|name| request.headers().contains_key(name))
    {
        return Err(bad_request(framing::FramingError::ConnectionField.text()));
    }
    let authority = host::authority(version, request.uri(), request.headers())
        .map_err(|error| bad_request(error.text()).closing())?;
    let matched = rewrite_target(request, &method)?;
    let found = field::take_hop_by_hop(&method, version, request.headers_mut());
    field::remove_aliases(request.headers_mut());
    field::join_cookie_crumbs(request.headers_mut());
    if !request.headers().contains_key(header::HOST) {
        let host = authority.unwrap_or_default();
        let host =
            http::HeaderValue::try_from(host).map_err(|_| bad_request(host::HostError::Malformed.text()))?;
        request.headers_mut().insert(header::HOST, host);
    }
    if let Some(upgrade) = found.upgrade {
        request.extensions_mut().insert(upgrade);
    }
    if found.trailers {
        request.extensions_mut().insert(field::AcceptsTrailers);
    }
    Ok(matched)
}

/// Puts the target into origin-form with its path in the one spelling.
fn rewrite_target<B>(request: &mut Request<B>, method: &Method) -> Result<Option<MatchedPath>, Refusal> {
    let uri = request.uri();
    if uri.path() == "*" && *method == Method::OPTIONS {
        return Ok(None);
    }
    if let Some(scheme) = uri.scheme_str() {
        if scheme != "http" && scheme != "https" {
            return Err(bad_request("target with a scheme other than http and https"));
        }
    } else if uri.authority().is_some() {
        return Err(bad_request("target in authority-form"));
    }
    let canonical = path::canonical(uri.path()).map_err(|error| bad_request(error.to_string()))?;
    let query_is_plain =
        uri.query().is_none_or(|query| query.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
    if !query_is_plain {
        return Err(bad_request("query with bytes outside ASCII"));
    }
    let is_unchanged = matches!(canonical.forward, std::borrow::Cow::Borrowed(_)) && uri.scheme().is_none();
    let matched = canonical.matched.clone().map(|path| MatchedPath(path.into_boxed_str()));
    if !is_unchanged {
        let target = match uri.query() {
            Some(query) => format!("{}?{query}", canonical.forward),
            None => canonical.forward.into_owned(),
        };
        let target =
            PathAndQuery::try_from(target).map_err(|_| bad_request("target is not a path and a query"))?;
        *request.uri_mut() = Uri::from(target);
    }
    Ok(matched)
}

fn bad_request(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, &limit::SMUGGLING, detail)
}

impl<B> fmt::Display for Refused<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request refused: {}", self.refusal.detail)
    }
}

impl<B: fmt::Debug> std::error::Error for Refused<B> {}

#[cfg(test)]
mod tests;
