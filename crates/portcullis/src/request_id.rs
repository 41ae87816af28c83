//! A name for each request: in the log, in error pages, towards the upstream.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::HeaderValue;

/// The name of a request: 24 lower-case hexadecimal digits.
///
/// The first 12 are random per process, the last 12 count up, so an id is unique across processes without a call for
/// randomness per request, and says nothing but order. It is a name, not a secret.
///
/// The field that carries it towards the upstream is `X-Request-Id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 24]);

impl RequestId {
    /// The next one.
    pub fn next() -> Self {
        static PROCESS: OnceLock<u64> = OnceLock::new();
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let process = *PROCESS.get_or_init(|| {
            let mut seed = [0; 8];
            if getrandom::fill(&mut seed).is_err() {
                // Uniqueness across processes is all that is needed; the clock gives it where the kernel does not.
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                return now
                    .map_or(0, |now| u64::from(now.subsec_nanos()) << 32 | now.as_secs() & 0xffff_ffff);
            }
            u64::from_le_bytes(seed)
        });
        let mut text = [b'0'; 24];
        let (front, back) = text.split_at_mut(12);
        write_hex(front, process);
        write_hex(back, COUNTER.fetch_add(1, Ordering::Relaxed));
        Self(text)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("-")
    }

    /// The digits as a field value.
    pub fn to_header_value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The lowest digits of `value`, as many as there is room for.
fn write_hex(digits: &mut [u8], mut value: u64) {
    for digit in digits.iter_mut().rev() {
        let nibble = (value & 0xf) as u8;
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        value >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal_and_never_repeat() {
        let (one, two) = (RequestId::next(), RequestId::next());
        assert_ne!(one, two);
        assert!(one.as_str().bytes().all(|digit| digit.is_ascii_hexdigit()), "{one}");
        assert_eq!(one.as_str().get(..12), two.as_str().get(..12));
    }
}
