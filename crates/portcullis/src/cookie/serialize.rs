//! A new `Set-Cookie` field, byte for byte as npm `cookie` 0.7 (`res.cookie`, express-session, csurf) writes it.

use std::{
    error::Error,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use httpdate::HttpDate;

/// The attributes of a new cookie, all optional.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use portcullis::cookie::{NewCookie, SameSite};
///
/// let cookie = NewCookie { http_only: true, secure: true, same_site: Some(SameSite::Lax), ..NewCookie::for_site() };
/// assert_eq!(cookie.serialize("id", "a b")?, "id=a%20b; Path=/; HttpOnly; Secure; SameSite=Lax");
///
/// let hour = NewCookie::default().lasting(Duration::from_secs(3600), SystemTime::UNIX_EPOCH);
/// assert_eq!(hour.serialize("id", "1")?, "id=1; Max-Age=3600; Expires=Thu, 01 Jan 1970 01:00:00 GMT");
/// # Ok::<(), portcullis::cookie::InvalidCookie>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCookie {
    /// `Max-Age`: whole seconds, a fraction is cut off.
    pub max_age: Option<Duration>,
    /// `Domain`: the cookie goes to this host and all below it. Empty is as if absent.
    pub domain: Option<String>,
    /// `Path`: the cookie goes to targets below it. Empty is as if absent.
    pub path: Option<String>,
    /// `Expires`: whole seconds; from 1970 to 9999.
    pub expires: Option<SystemTime>,
    /// Scripts cannot read it.
    pub http_only: bool,
    /// It goes over TLS only.
    pub secure: bool,
    /// It is kept apart per top-level site (CHIPS).
    pub partitioned: bool,
    /// Which cookies a full browser throws out last.
    pub priority: Option<Priority>,
    /// Whether requests from other sites carry it.
    pub same_site: Option<SameSite>,
}

/// The `Priority` attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Thrown out first.
    Low,
    /// The browsers' default.
    Medium,
    /// Thrown out last.
    High,
}

/// The `SameSite` attribute (RFC 6265bis, section 5.6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Never from another site.
    Strict,
    /// From another site only when the user follows a link.
    Lax,
    /// Always; browsers want `Secure` with it.
    None,
}

/// Which part of a new cookie cannot be written, named as npm `cookie` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCookie(&'static str);

impl fmt::Display for InvalidCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is invalid", self.0)
    }
}

impl Error for InvalidCookie {}

impl NewCookie {
    /// `Path=/` and nothing else: what Express's `res.cookie` begins with.
    pub fn for_site() -> Self {
        Self { path: Some("/".into()), ..Self::default() }
    }

    /// With `Max-Age` and the `Expires` that follows from it, as `res.cookie` writes both.
    #[must_use]
    pub fn lasting(mut self, max_age: Duration, now: SystemTime) -> Self {
        self.max_age = Some(max_age);
        self.expires = now.checked_add(max_age);
        self
    }

    /// The field. The value is percent-encoded like JavaScript's `encodeURIComponent`.
    pub fn serialize(&self, name: &str, value: &str) -> Result<String, InvalidCookie> {
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err(InvalidCookie("argument name"));
        }
        let mut field = format!("{name}=");
        encode(value, &mut field);
        if let Some(max_age) = self.max_age {
            field.extend(["; Max-Age=", &max_age.as_secs().to_string()]);
        }
        if let Some(domain) = self.domain.as_deref().filter(|domain| !domain.is_empty()) {
            if !is_domain(domain) {
                return Err(InvalidCookie("option domain"));
            }
            field.extend(["; Domain=", domain]);
        }
        if let Some(path) = self.path.as_deref().filter(|path| !path.is_empty()) {
            if !path.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b';' && byte != b'<') {
                return Err(InvalidCookie("option path"));
            }
            field.extend(["; Path=", path]);
        }
        if let Some(expires) = self.expires {
            let since_1970 =
                expires.duration_since(UNIX_EPOCH).ok().filter(|time| time.as_secs() < YEAR_10000);
            let since_1970 = since_1970.ok_or(InvalidCookie("option expires"))?;
            field.extend(["; Expires=", &HttpDate::from(UNIX_EPOCH + since_1970).to_string()]);
        }
        for (flag, text) in
            [(self.http_only, "; HttpOnly"), (self.secure, "; Secure"), (self.partitioned, "; Partitioned")]
        {
            if flag {
                field.push_str(text);
            }
        }
        field.push_str(match self.priority {
            None => "",
            Some(Priority::Low) => "; Priority=Low",
            Some(Priority::Medium) => "; Priority=Medium",
            Some(Priority::High) => "; Priority=High",
        });
        field.push_str(match self.same_site {
            None => "",
            Some(SameSite::Strict) => "; SameSite=Strict",
            Some(SameSite::Lax) => "; SameSite=Lax",
            Some(SameSite::None) => "; SameSite=None",
        });
        Ok(field)
    }
}

impl FromStr for Priority {
    type Err = InvalidCookie;

    /// Without regard to case.
    fn from_str(text: &str) -> Result<Self, InvalidCookie> {
        match text.to_ascii_lowercase().as_str() {
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            _ => Err(InvalidCookie("option priority")),
        }
    }
}

impl FromStr for SameSite {
    type Err = InvalidCookie;

    /// Without regard to case.
    fn from_str(text: &str) -> Result<Self, InvalidCookie> {
        match text.to_ascii_lowercase().as_str() {
            "strict" => Ok(Self::Strict),
            "lax" => Ok(Self::Lax),
            "none" => Ok(Self::None),
            _ => Err(InvalidCookie("option sameSite")),
        }
    }
}

/// RFC 9110, section 5.6.2.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A dot may lead; labels of 1 to 63 letters, digits and inner hyphens.
fn is_domain(domain: &str) -> bool {
    domain.strip_prefix('.').unwrap_or(domain).split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

fn encode(value: &str, field: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            field.push(char::from(byte));
        } else {
            field.push('%');
            for digit in [byte >> 4, byte & 0xf] {
                field.extend(HEX.get(usize::from(digit)));
            }
        }
    }
}

/// Seconds from 1970 to the first year that has no HTTP date (RFC 9110, section 5.6.7).
const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_inject_is_refused() {
        for name in ["", "a b", "a=b", "a;b", "é"] {
            assert_eq!(
                NewCookie::default().serialize(name, "").unwrap_err().to_string(),
                "argument name is invalid"
            );
        }
        for domain in ["a b", "-a", "a..b", "a;b", "."] {
            let cookie = NewCookie { domain: Some(domain.into()), ..NewCookie::default() };
            assert_eq!(
                cookie.serialize("a", "").unwrap_err().to_string(),
                "option domain is invalid",
                "{domain}"
            );
        }
        for path in ["/;", "/\r\n", "/é", "/<"] {
            let cookie = NewCookie { path: Some(path.into()), ..NewCookie::default() };
            assert_eq!(cookie.serialize("a", "").unwrap_err().to_string(), "option path is invalid");
        }
        assert_eq!(
            NewCookie::default().serialize("a", "b; Path=/\r\n").unwrap(),
            "a=b%3B%20Path%3D%2F%0D%0A"
        );
    }

    #[test]
    fn dates_that_cannot_be_written_are_refused() {
        let written =
            |expires| NewCookie { expires: Some(expires), ..NewCookie::default() }.serialize("a", "");
        assert!(written(UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert!(written(UNIX_EPOCH + Duration::from_secs(YEAR_10000)).is_err());
        let last = written(UNIX_EPOCH + Duration::from_secs(YEAR_10000 - 1)).unwrap();
        assert_eq!(last, "a=; Expires=Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
