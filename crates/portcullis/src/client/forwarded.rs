//! The fields in which proxies say whom they speak for: reading them, and knowing them by name.

use std::net::{IpAddr, SocketAddr};

/// The entries of one `X-Forwarded-For` line, last first: the last was written by the nearest proxy.
///
/// As npm `forwarded` 0.2 reads them: commas separate, spaces around an entry go (a tab stays), empty entries do not
/// count, and nothing is validated.
pub fn entries(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.rsplit(|byte| *byte == b',').map(trim_spaces).filter(|entry| !entry.is_empty())
}

/// The address an entry names, if it names one.
pub fn address(entry: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(entry).ok()?.parse().ok()
}

/// The address an entry names, which may have a port behind it: some load balancers write `192.0.2.1:5678` or
/// `[2001:db8::1]:5678`. Such an entry can be the client; it is never taken for a proxy of ours, as with proxy-addr.
pub fn address_with_port(entry: &[u8]) -> Option<IpAddr> {
    address(entry)
        .or_else(|| Some(std::str::from_utf8(entry).ok()?.parse::<SocketAddr>().ok()?.ip()))
        .map(|address| address.to_canonical())
}

/// The first element of `X-Forwarded-Proto` or `X-Forwarded-Host`, which is what Express takes: the case is kept.
pub fn first(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii()
}

/// A host without its port; the brackets of an IPv6 literal stay. As Express's `req.hostname`.
pub fn hostname(host: &str) -> &str {
    let literal = if host.starts_with('[') { host.find(']').map_or(0, |end| end + 1) } else { 0 };
    match host.get(literal..).and_then(|rest| rest.find(':')) {
        Some(colon) => host.get(..literal + colon).unwrap_or(host),
        None => host,
    }
}

/// Whether a field says who the client is, what it asked for or over what: something only a trusted proxy may say, so a
/// client that says it is forging. `name` is in lower case, as `http::HeaderName` holds it.
///
/// An underscore counts as a hyphen: to CGI, WSGI and what descends from them both are the same variable.
pub fn is_forwarding_field(name: &str) -> bool {
    let name = name.as_bytes();
    let Some((first, rest)) = name.split_first() else { return false };
    match first {
        b'x' => match rest.split_first() {
            Some((b'-' | b'_', rest)) => {
                FORWARDING_X_PREFIXES.iter().any(|prefix| starts_with(rest, prefix))
                    || FORWARDING_X_NAMES.iter().any(|field| is(rest, field))
            }
            _ => false,
        },
        b'c' | b'f' | b'h' | b'p' | b'r' | b't' | b'w' => {
            FORWARDING_NAMES.iter().any(|field| is(name, field))
        }
        _ => false,
    }
}

/// After `x-`: whole families.
const FORWARDING_X_PREFIXES: &[&[u8]] = &[b"forwarded", b"original-"];

/// After `x-`.
const FORWARDING_X_NAMES: &[&[u8]] = &[
    // The client's address.
    b"real-ip",
    b"real-port",
    b"client-ip",
    b"cluster-client-ip",
    b"remote-ip",
    b"remote-addr",
    b"originating-ip",
    b"proxyuser-ip",
    b"forward-for",
    b"azure-clientip",
    b"azure-socketip",
    b"appengine-user-ip",
    b"envoy-external-address",
    // The host and the target.
    b"host",
    b"forward-host",
    b"http-host-override",
    b"rewrite-url",
    b"override-url",
    b"http-destinationurl",
    // The scheme.
    b"forward-proto",
    b"scheme",
    b"url-scheme",
    // The user, from a proxy that asked for the password.
    b"remote-user",
];

/// Without `x-`; their first letters are those that `is_forwarding_field` looks at.
const FORWARDING_NAMES: &[&[u8]] = &[
    b"forwarded",
    // httpoxy: CGI makes HTTP_PROXY of it (CVE-2016-5385).
    b"proxy",
    b"client-ip",
    b"true-client-ip",
    b"cf-connecting-ip",
    b"cf-connecting-ipv6",
    b"cf-pseudo-ipv4",
    b"cf-visitor",
    b"fastly-client-ip",
    b"fastly-ssl",
    b"fly-client-ip",
    b"fly-forwarded-proto",
    b"front-end-https",
    b"http-client-ip",
    b"proxy-client-ip",
    b"remote-addr",
    b"remote-user",
    b"wl-proxy-client-ip",
];

fn starts_with(name: &[u8], prefix: &[u8]) -> bool {
    name.get(..prefix.len()).is_some_and(|start| is(start, prefix))
}

fn is(name: &[u8], field: &[u8]) -> bool {
    name.len() == field.len()
        && name.iter().zip(field).all(|(byte, wanted)| byte == wanted || (*byte == b'_' && *wanted == b'-'))
}

fn trim_spaces(mut entry: &[u8]) -> &[u8] {
    while let Some((b' ', rest)) = entry.split_first() {
        entry = rest;
    }
    while let Some((b' ', rest)) = entry.split_last() {
        entry = rest;
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_field_is_found_under_both_spellings() {
        let with_x = FORWARDING_X_NAMES.iter().map(|name| format!("x-{}", String::from_utf8_lossy(name)));
        let plain = FORWARDING_NAMES.iter().map(|name| String::from_utf8_lossy(name).into_owned());
        for name in with_x.chain(plain).chain([
            "x-forwarded".into(),
            "x-forwarded-for".into(),
            "x-original-url".into(),
        ]) {
            assert!(is_forwarding_field(&name), "{name}");
            assert!(is_forwarding_field(&name.replace('-', "_")), "{name}");
        }
    }

    #[test]
    fn other_fields_are_left_alone() {
        for name in [
            "host",
            "x-request-id",
            "x-requested-with",
            "x-csrf-token",
            "cookie",
            "proxy-authorization",
            "x",
            "x-",
        ] {
            assert!(!is_forwarding_field(name), "{name}");
        }
    }

    #[test]
    fn entries_come_nearest_first() {
        let read = |line: &'static str| entries(line.as_bytes()).collect::<Vec<_>>();
        assert_eq!(read("1.2.3.4 ,, 5.6.7.8 "), [&b"5.6.7.8"[..], b"1.2.3.4"]);
        assert_eq!(read("\t1.2.3.4"), [b"\t1.2.3.4"]);
        assert!(read(" , ").is_empty());
    }

    #[test]
    fn a_port_is_allowed_behind_a_client_but_not_behind_a_proxy() {
        assert_eq!(address(b"1.2.3.4:5678"), None);
        assert_eq!(address_with_port(b"1.2.3.4:5678"), Some([1, 2, 3, 4].into()));
        assert_eq!(address_with_port(b"[2001:db8::1]:80"), "2001:db8::1".parse().ok());
        assert_eq!(address_with_port(b"unknown"), None);
    }

    #[test]
    fn hostnames_lose_their_port_only() {
        assert_eq!(hostname("a.example:80"), "a.example");
        assert_eq!(hostname("[::1]:3000"), "[::1]");
        assert_eq!(hostname("[::1"), "["); // as Express: no closing bracket, no literal
        assert_eq!(hostname(""), "");
    }
}
