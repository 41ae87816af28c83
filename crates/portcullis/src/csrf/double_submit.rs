//! Signed tokens bound to a session, as npm `csrf-csrf` 4 makes them: `hmac.random`, where the HMAC is of
//! `length!session!length!random`, both in hexadecimal, the lengths in UTF-16 units.
//!
//! Nothing is kept on the server: the signature says that we made the token, and for which session. A token of the
//! attacker's own session does not fit another's.

use std::fmt::Write;

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ConfigError;

/// How a token is written. The default is csrf-csrf's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFormat {
    /// What signs. Default SHA-256.
    pub algorithm: HmacAlgorithm,
    /// Between signature and random part. Not empty. Default `.`.
    pub token_delimiter: String,
    /// Between the parts of the message that is signed. Default `!`.
    pub message_delimiter: String,
}

impl Default for TokenFormat {
    fn default() -> Self {
        Self {
            algorithm: HmacAlgorithm::Sha256,
            token_delimiter: ".".to_owned(),
            message_delimiter: "!".to_owned(),
        }
    }
}

/// The hash under the HMAC (RFC 2104).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HmacAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Signs and checks tokens: the first secret signs, all verify, so that one can be replaced while forms are open.
///
/// ```
/// use portcullis::csrf::double_submit::{SignedTokens, TokenFormat};
///
/// let tokens = SignedTokens::new(["csrf-secret-A"], TokenFormat::default())?;
/// let token = tokens.create("session-id-1", &"ab".repeat(32));
/// assert!(tokens.verify("session-id-1", &token));
/// assert!(!tokens.verify("session-id-2", &token));
///
/// let rotated = SignedTokens::new(["csrf-secret-B", "csrf-secret-A"], TokenFormat::default())?;
/// assert!(rotated.verify("session-id-1", &token));
/// # Ok::<(), portcullis::ConfigError>(())
/// ```
pub struct SignedTokens {
    secrets: Vec<Zeroizing<String>>,
    format: TokenFormat,
}

impl SignedTokens {
    /// At least one secret, none empty.
    pub fn new<S: Into<String>>(
        secrets: impl IntoIterator<Item = S>,
        format: TokenFormat,
    ) -> Result<Self, ConfigError> {
        let secrets: Vec<_> = secrets.into_iter().map(|secret| Zeroizing::new(secret.into())).collect();
        if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
            return Err(ConfigError::new("secrets", "empty", "at least one secret, none of them empty"));
        }
        if format.token_delimiter.is_empty() {
            return Err(ConfigError::new("token_delimiter", "\"\"", "at least one character"));
        }
        Ok(Self { secrets, format })
    }

    /// A token for a session, signed with the first secret. `random` is what makes it differ from others; csrf-csrf takes
    /// 32 random bytes in hexadecimal.
    pub fn create(&self, session: &str, random: &str) -> String {
        let secret = self.secrets.first().map_or("", |secret| secret.as_str());
        format!("{}{}{random}", self.signature(secret, session, random), self.format.token_delimiter)
    }

    /// Whether a token was made for the session with one of the secrets, in constant time.
    pub fn verify(&self, session: &str, token: &str) -> bool {
        // Compatible with csrf-csrf 4: what follows a second delimiter is not looked at.
        let mut parts = token.split(self.format.token_delimiter.as_str());
        let (Some(signature), Some(random)) = (parts.next(), parts.next()) else { return false };
        if random.is_empty() {
            return false;
        }
        self.secrets.iter().any(|secret| {
            self.signature(secret, session, random).as_bytes().ct_eq(signature.as_bytes()).into()
        })
    }

    /// Whether the token that was sent is the one in the cookie, and is of the session: double submit.
    pub fn verify_submitted(&self, session: &str, cookie: &str, submitted: &str) -> bool {
        bool::from(cookie.as_bytes().ct_eq(submitted.as_bytes())) && self.verify(session, submitted)
    }

    /// The shortest of the secrets, in bytes.
    pub(super) fn shortest_secret(&self) -> usize {
        self.secrets.iter().map(|secret| secret.len()).min().unwrap_or_default()
    }

    fn signature(&self, secret: &str, session: &str, random: &str) -> String {
        let delimiter = &self.format.message_delimiter;
        let length = |text: &str| text.encode_utf16().count();
        let message = format!(
            "{}{delimiter}{session}{delimiter}{}{delimiter}{random}",
            length(session),
            length(random)
        );
        match self.format.algorithm {
            HmacAlgorithm::Sha256 => signed::<Sha256>(secret, &message),
            HmacAlgorithm::Sha384 => signed::<Sha384>(secret, &message),
            HmacAlgorithm::Sha512 => signed::<Sha512>(secret, &message),
        }
    }
}

impl std::fmt::Debug for SignedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedTokens({} secrets)", self.secrets.len())
    }
}

/// In lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}"); // writing to a string does not fail
    }
    text
}

fn signed<D: EagerHash>(secret: &str, message: &str) -> String {
    let Ok(mut mac) = Hmac::<D>::new_from_slice(secret.as_bytes()) else {
        unreachable!("HMAC takes a key of any length (RFC 2104, section 2)");
    };
    mac.update(message.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_very_token_verifies() {
        let tokens = SignedTokens::new(["s"], TokenFormat::default()).unwrap();
        let token = tokens.create("1", "aa");
        assert!(tokens.verify_submitted("1", &token, &token));
        assert!(!tokens.verify_submitted("1", &token, &tokens.create("1", "bb")));
        for forged in ["", ".", "x", ".aa", &token.to_uppercase(), token.strip_suffix("aa").unwrap()] {
            assert!(!tokens.verify("1", forged), "{forged}");
        }
        // The lengths keep one session's end from becoming the next one's beginning.
        assert_ne!(tokens.create("1!2!a", "b"), tokens.create("1", "2!a!b"));
    }

    #[test]
    fn a_secret_is_needed_and_not_shown() {
        assert_eq!(SignedTokens::new([""], TokenFormat::default()).unwrap_err().path(), "secrets");
        assert_eq!(SignedTokens::new([] as [&str; 0], TokenFormat::default()).unwrap_err().path(), "secrets");
        let format = TokenFormat { token_delimiter: String::new(), ..TokenFormat::default() };
        assert_eq!(SignedTokens::new(["s"], format).unwrap_err().path(), "token_delimiter");
        let tokens = SignedTokens::new(["hunter2"], TokenFormat::default()).unwrap();
        assert!(!format!("{tokens:?}").contains("hunter2"));
    }
}
