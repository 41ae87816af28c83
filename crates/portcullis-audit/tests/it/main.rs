//! Tests of the public API against servers on loopback.
