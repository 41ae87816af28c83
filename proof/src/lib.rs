//! What the proofs need: a real Express app, the real `portcullis` binary before it, and a client.
//!
//! Everything runs on free ports of 127.0.0.1 and is stopped by its pid. A part that is missing fails the test and says how to get
//! it.

#![allow(missing_docs, reason = "a harness, read beside its tests")]

pub mod client;
pub mod express;
pub mod gate;
pub mod redis;

/// The project's root.
pub fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
