//! Where the audit looks: an http or https URL, taken apart.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv6Addr};

use http::Uri;

/// An absolute `http` or `https` URL without userinfo and fragment.
///
/// ```
/// use portcullis_audit::Target;
///
/// let target = Target::parse("https://shop.example/cart?a=1#top").unwrap();
/// assert_eq!(target.to_string(), "https://shop.example/cart?a=1");
/// assert_eq!(target.port(), 443);
/// assert!(Target::parse("shop.example").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    /// Lower case, IPv6 in brackets.
    host: String,
    port: u16,
    /// Path and query, always with a leading slash.
    path: String,
}

/// The two schemes that speak HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// Over TLS.
    Https,
}

impl Target {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let fault = |problem| TargetError { url: url.to_owned(), problem };
        let without_fragment = url.trim().split('#').next().unwrap_or_default();
        let Some((scheme, rest)) = without_fragment.split_once("://") else {
            return Err(fault("has no scheme: write http://HOST or https://HOST"));
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(fault("has a scheme other than http and https")),
        };
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_end);
        if authority.contains('@') {
            return Err(fault("has a user name in it; remove everything up to the @"));
        }
        let uri: Uri = format!("http://{authority}/")
            .parse()
            .map_err(|_| fault("has no valid host and port (names outside ASCII: write the xn-- form)"))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| fault("has no host"))?;
        if host.starts_with('[') && bare(host).parse::<Ipv6Addr>().is_err() {
            return Err(fault("has no valid IPv6 address between the brackets"));
        }
        let port = match authority.get(host.len()..).and_then(|port| port.strip_prefix(':')) {
            None | Some("") => scheme.port(),
            Some(port) => match port.parse() {
                Ok(port) if port != 0 => port,
                _ => return Err(fault("has a port outside 1 to 65535")),
            },
        };
        let path = if path.starts_with('/') { encoded(path) } else { format!("/{}", encoded(path)) };
        if path.parse::<Uri>().is_err() {
            return Err(fault("has a character in its path that must be percent-encoded"));
        }
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, path })
    }

    /// Resolves a `Location` field against this URL (RFC 3986, 5.2).
    pub fn join(&self, location: &str) -> Result<Self, TargetError> {
        let location = location.trim().split('#').next().unwrap_or_default();
        if location.starts_with("//") {
            return Self::parse(&format!("{}:{location}", self.scheme));
        }
        let scheme_end = location.find([':', '/', '?']);
        if scheme_end.is_some_and(|at| location.as_bytes().get(at) == Some(&b':')) {
            return Self::parse(location);
        }
        let path = self.path.split('?').next().unwrap_or_default();
        let reference = if location.is_empty() {
            self.path.clone()
        } else if location.starts_with('/') {
            location.to_owned()
        } else if location.starts_with('?') {
            format!("{path}{location}")
        } else {
            let folder = path.rfind('/').map_or("/", |slash| path.get(..=slash).unwrap_or("/"));
            format!("{folder}{location}")
        };
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (reference.as_str(), String::new()),
        };
        Self::parse(&format!("{}{}{query}", self.origin(), without_dot_segments(path)))
    }

    /// The same place with another path; `path` starts with a slash.
    pub(crate) fn with_path(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The same host and path over plain HTTP on `port`.
    pub(crate) fn over_plain_http(&self, port: u16) -> Self {
        Self { scheme: Scheme::Http, port, ..self.clone() }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the URL is over TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// The host in lower case, an IPv6 address in its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host as a resolver wants it: an IPv6 address without brackets.
    pub(crate) fn bare_host(&self) -> &str {
        bare(&self.host)
    }

    /// The address, if the host is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        self.bare_host().parse().ok()
    }

    /// Whether the host is this machine, by address or as `localhost` (RFC 6761, 6.3).
    pub fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.is_loopback(),
            None => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    /// The port, the scheme's own where the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Host, and port unless it is the scheme's own: what the `Host` field carries.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Scheme, host and port as the `Origin` field spells them (RFC 6454, 6.1).
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority())
    }

    /// Whether `other` is the same site's: the same host, or one a subdomain of the other.
    pub(crate) fn is_kin_of(&self, other: &Self) -> bool {
        let below =
            |name: &str, parent: &str| name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
        self.host == other.host
            || (self.address().is_none()
                && other.address().is_none()
                && (below(&self.host, &other.host) || below(&other.host, &self.host)))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

impl Scheme {
    /// The port a URL without one means.
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// A URL that cannot be audited, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError {
    url: String,
    problem: &'static str,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the URL `{}` {}", crate::quote::quoted(&self.url), self.problem)
    }
}

impl Error for TargetError {}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Percent-encodes what may not stand in a request target; what is encoded already stays as it is.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// RFC 3986, 5.2.4.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." if last => kept.push(""),
            "." => {}
            ".." => {
                kept.pop();
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_resolve_as_rfc_3986_says() {
        let base = Target::parse("https://shop.example:8443/a/b?q=1").unwrap();
        for (location, expected) in [
            ("/login", "https://shop.example:8443/login"),
            ("login?next=/x", "https://shop.example:8443/a/login?next=/x"),
            ("../up", "https://shop.example:8443/up"),
            ("../../../up/./x/..", "https://shop.example:8443/up/"),
            ("?p=2", "https://shop.example:8443/a/b?p=2"),
            ("", "https://shop.example:8443/a/b?q=1"),
            ("//other.example/x", "https://other.example/x"),
            ("HTTP://other.example#f", "http://other.example/"),
            ("/caf\u{e9} x", "https://shop.example:8443/caf%C3%A9%20x"),
            ("/time/12:30", "https://shop.example:8443/time/12:30"),
        ] {
            assert_eq!(base.join(location).unwrap().to_string(), expected, "{location}");
        }
    }

    #[test]
    fn urls_that_cannot_be_audited_say_why() {
        for (url, reason) in [
            ("shop.example", "no scheme"),
            ("localhost:3000", "no scheme"),
            ("ftp://shop.example/", "other than http"),
            ("https://", "host"),
            ("https:///path", "host"),
            ("http://user:pw@shop.example/", "user name"),
            ("http://shop.example:0/", "port"),
            ("http://shop.example:99999/", "port"),
            ("http://sh op/", "host"),
            ("http://[::1/", "host"),
            ("http://[zz]/", "IPv6"),
            ("http://b\u{fc}cher.example/", "host"),
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn ipv6_and_ports_survive() {
        let target = Target::parse("http://[::1]:3000").unwrap();
        assert_eq!(target.to_string(), "http://[::1]:3000/");
        assert_eq!(target.bare_host(), "::1");
        assert!(target.is_loopback());
        assert_eq!(Target::parse("https://a.example:443/").unwrap().origin(), "https://a.example");
    }

    #[test]
    fn only_the_same_site_is_followed() {
        let shop = Target::parse("http://shop.example/").unwrap();
        let kin = |url: &str| shop.is_kin_of(&Target::parse(url).unwrap());
        assert!(kin("https://shop.example:8443/x"));
        assert!(kin("https://www.shop.example/"));
        assert!(!kin("https://myshop.example/"));
        assert!(!kin("https://login.example/"));
    }
}
