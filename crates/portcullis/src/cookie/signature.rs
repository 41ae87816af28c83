//! Signed values, as npm `cookie-signature` 1.2 makes them: `value.signature`, where the signature is the HMAC-SHA256 of
//! the value alone, in base64 without padding.
//!
//! The name is not signed, so a value that was signed for one cookie passes in another one under the same key.

use std::{error::Error, fmt};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The secrets that sign cookies: the first signs, all verify, so that one can be replaced without logging everybody out.
///
/// ```
/// use portcullis::cookie::{SignatureKeys, Signed};
///
/// let old = SignatureKeys::new(["abc"])?;
/// let keys = SignatureKeys::new(["new", "abc"])?;
/// let value = old.sign("v1");
/// assert_eq!(value, "s:v1.KhBVKqRVvlIcFdyY3ttCUjVNkefAQTUs2lPph71FzcE");
/// assert_eq!(keys.open(&value), Signed::Valid("v1"));
/// assert_eq!(keys.open("s:v2.KhBVKqRVvlIcFdyY3ttCUjVNkefAQTUs2lPph71FzcE"), Signed::Invalid);
/// assert_eq!(keys.open("plain"), Signed::Not);
/// # Ok::<(), portcullis::cookie::NoSecret>(())
/// ```
pub struct SignatureKeys(Vec<Zeroizing<String>>);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed<'a> {
    /// Not signed: no `s:` in front.
    Not,
    /// Signed with one of the keys; the value without the signature.
    Valid(&'a str),
    /// It says that it is signed, and none of the keys fits.
    Invalid,
}

/// There is no secret to sign with, or an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSecret;

impl fmt::Display for NoSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("signed cookies need a secret that is not empty")
    }
}

impl Error for NoSecret {}

impl SignatureKeys {
    /// At least one secret, none empty.
    pub fn new<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, NoSecret> {
        let secrets: Vec<_> = secrets.into_iter().map(|secret| Zeroizing::new(secret.into())).collect();
        if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
            return Err(NoSecret);
        }
        Ok(Self(secrets))
    }

    /// `s:value.signature` with the first secret, as Express's `res.cookie` writes it (before it is percent-encoded).
    pub fn sign(&self, value: &str) -> String {
        let secret = self.0.first().map_or(&b""[..], |secret| secret.as_bytes());
        format!("s:{}", sign(value, secret))
    }

    /// Reads a decoded value. Every key is tried, in constant time each.
    pub fn open<'a>(&self, value: &'a str) -> Signed<'a> {
        match value.strip_prefix("s:") {
            None => Signed::Not,
            Some(signed) => self
                .0
                .iter()
                .find_map(|secret| unsign(signed, secret.as_bytes()))
                .map_or(Signed::Invalid, Signed::Valid),
        }
    }
}

impl fmt::Debug for SignatureKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureKeys({} secrets)", self.0.len())
    }
}

/// `value.signature`: npm's `sign`.
pub fn sign(value: &str, secret: &[u8]) -> String {
    format!("{value}.{}", signature(value, secret))
}

/// The value in front of the last dot, if the signature behind it is right: npm's `unsign`. Padding and the URL alphabet
/// of base64 are refused.
pub fn unsign<'a>(signed: &'a str, secret: &[u8]) -> Option<&'a str> {
    let (value, given) = signed.rsplit_once('.')?;
    let right = signature(value, secret);
    bool::from(right.as_bytes().ct_eq(given.as_bytes())).then_some(value)
}

fn signature(value: &str, secret: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        unreachable!("HMAC takes a key of any length (RFC 2104, section 2)");
    };
    mac.update(value.as_bytes());
    BASE64_STANDARD_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_in_another_dress_are_refused() {
        let signed = sign("a.b", b"");
        assert_eq!(unsign(&signed, b""), Some("a.b"));
        assert_eq!(unsign(&format!("{signed}="), b""), None);
        let with_plus =
            (0..100).map(|n| sign(&n.to_string(), b"x")).find(|signed| signed.contains('+')).unwrap();
        assert!(unsign(&with_plus, b"x").is_some());
        assert_eq!(unsign(&with_plus.replace('+', "-").replace('/', "_"), b"x"), None);
        assert_eq!(unsign("nodot", b""), None);
        assert_eq!(unsign("", b""), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let keys = SignatureKeys::new(["hunter2"]).unwrap();
        assert!(!format!("{keys:?}").contains("hunter2"));
        assert_eq!(SignatureKeys::new([""]).unwrap_err(), NoSecret);
        assert_eq!(SignatureKeys::new([] as [&str; 0]).unwrap_err(), NoSecret);
    }
}
