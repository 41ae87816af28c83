//! The number used once that ties an inline script to the answer it stands in.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

/// The nonce of one answer: 128 random bits in base64, 24 characters.
///
/// In the extensions of each request whose answer gets a policy with [`Source::Nonce`](super::Source::Nonce). The page
/// repeats it: `<script nonce="...">`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; LENGTH]);

impl Nonce {
    /// A new one; none if the system has no randomness to give, in which case nothing in the page can be trusted by
    /// nonce.
    pub(crate) fn random() -> Option<Self> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).ok()?;
        let mut text = [0; LENGTH];
        STANDARD.encode_slice(bits, &mut text).ok()?;
        Some(Self(text))
    }

    /// The base64 text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not shown: a nonce in a log outlives its answer.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// Base64 of 16 bytes.
const LENGTH: usize = 24;
