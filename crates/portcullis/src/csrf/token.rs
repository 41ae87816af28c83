//! The tokens of npm `csurf` 1.11 (`csrf` 3.1): `salt-hash`, where the hash is the SHA-1 of `salt-secret` in base64url.
//!
//! Pure: the salt is the caller's. [`Secret`](super::Secret) brings a random one.
//!
//! **BREACH** (CVE-2013-3587): whoever can put a guess into a compressed page, and see how long it gets, learns a secret in it
//! byte by byte, if it is the same in every answer. Here the salt is new for each, and with it every byte of the hash; the
//! secret itself is never in a page.
//!
//! SHA-1 is the format, not a choice. Collisions are of no use against it: a token needs the secret's 144 bits.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// The token of a secret under a salt. csurf makes salts of eight letters and digits; a `-` in one makes a token that
/// never verifies.
///
/// ```
/// use portcullis::csrf::token;
///
/// let token = token::create("qv9rZJ0kXo2m1sXJ3cJt0w8z", "salt0001");
/// assert_eq!(token, "salt0001-ZEG07pyoEOZetcUaWPwtLDfvbBI");
/// assert!(token::verify("qv9rZJ0kXo2m1sXJ3cJt0w8z", &token));
/// assert!(!token::verify("another secret", &token));
/// ```
pub fn create(secret: &str, salt: &str) -> String {
    let mut hash = Sha1::new();
    for part in [salt, "-", secret] {
        // Compatible with csrf 3.1: Node's "ascii" is the low byte of each UTF-16 unit.
        hash.update(part.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect::<Vec<u8>>());
    }
    format!("{salt}-{}", BASE64_URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// Whether a token was made of the secret, compared in constant time. An empty secret verifies nothing.
pub fn verify(secret: &str, token: &str) -> bool {
    let Some((salt, _)) = token.split_once('-') else { return false };
    !secret.is_empty() && bool::from(create(secret, salt).as_bytes().ct_eq(token.as_bytes()))
}
