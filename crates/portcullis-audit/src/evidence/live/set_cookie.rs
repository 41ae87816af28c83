//! A cookie as a browser reads it from `Set-Cookie` (RFC 6265bis, 5.6).

use std::fmt;

use super::cookie_date;

/// One cookie with its attributes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct SetCookie {
    /// The name, spelled as sent.
    pub name: String,
    /// The value, spelled as sent. Never shown in a report: it may be somebody's session.
    pub value: String,
    /// Whether it has `Secure`.
    pub secure: bool,
    /// Whether it has `HttpOnly`.
    pub http_only: bool,
    /// What `SameSite` says, spelled as sent.
    pub same_site: Option<String>,
    /// What `Domain` says, in lower case and without a leading dot; `None` if absent or empty.
    pub domain: Option<String>,
    /// What `Path` says.
    pub path: Option<String>,
    /// What `Max-Age` says, in seconds.
    pub max_age: Option<i64>,
    /// What `Expires` says, in seconds since 1970.
    pub expires: Option<i64>,
}

impl SetCookie {
    /// Reads the value of a `Set-Cookie` field; `None` where a browser would ignore it.
    pub fn parse(field: &str) -> Option<Self> {
        let mut parts = field.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return None;
        }
        let mut cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            secure: false,
            http_only: false,
            same_site: None,
            domain: None,
            path: None,
            max_age: None,
            expires: None,
        };
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => cookie.same_site = Some(value.to_owned()),
                "path" => cookie.path = Some(value.to_owned()),
                "domain" => {
                    let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                    cookie.domain = (!domain.is_empty()).then_some(domain);
                }
                "max-age" => cookie.max_age = seconds(value).or(cookie.max_age),
                "expires" => cookie.expires = cookie_date::parse(value).or(cookie.expires),
                _ => {}
            }
        }
        Some(cookie)
    }

    /// Seconds it lives from `now` on; `None` if it ends with the browser's session. `Max-Age` wins over
    /// `Expires`.
    pub fn lifetime(&self, now: i64) -> Option<i64> {
        self.max_age.or_else(|| self.expires.map(|expires| expires - now))
    }

    /// Whether it removes a cookie instead of setting one.
    pub fn is_removal(&self, now: i64) -> bool {
        self.lifetime(now).is_some_and(|left| left <= 0)
    }

    /// Whether it looks like what keeps a user logged in: by a usual name, a signature of express-session, or
    /// the form of a JSON Web Token.
    pub fn looks_like_session(&self) -> bool {
        const NAMES: [&str; 8] =
            ["session", "sess", "sid", "connect.sid", "auth", "jwt", "remember_me", "rememberme"];
        const PARTS: [&str; 6] =
            ["session", "sessid", "auth_token", "access_token", "refresh_token", "id_token"];
        let name = self.bare_name().to_ascii_lowercase();
        let name = name.strip_suffix(".sig").unwrap_or(&name);
        if name.contains("csrf") || name.contains("xsrf") {
            return false;
        }
        NAMES.contains(&name)
            || (name == "id" && self.bare_name().len() < self.name.len())
            || PARTS.iter().any(|part| name.contains(part))
            || [".sid", "_sid", "-sid", ":sess", ".sess", "_sess", "-sess"]
                .iter()
                .any(|end| name.ends_with(end))
            || self.signed_text().is_some()
            || self.is_json_web_token()
    }

    /// The name without `__Host-` or `__Secure-`.
    pub fn bare_name(&self) -> &str {
        let prefixed = |prefix: &str| {
            let (start, rest) = (self.name.get(..prefix.len())?, self.name.get(prefix.len()..)?);
            start.eq_ignore_ascii_case(prefix).then_some(rest)
        };
        prefixed("__Host-").or_else(|| prefixed("__Secure-")).unwrap_or(&self.name)
    }

    /// Text and signature of a value that cookie-signature signed: `s:text.signature`.
    pub fn signed_text(&self) -> Option<(String, String)> {
        let value = percent_decoded(&self.value);
        let (text, signature) = value.strip_prefix("s:")?.rsplit_once('.')?;
        (signature.len() == 43).then(|| (text.to_owned(), signature.to_owned()))
    }

    fn is_json_web_token(&self) -> bool {
        // `{"` in base64url is `eyJ` (RFC 7519, 3.1).
        self.value.starts_with("eyJ") && self.value.split('.').count() == 3
    }
}

impl fmt::Display for SetCookie {
    /// Writes name and attributes; the value stays out of reports.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=...", self.name)?;
        if let Some(max_age) = self.max_age {
            write!(f, "; Max-Age={max_age}")?;
        }
        if let Some(domain) = &self.domain {
            write!(f, "; Domain={domain}")?;
        }
        if let Some(path) = &self.path {
            write!(f, "; Path={path}")?;
        }
        if self.expires.is_some() {
            f.write_str("; Expires=...")?;
        }
        if self.http_only {
            f.write_str("; HttpOnly")?;
        }
        if self.secure {
            f.write_str("; Secure")?;
        }
        if let Some(same_site) = &self.same_site {
            write!(f, "; SameSite={same_site}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// RFC 6265bis, 5.6.1: an optional minus and digits. Beyond the range of the clock it is clamped.
fn seconds(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}

pub(crate) fn percent_decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let byte = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(byte.unwrap_or(first));
        rest = after.get(if byte.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::SetCookie;

    #[test]
    fn attributes_are_read_in_any_case_and_order() {
        let cookie = SetCookie::parse(
            " sid = abc=d ;secure;HTTPONLY; SameSite=lax; domain=.Shop.Example; PATH=/x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:10 GMT",
        )
        .unwrap();
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("sid", "abc=d"));
        assert!(cookie.secure && cookie.http_only);
        assert_eq!(cookie.same_site.as_deref(), Some("lax"));
        assert_eq!(cookie.domain.as_deref(), Some("shop.example"));
        assert_eq!(cookie.path.as_deref(), Some("/x"));
        assert_eq!(cookie.lifetime(0), Some(60));
        assert_eq!(cookie.expires, Some(10));
    }

    #[test]
    fn what_a_browser_ignores_is_none() {
        assert!(SetCookie::parse("no equals sign").is_none());
        assert!(SetCookie::parse("=value").is_none());
        assert!(SetCookie::parse("").is_none());
    }

    #[test]
    fn a_wrong_max_age_does_not_count() {
        assert_eq!(SetCookie::parse("a=b; Max-Age=1h").unwrap().max_age, None);
        assert_eq!(SetCookie::parse("a=b; Max-Age=99999999999999999999").unwrap().max_age, Some(i64::MAX));
        assert!(SetCookie::parse("a=; Max-Age=0").unwrap().is_removal(0));
        assert!(SetCookie::parse("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap().is_removal(5));
    }

    #[test]
    fn sessions_are_known_by_name_or_value() {
        let signed = format!("anything=s%3Aabc.{}", "A".repeat(43));
        for field in [
            "connect.sid=x",
            "__Host-sid=x",
            "__Host-id=x",
            "koa.sess.sig=x",
            "PHPSESSID=x",
            "JSESSIONID=x",
            &signed,
            "t=eyJhb.eyJz.c2ln",
        ] {
            assert!(SetCookie::parse(field).unwrap().looks_like_session(), "{field}");
        }
        for field in ["theme=dark", "XSRF-TOKEN=x", "_csrf=x", "consider=1", "lang=en"] {
            assert!(!SetCookie::parse(field).unwrap().looks_like_session(), "{field}");
        }
    }

    #[test]
    fn the_value_is_never_shown() {
        let cookie = SetCookie::parse("sid=secret; Path=/").unwrap();
        assert_eq!(format!("{cookie}"), "sid=...; Path=/");
        assert!(!format!("{cookie:?}").contains("secret"));
    }
}
