//! Hashing for tables whose keys nobody chooses: tuples of state ids.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub(super) type StateMap<K, V> = HashMap<K, V, BuildHasherDefault<StateHasher>>;

/// Multiply and rotate, as rustc's own tables do.
#[derive(Default)]
pub(super) struct StateHasher(u64);

impl Hasher for StateHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, value: usize) {
        self.0 = (self.0.rotate_left(5) ^ value as u64).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}
