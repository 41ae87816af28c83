//! The fields that leave no answer.

use http::{HeaderMap, HeaderName};

/// Names of fields to remove.
#[derive(Debug)]
pub(super) struct Removed {
    names: Vec<HeaderName>,
    /// Bit n is set if a name is n bytes long: tells nearly every other field apart without a comparison.
    lengths: u64,
}

impl Removed {
    pub(super) fn new(names: Vec<HeaderName>) -> Self {
        let lengths = names.iter().fold(0, |bits, name| bits | length_bit(name));
        Self { names, lengths }
    }

    pub(super) fn remove_from(&self, headers: &mut HeaderMap) {
        // One walk over the few fields of an answer is cheaper than a lookup for each name.
        while let Some(name) = headers.keys().find(|name| self.contains(name)).cloned() {
            headers.remove(name);
        }
    }

    fn contains(&self, name: &HeaderName) -> bool {
        self.lengths & length_bit(name) != 0 && self.names.contains(name)
    }
}

/// Names of 63 bytes and more share a bit.
fn length_bit(name: &HeaderName) -> u64 {
    1 << name.as_str().len().min(63)
}
