//! Signed values, as npm `cookie-signature` 1.2 makes them: `value.signature`, where the signature is the HMAC-SHA256 of
//! the value alone, in base64 without padding.
//!
//! The name is not signed, so a value that was signed for one cookie passes in another one under the same key.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::secret::Secrets;

/// The keys that sign cookies: the first signs, all verify, so that one can be replaced without logging everybody out.
///
/// ```
/// use portcullis::{cookie::{SignatureKeys, Signed}, secret::Secrets};
///
/// let old = SignatureKeys::new(&Secrets::dangerous_weak(["abc"])?);
/// let keys = SignatureKeys::new(&Secrets::dangerous_weak(["new", "abc"])?);
/// let value = old.sign("v1");
/// assert_eq!(value, "s:v1.KhBVKqRVvlIcFdyY3ttCUjVNkefAQTUs2lPph71FzcE");
/// assert_eq!(keys.open(&value), Signed::Valid("v1"));
/// assert_eq!(keys.open("s:v2.KhBVKqRVvlIcFdyY3ttCUjVNkefAQTUs2lPph71FzcE"), Signed::Invalid);
/// assert_eq!(keys.open("plain"), Signed::Not);
/// # Ok::<(), portcullis::secret::SecretError>(())
/// ```
#[derive(Clone)]
pub struct SignatureKeys {
    first: Key,
    others: Vec<Key>,
}

/// The state of the HMAC after the secret, which is the same for every value.
type Key = Hmac<Sha256>;

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

impl SignatureKeys {
    /// One key for each secret.
    pub fn new(secrets: &Secrets) -> Self {
        let mut keys = secrets.iter().map(|secret| key(secret.as_bytes()));
        match keys.next() {
            Some(first) => Self { first, others: keys.collect() },
            None => unreachable!("there is at least one secret among `Secrets`"),
        }
    }

    /// `s:value.signature` with the first secret, as Express's `res.cookie` writes it (before it is percent-encoded).
    pub fn sign(&self, value: &str) -> String {
        format!("s:{value}.{}", signature(&self.first, value))
    }

    /// Reads a decoded value. Every key is tried, in constant time each.
    pub fn open<'a>(&self, value: &'a str) -> Signed<'a> {
        let Some(signed) = value.strip_prefix("s:") else { return Signed::Not };
        let mut keys = std::iter::once(&self.first).chain(&self.others);
        keys.find_map(|key| verified(key, signed)).map_or(Signed::Invalid, Signed::Valid)
    }
}

impl fmt::Debug for SignatureKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureKeys({} secrets)", 1 + self.others.len())
    }
}

/// `value.signature`: npm's `sign`.
pub fn sign(value: &str, secret: &[u8]) -> String {
    format!("{value}.{}", signature(&key(secret), value))
}

/// The value in front of the last dot, if the signature behind it is right: npm's `unsign`. Padding and the URL alphabet
/// of base64 are refused.
pub fn unsign<'a>(signed: &'a str, secret: &[u8]) -> Option<&'a str> {
    verified(&key(secret), signed)
}

fn verified<'a>(key: &Key, signed: &'a str) -> Option<&'a str> {
    let (value, given) = signed.rsplit_once('.')?;
    let right = signature(key, value);
    bool::from(right.as_bytes().ct_eq(given.as_bytes())).then_some(value)
}

fn key(secret: &[u8]) -> Key {
    match Key::new_from_slice(secret) {
        Ok(key) => key,
        Err(_) => unreachable!("HMAC takes a key of any length (RFC 2104, section 2)"),
    }
}

fn signature(key: &Key, value: &str) -> String {
    let mut mac = key.clone();
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
        let keys = SignatureKeys::new(&Secrets::dangerous_weak(["hunter2"]).unwrap());
        assert_eq!(format!("{keys:?}"), "SignatureKeys(1 secrets)");
    }
}
