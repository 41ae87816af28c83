//! Which site is asked for: `Host`, `:authority`, and that they agree.

use http::{HeaderMap, Uri, Version, header, uri::Authority};

/// Why a request's authority is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostError {
    /// HTTP/1.1 and later need one (RFC 9112, section 3.2).
    Missing,
    /// More than one `Host`.
    Repeated,
    /// Not `host [":" port]` as RFC 3986 writes it, or with user information.
    Malformed,
    /// `Host` and the target name two sites.
    Differs,
}

impl HostError {
    /// For the log.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Missing => "no Host",
            Self::Repeated => "more than one Host",
            Self::Malformed => "Host is not a host with an optional port",
            Self::Differs => "Host and request target name different sites",
        }
    }
}

/// The site a request asks for, as the client wrote it; `None` only for HTTP/1.0 without one.
pub(super) fn authority(
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Option<String>, HostError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(HostError::Repeated),
        (None, None) => None,
        (Some(host), None) => {
            let text = host.to_str().map_err(|_| HostError::Malformed)?;
            if !is_authority(text) {
                return Err(HostError::Malformed);
            }
            Some(text)
        }
    };
    let target = uri.authority().map(Authority::as_str);
    if target.is_some_and(|target| !is_authority(target)) {
        return Err(HostError::Malformed);
    }
    match (target, host) {
        (Some(target), Some(host)) if !target.eq_ignore_ascii_case(host) => Err(HostError::Differs),
        (None, None) if version > Version::HTTP_10 => Err(HostError::Missing),
        (target, host) => Ok(target.or(host).map(str::to_owned)),
    }
}

/// `reg-name / IPv4 / "[" IPv6 "]"`, then a port of at most 65535. Percent-escapes and sub-delims, which RFC 3986 allows
/// in a reg-name, name no host that exists and are refused.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => (None, port),
            _ => return false,
        },
        None => match text.split_once(':') {
            Some((host, _)) => (Some(host), text.get(host.len()..).unwrap_or("")),
            None => (Some(text), ""),
        },
    };
    let host_is_right = host.is_none_or(|host| {
        !host.is_empty()
            && host.len() <= 255
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    });
    let port_is_right = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            !digits.is_empty()
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && digits.parse::<u16>().is_ok()
        }
    };
    host_is_right && port_is_right
}

#[cfg(test)]
mod tests {
    use super::is_authority;

    #[test]
    fn only_a_host_with_an_optional_port_is_an_authority() {
        for right in
            ["localhost", "a.example:8443", "127.0.0.1:1", "[::1]", "[2001:db8::1]:443", "my_service"]
        {
            assert!(is_authority(right), "{right}");
        }
        for wrong in [
            "", ":80", "a@b", "a b", "a/b", "a:", "a:x", "a:65536", "a:80:80", "[::1", "[x]", "a\\b",
            "a%2fb", "a,b", "a:+80",
        ] {
            assert!(!is_authority(wrong), "{wrong}");
        }
    }
}
