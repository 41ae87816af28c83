//! The cookie of a device that its owner has signed in from.
//!
//! `issued.nonce.signature`: seconds since the Unix epoch, 16 random bytes, and HMAC-SHA-256 over both and the hashed user name, which
//! is not in it: the cookie is good for whoever it was made for, and tells nobody who that is.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::limit::Timestamp;

/// The cookie's name: no sibling host can set it, and it never travels without TLS.
pub const DEVICE_COOKIE: &str = "__Host-device";

/// What hashes names and signs devices.
pub(super) struct Secret(pub(super) Zeroizing<Vec<u8>>);

impl Secret {
    /// A user name as it is counted and logged: case and outer space aside, since applications differ on them.
    pub(super) fn user(&self, name: &str) -> String {
        let mac = self.mac(&[b"user", name.trim().to_lowercase().as_bytes()]);
        BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes().get(..16).unwrap_or_default())
    }

    /// A new device's cookie.
    pub(super) fn device(&self, user: &str, now: Timestamp) -> Option<String> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).ok()?;
        let (issued, nonce) = (seconds(now).to_string(), BASE64_URL_SAFE_NO_PAD.encode(nonce));
        let signature = self.device_mac(user, &issued, &nonce).finalize().into_bytes();
        Some(format!("{issued}.{nonce}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The nonce of a cookie that was made for this user and has not run out.
    pub(super) fn known_device<'c>(
        &self,
        cookie: &'c str,
        user: &str,
        lifetime_seconds: u64,
        now: Timestamp,
    ) -> Option<&'c str> {
        let (signed, signature) = cookie.rsplit_once('.')?;
        let (issued, nonce) = signed.split_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.device_mac(user, issued, nonce).verify_slice(&signature).ok()?;
        let until = issued.parse::<u64>().ok()?.checked_add(lifetime_seconds)?;
        (seconds(now) < until).then_some(nonce)
    }

    fn device_mac(&self, user: &str, issued: &str, nonce: &str) -> Hmac<Sha256> {
        self.mac(&[b"device", user.as_bytes(), issued.as_bytes(), nonce.as_bytes()])
    }

    /// Over the parts, each with its length before it, so that no two lists give the same.
    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes a key of any length")
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

fn seconds(now: Timestamp) -> u64 {
    now.as_micros() / 1_000_000
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_device_is_known_for_its_user_and_its_time() {
        let secret = Secret(Zeroizing::new(vec![7; 32]));
        let now = Timestamp::from_micros(1_893_456_000_000_000);
        let (alice, bob) = (secret.user(" Alice "), secret.user("bob"));
        assert_eq!(alice, secret.user("alice"));
        let cookie = secret.device(&alice, now).unwrap();
        assert!(secret.known_device(&cookie, &alice, 60, now).is_some());
        assert!(secret.known_device(&cookie, &bob, 60, now).is_none());
        assert!(secret.known_device(&cookie, &alice, 60, now.after(Duration::from_secs(60))).is_none());
        assert!(Secret(Zeroizing::new(vec![8; 32])).known_device(&cookie, &alice, 60, now).is_none());
        let later = cookie.replacen("1893456000", "1893459600", 1);
        for forged in ["", ".", "..", "1.2.3", later.as_str(), &cookie[1..]] {
            assert!(secret.known_device(forged, &alice, 60, now).is_none(), "{forged}");
        }
    }
}
