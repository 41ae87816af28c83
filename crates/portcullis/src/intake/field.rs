//! Fields that are for one connection only, and fields that a second reader could take for another.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};

/// An upgrade the client asked for: the one protocol it named (RFC 9110, section 7.8). In the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpgradeRequest(pub HeaderValue);

/// That the client reads trailers (`TE: trailers`, RFC 9110, section 10.1.4). In the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptsTrailers;

/// What [`take_hop_by_hop`] found.
#[derive(Debug, Default)]
pub(super) struct HopByHop {
    pub(super) upgrade: Option<UpgradeRequest>,
    pub(super) trailers: bool,
}

/// Fields of one connection (RFC 9110, section 7.6.1, with the ones that are older than it).
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// Takes everything out of a head that was meant for the connection it came on.
///
/// An upgrade survives as a value, to be asked for anew: one protocol, in HTTP/1.1, without a body, and never `h2c`, which
/// would open a second, unguarded HTTP inside the first.
pub(super) fn take_hop_by_hop(method: &Method, version: Version, headers: &mut HeaderMap) -> HopByHop {
    let mut found = HopByHop::default();
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    if headers.contains_key(header::CONNECTION) {
        let nominated: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
            .collect();
        if nominated.contains(&header::UPGRADE)
            && version == Version::HTTP_11
            && *method == Method::GET
            && !has_body
        {
            found.upgrade = one_protocol(headers).map(UpgradeRequest);
        }
        for name in nominated {
            // Framing, routing and what identifies the message are the gate's own to write; nobody can take them away.
            if name != header::HOST && name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
                headers.remove(name);
            }
        }
    }
    found.trailers = headers.get_all(header::TE).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
    });
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
    found
}

fn one_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(header::UPGRADE).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let text = value.to_str().ok()?;
    let is_one = !text.is_empty() && !text.contains([',', ' ', '\t']);
    (is_one && !text.to_ascii_lowercase().starts_with("h2")).then(|| value.clone())
}

/// Removes fields whose name becomes another one where `_` is read as `-` (CGI, WSGI and kin): the framing and routing
/// fields here, the forwarding ones in `client`.
pub(super) fn remove_aliases(headers: &mut HeaderMap) {
    let is_alias = |name: &HeaderName| {
        let name = name.as_str();
        name.contains('_')
            && matches!(
                name.replace('_', "-").as_str(),
                "content-length"
                    | "transfer-encoding"
                    | "host"
                    | "connection"
                    | "upgrade"
                    | "te"
                    | "trailer"
                    | "expect"
            )
    };
    if headers.keys().any(is_alias) {
        let aliases: Vec<HeaderName> = headers.keys().filter(|name| is_alias(name)).cloned().collect();
        for name in aliases {
            headers.remove(name);
        }
    }
}

/// Joins the crumbs that HTTP/2 clients make of a cookie field (RFC 9113, section 8.2.3).
pub(super) fn join_cookie_crumbs(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(header::COOKIE).iter();
    if crumbs.next().is_none() || crumbs.next().is_none() {
        return;
    }
    let joined = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect::<Vec<_>>()
        .join(&b"; "[..]);
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(header::COOKIE, joined);
    }
}

/// Whether a trailer may be passed on: none that frames, routes, authenticates or tells who asks
/// (RFC 9110, section 6.5.1).
pub fn is_allowed_in_trailers(name: &HeaderName) -> bool {
    let name = name.as_str();
    let is_refused = HOP_BY_HOP.iter().any(|hop| hop.as_str() == name)
        || name.contains('_')
        || name.starts_with("x-forwarded")
        || name.starts_with("content-")
        || name.starts_with("if-")
        || name.starts_with("access-control-")
        || matches!(
            name,
            "host"
                | "authorization"
                | "cookie"
                | "set-cookie"
                | "set-cookie2"
                | "trailer"
                | "expect"
                | "range"
                | "cache-control"
                | "max-forwards"
                | "pragma"
                | "forwarded"
                | "x-real-ip"
                | "location"
                | "retry-after"
                | "vary"
                | "age"
                | "date"
                | "expires"
                | "www-authenticate"
                | "origin"
                | "referer"
                | "strict-transport-security"
                | "warning"
        );
    !is_refused
}
