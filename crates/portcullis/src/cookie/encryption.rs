//! Sealed values: encrypted and authenticated, so that a client can neither read nor change what it carries.
//!
//! ```text
//! base64url( version 1 | key id 4 | nonce 12 | AES-256-GCM( issued at 8 | plaintext ) | tag 16 )
//! ```
//!
//! The key is derived from the secret with HKDF-SHA256 for this purpose alone; the cookie's name is authenticated with the
//! value, so a value does not pass in another cookie. The key id says which secret to open with, so that replacing one
//! costs nothing. The time of sealing is inside: whoever opens can refuse what is too old, however long a client kept it.
//!
//! The nonce is random. After 2^32 values under one secret the chance that two had the same one reaches one in 2^32 (NIST
//! SP 800-38D, section 8.3): at a thousand new values each second that is fifty days, so a secret that seals so many must
//! be replaced each month.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::Secrets;

/// Keys that seal values for one purpose: the first seals, all open.
///
/// ```
/// use std::time::SystemTime;
/// use portcullis::{cookie::EncryptionKeys, secret::Secrets};
///
/// let secrets = Secrets::new(["WTlOXTZsKhJ5cjI4fYFqGZ7n0mBLpDvR"])?;
/// let keys = EncryptionKeys::new(&secrets, "preferences");
/// let sealed = keys.seal("theme", b"dark", SystemTime::now())?;
/// assert_eq!(keys.open("theme", &sealed)?.plaintext, b"dark");
/// assert!(keys.open("user", &sealed).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EncryptionKeys(Vec<SealingKey>);

#[derive(Clone)]
struct SealingKey {
    id: [u8; KEY_ID],
    cipher: Aes256Gcm,
}

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// As it was given to [`EncryptionKeys::seal`].
    pub plaintext: Vec<u8>,
    /// When it was sealed, to the second.
    pub issued: SystemTime,
    /// It was sealed with a secret that is no longer the first: it is time to seal it anew.
    pub is_stale: bool,
}

/// Why a value does not open. It says no more, since it says it to whoever made the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSealed;

impl fmt::Display for NotSealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value was not sealed with any of our secrets, or was changed since")
    }
}

impl Error for NotSealed {}

/// The system gives no random bytes for a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system gives no random bytes")
    }
}

impl Error for NoRandomness {}

impl EncryptionKeys {
    /// Keys for one purpose. Values that were sealed for another one do not open, though the secrets are the same.
    pub fn new(secrets: &Secrets, purpose: &str) -> Self {
        Self(secrets.iter().map(|secret| SealingKey::derive(secret, purpose)).collect())
    }

    /// Seals a value for the cookie of this name.
    pub fn seal(&self, name: &str, plaintext: &[u8], now: SystemTime) -> Result<String, NoRandomness> {
        let Some(SealingKey { id, cipher }) = self.0.first() else {
            unreachable!("there is at least one secret among `Secrets`");
        };
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| NoRandomness)?;
        let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let message = Zeroizing::new([&issued.to_be_bytes(), plaintext].concat());
        let payload = Payload { msg: &message, aad: name.as_bytes() };
        let Ok(ciphertext) = cipher.encrypt(&Nonce::from(nonce), payload) else {
            unreachable!("AES-GCM takes up to 64 GiB, and no cookie is so long");
        };
        Ok(BASE64_URL_SAFE_NO_PAD.encode([&[VERSION][..], id, &nonce, &ciphertext].concat()))
    }

    /// Opens what was sealed for the cookie of this name.
    pub fn open(&self, name: &str, sealed: &str) -> Result<Opened, NotSealed> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| NotSealed)?;
        let ([version], rest) = bytes.split_first_chunk().ok_or(NotSealed)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(NotSealed)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(NotSealed)?;
        if *version != VERSION {
            return Err(NotSealed);
        }
        let position = self.0.iter().position(|key| key.id == *id).ok_or(NotSealed)?;
        let SealingKey { cipher, .. } = self.0.get(position).ok_or(NotSealed)?;
        let payload = Payload { msg: ciphertext, aad: name.as_bytes() };
        let message = Zeroizing::new(cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| NotSealed)?);
        let (issued, plaintext) = message.split_first_chunk().ok_or(NotSealed)?;
        let issued = Duration::from_secs(u64::from_be_bytes(*issued));
        Ok(Opened {
            plaintext: plaintext.to_vec(),
            issued: UNIX_EPOCH.checked_add(issued).ok_or(NotSealed)?,
            is_stale: position > 0,
        })
    }

    /// How long a sealed value of `bytes` bytes is.
    pub fn sealed_length(bytes: usize) -> usize {
        const OVERHEAD: usize = 1 + KEY_ID + NONCE + 8 + 16;
        (bytes + OVERHEAD).saturating_mul(4).div_ceil(3)
    }
}

impl SealingKey {
    fn derive(secret: &str, purpose: &str) -> Self {
        let extracted = Hkdf::<Sha256>::new(None, secret.as_bytes());
        let expand = |info: &str, key: &mut [u8]| {
            if extracted.expand_multi_info(&[info.as_bytes(), b" ", purpose.as_bytes()], key).is_err() {
                unreachable!("HKDF gives up to 255 blocks (RFC 5869, section 2.3), and this is one");
            }
        };
        let (mut id, mut key) = ([0; KEY_ID], Zeroizing::new([0; 32]));
        expand("portcullis sealed value v1: key id", &mut id);
        expand("portcullis sealed value v1: key", &mut *key);
        Self { id, cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)) }
    }
}

impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKeys({})", self.0.len())
    }
}

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "b1rXqkzYc0m7Ww4vR2nTj8sLf6hGd3aE";
    const NEW: &str = "Zk8vT1qYw5rXc2mB7nJd4hLs9gFa0eUi";

    fn keys(secrets: &[&str]) -> EncryptionKeys {
        EncryptionKeys::new(&Secrets::new(secrets.iter().copied()).unwrap(), "test")
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_893_456_000)
    }

    #[test]
    fn whatever_byte_is_changed_it_does_not_open() {
        let keys = keys(&[NEW]);
        let sealed = keys.seal("a", b"hello", now()).unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[position] ^= 1 << bit;
                assert_eq!(keys.open("a", &BASE64_URL_SAFE_NO_PAD.encode(changed)), Err(NotSealed));
            }
            assert_eq!(keys.open("a", &BASE64_URL_SAFE_NO_PAD.encode(&bytes[..position])), Err(NotSealed));
        }
        for other in [
            "",
            "a",
            "AQ",
            "=",
            "\u{e9}",
            &format!("{sealed}=="),
            &format!("{sealed}A"),
            &sealed.to_lowercase(),
        ] {
            assert_eq!(keys.open("a", other), Err(NotSealed), "{other}");
        }
    }

    #[test]
    fn a_value_opens_for_its_name_and_purpose_only() {
        let sealed = keys(&[NEW]).seal("a", b"", now()).unwrap();
        assert_eq!(keys(&[NEW]).open("a", &sealed).unwrap().plaintext, b"");
        assert!(keys(&[NEW]).open("b", &sealed).is_err());
        let other = EncryptionKeys::new(&Secrets::new([NEW]).unwrap(), "other");
        assert!(other.open("a", &sealed).is_err());
    }

    #[test]
    fn an_old_secret_still_opens_and_says_so() {
        let sealed = keys(&[OLD]).seal("a", b"hello", now()).unwrap();
        let right = Opened { plaintext: b"hello".to_vec(), issued: now(), is_stale: true };
        assert_eq!(keys(&[NEW, OLD]).open("a", &sealed), Ok(right));
        assert!(keys(&[NEW]).open("a", &sealed).is_err());
    }

    #[test]
    fn the_length_is_known_beforehand() {
        for bytes in [0, 1, 2, 3, 100, 3000] {
            let sealed = keys(&[NEW]).seal("a", &vec![b'x'; bytes], now()).unwrap();
            assert_eq!(sealed.len(), EncryptionKeys::sealed_length(bytes));
        }
    }

    #[test]
    fn no_two_are_alike_and_no_secret_shows() {
        let keys = keys(&[NEW]);
        assert_ne!(keys.seal("a", b"x", now()), keys.seal("a", b"x", now()));
        assert_eq!(format!("{keys:?}"), "EncryptionKeys(1)");
    }
}
