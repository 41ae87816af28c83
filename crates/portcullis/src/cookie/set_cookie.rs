//! The `Set-Cookie` field of a response as it stands on the wire (RFC 6265bis, section 5.6): reading it, changing it and
//! writing it without losing what we do not know.

use std::{error::Error, fmt};

/// One `Set-Cookie` field: attributes in their order, also those that no standard knows.
///
/// ```
/// use portcullis::cookie::SetCookie;
///
/// let mut cookie = SetCookie::parse(b"id=1; Path=/; Priority=High; Partitioned")?;
/// assert!(cookie.has("partitioned"));
/// assert_eq!(cookie.last("path"), Some(&b"/"[..]));
/// cookie.push("Secure", None);
/// assert_eq!(cookie.to_bytes(), b"id=1; Path=/; Priority=High; Partitioned; Secure");
/// # Ok::<(), portcullis::cookie::Malformed>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// Never empty.
    pub name: &'a [u8],
    /// May be empty.
    pub value: &'a [u8],
    /// In their order.
    pub attributes: Vec<Attribute<'a>>,
}

/// `Path=/`, or `Secure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Compared without regard to case.
    pub name: &'a [u8],
    /// What stands behind `=`, if there is one.
    pub value: Option<&'a [u8]>,
}

/// Why a `Set-Cookie` field is no cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// A control byte other than a tab: browsers ignore the whole field.
    ControlByte,
    /// No name in front of `=`, or no `=`. Browsers take it for a nameless cookie, whose text may then pass for another
    /// cookie's name and value when it comes back.
    NoName,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlByte => "it has a control byte",
            Self::NoName => "it has no name",
        })
    }
}

impl Error for Malformed {}

impl<'a> SetCookie<'a> {
    /// Reads a field.
    pub fn parse(field: &'a [u8]) -> Result<Self, Malformed> {
        if field.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(Malformed::ControlByte);
        }
        let mut parts = field.split(|byte| *byte == b';');
        let (name, value) = name_and_value(parts.next().unwrap_or_default());
        let (false, Some(value)) = (name.is_empty(), value) else { return Err(Malformed::NoName) };
        let attributes = parts
            .map(name_and_value)
            .filter(|(name, value)| !name.is_empty() || value.is_some())
            .map(|(name, value)| Attribute { name, value })
            .collect();
        Ok(Self { name, value, attributes })
    }

    /// Whether an attribute is there.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.is(name))
    }

    /// The value of the last attribute of that name: the one that counts (RFC 6265bis, section 5.7). Empty if it has
    /// none.
    pub fn last(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes
            .iter()
            .rev()
            .find(|attribute| attribute.is(name))
            .map(|found| found.value.unwrap_or_default())
    }

    /// Adds an attribute at the end.
    pub fn push(&mut self, name: &'static str, value: Option<&'static str>) {
        self.attributes.push(Attribute { name: name.as_bytes(), value: value.map(str::as_bytes) });
    }

    /// Takes out all attributes of that name.
    pub fn remove(&mut self, name: &str) {
        self.attributes.retain(|attribute| !attribute.is(name));
    }

    /// The field: `name=value; Attribute=value; Attribute`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let attributes = self.attributes.iter();
        let length =
            attributes.map(|attribute| 3 + attribute.name.len() + attribute.value.map_or(0, <[u8]>::len));
        let mut field = Vec::with_capacity(self.name.len() + 1 + self.value.len() + length.sum::<usize>());
        field.extend_from_slice(self.name);
        field.push(b'=');
        field.extend_from_slice(self.value);
        for Attribute { name, value } in &self.attributes {
            field.extend_from_slice(b"; ");
            field.extend_from_slice(name);
            if let Some(value) = value {
                field.push(b'=');
                field.extend_from_slice(value);
            }
        }
        field
    }
}

impl Attribute<'_> {
    /// Whether this is the attribute of that name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

fn name_and_value(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (name, value) = match part.iter().position(|byte| *byte == b'=') {
        Some(equals) => (part.get(..equals).unwrap_or_default(), part.get(equals + 1..)),
        None => (part, None),
    };
    (name.trim_ascii(), value.map(<[u8]>::trim_ascii))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_cookie_is_refused() {
        for (field, why) in [
            (&b""[..], Malformed::NoName),
            (b"flag", Malformed::NoName),
            (b"=__Host-sid=evil", Malformed::NoName),
            (b" ; Path=/", Malformed::NoName),
            (b"a=b\r\nSet-Cookie: c=d", Malformed::ControlByte),
            (b"a=\x00", Malformed::ControlByte),
        ] {
            assert_eq!(SetCookie::parse(field), Err(why), "{field:?}");
        }
    }

    #[test]
    fn unknown_attributes_keep_their_place_and_spelling() {
        let field = b"a=b=c; max-age=1; X-New=\"q;\"; sAmEsItE=lax; Secure";
        let cookie = SetCookie::parse(field).unwrap();
        assert_eq!(cookie.value, b"b=c");
        assert_eq!(cookie.last("SameSite"), Some(&b"lax"[..]));
        assert_eq!(cookie.to_bytes(), b"a=b=c; max-age=1; X-New=\"q; \"; sAmEsItE=lax; Secure");
    }

    #[test]
    fn the_last_of_equal_attributes_counts() {
        let cookie = SetCookie::parse(b"a=b; Path=/x; Path=/; Domain").unwrap();
        assert_eq!(cookie.last("path"), Some(&b"/"[..]));
        assert_eq!(cookie.last("domain"), Some(&b""[..]));
    }
}
