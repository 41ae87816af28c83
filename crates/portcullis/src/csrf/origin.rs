//! An origin as browsers write it into the `Origin` field (Fetch, section 3.2; HTML, "serialization of an origin").

use http::uri::{Authority, Scheme as UriScheme, Uri};

use crate::{ConfigError, client::Scheme};

/// A `scheme://host[:port]` of the web, as it stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    pub(super) scheme: Scheme,
    /// Host and port as written: browsers write a host in lower case, and no port that the scheme has by default.
    pub(super) authority: &'a str,
}

impl<'a> Origin<'a> {
    /// `None` for `null`, for schemes of no site, and for what is no origin at all.
    pub(super) fn parse(field: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(field).ok()?;
        let (scheme, authority) = match text.split_once("://")? {
            ("https", authority) => (Scheme::Https, authority),
            ("http", authority) => (Scheme::Http, authority),
            _ => return None,
        };
        let parsed: Authority = authority.parse().ok()?;
        let is_whole = parsed.as_str() == authority && !authority.contains('@') && !parsed.host().is_empty();
        is_whole.then_some(Self { scheme, authority })
    }
}

/// Checks a trusted origin: it must be spelt as a browser spells it, else it can never match.
pub(super) fn check_trusted(path: &str, text: &str) -> Result<(), ConfigError> {
    let wrong = |right: &str| Err(ConfigError::new(path, format!("{text:?}"), right));
    let right = "an origin as browsers write it, such as \"https://app.example\": scheme and host, a port only if it \
                 is not the scheme's own, no slash at the end";
    let Some(origin) = Origin::parse(text.as_bytes()) else { return wrong(right) };
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return wrong("in lower case, as browsers write it");
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if !origin.authority.bytes().all(is_name) {
        return wrong(right); // `*` is a letter of hosts by RFC 3986, and here somebody's pattern
    }
    let Ok(uri) = text.parse::<Uri>() else { return wrong(right) };
    let default_port = if uri.scheme() == Some(&UriScheme::HTTPS) { 443 } else { 80 };
    if uri.port_u16() == Some(default_port) || origin.authority.ends_with(':') {
        return wrong("without the port that its scheme has by default: browsers leave it out");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_origin_of_the_web_is_read() {
        for right in
            ["https://a.example", "http://127.0.0.1:3000", "https://[::1]:8443", "https://a.example:443"]
        {
            assert!(Origin::parse(right.as_bytes()).is_some(), "{right}");
        }
        for wrong in [
            "",
            "null",
            "a.example",
            "//a.example",
            "ftp://a.example",
            "https://",
            "https://a.example/",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example#x",
            "https://a b",
            "HTTPS://a.example",
            "https://:443",
            "file://",
            "https://a.example, https://b.example",
        ] {
            assert_eq!(Origin::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Origin::parse(b"https://\xff"), None);
    }

    #[test]
    fn a_trusted_origin_that_no_browser_sends_is_an_error() {
        for right in
            ["https://a.example", "http://a.example:8080", "https://xn--bcher-kva.example", "https://[::1]"]
        {
            assert!(check_trusted("trusted_origins[0]", right).is_ok(), "{right}");
        }
        for wrong in [
            "null",
            "*",
            "a.example",
            "https://a.example/",
            "https://A.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://bücher.example",
            "https://*.example",
            "https://a.example:",
        ] {
            let error = check_trusted("trusted_origins[0]", wrong).expect_err(wrong);
            assert_eq!(error.path(), "trusted_origins[0]");
        }
    }
}
