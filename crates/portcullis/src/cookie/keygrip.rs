//! Detached signatures, as npm `keygrip` 1.1 makes them: what Koa and cookie-session put into a second cookie, `name.sig`.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use crate::secret::Secrets;

/// Keys that sign beside the value: the first signs, all verify.
///
/// Its default is SHA-1, which HMAC does not suffer from (RFC 6151 says so of MD5 even), and which is what every
/// cookie-session out there is signed with.
///
/// ```
/// use portcullis::{cookie::Keygrip, secret::Secrets};
///
/// let keys = Keygrip::new(Secrets::dangerous_weak(["SEKRIT2", "SEKRIT1"])?);
/// assert_eq!(keys.sign("foo=bar"), "HkLtjUN0ufHqE2Gsia7wQCcgF0A");
/// assert_eq!(keys.index("foo=bar", "HkLtjUN0ufHqE2Gsia7wQCcgF0A"), Some(0));
/// assert_eq!(keys.index("foo=bar", "iJ0LcT6ZnLIyFc12rspJ2lAl0U4"), Some(1));
/// assert_eq!(keys.index("foo=baz", "iJ0LcT6ZnLIyFc12rspJ2lAl0U4"), None);
/// # Ok::<(), portcullis::secret::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Keygrip {
    secrets: Secrets,
    algorithm: Algorithm,
    encoding: Encoding,
}

/// The hash under the HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// The package's default.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// base64url without padding.
    #[default]
    Base64,
    /// Lower-case hexadecimal.
    Hex,
}

impl Keygrip {
    /// HMAC-SHA1 in base64url.
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, algorithm: Algorithm::default(), encoding: Encoding::default() }
    }

    /// With another hash and spelling.
    #[must_use]
    pub fn with(self, algorithm: Algorithm, encoding: Encoding) -> Self {
        Self { algorithm, encoding, ..self }
    }

    /// The signature of a text with the first secret.
    pub fn sign(&self, data: &str) -> String {
        self.secrets.iter().next().map(|secret| self.signature(data, secret)).unwrap_or_default()
    }

    /// Which of the secrets has signed, in constant time each: `Some(0)` is the one that signs today.
    pub fn index(&self, data: &str, signature: &str) -> Option<usize> {
        self.secrets
            .iter()
            .position(|secret| self.signature(data, secret).as_bytes().ct_eq(signature.as_bytes()).into())
    }

    fn signature(&self, data: &str, secret: &str) -> String {
        let digest = match self.algorithm {
            Algorithm::Sha1 => digest::<Sha1>(data, secret),
            Algorithm::Sha256 => digest::<Sha256>(data, secret),
            Algorithm::Sha384 => digest::<Sha384>(data, secret),
            Algorithm::Sha512 => digest::<Sha512>(data, secret),
        };
        match self.encoding {
            Encoding::Base64 => BASE64_URL_SAFE_NO_PAD.encode(digest),
            Encoding::Hex => digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        }
    }
}

fn digest<H: EagerHash>(data: &str, secret: &str) -> Vec<u8>
where
    Hmac<H>: Mac + KeyInit,
{
    let Ok(mut mac) = <Hmac<H> as KeyInit>::new_from_slice(secret.as_bytes()) else {
        unreachable!("HMAC takes a key of any length (RFC 2104, section 2)");
    };
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

impl fmt::Debug for Keygrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keygrip({:?}, {:?})", self.secrets, self.algorithm)
    }
}
