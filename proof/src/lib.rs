//! What the proofs need: a real Express app, the real `portcullis` binary before it, a client, and the servers that sessions are
//! kept on.
//!
//! Everything runs on free ports of 127.0.0.1 and is stopped by its pid. A part that is missing fails the test and says how to get
//! it.

#![allow(missing_docs, reason = "a harness, read beside its tests")]

pub mod client;
pub mod express;
pub mod gate;
pub mod lag;
pub mod monitor;
pub mod postgres;
pub mod redis;

/// The project's root.
pub fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// How often a proof is to be repeated that kills something: what `PORTCULLIS_ROUNDS` says.
pub fn rounds() -> Option<u32> {
    let rounds = std::env::var_os("PORTCULLIS_ROUNDS")?;
    Some(rounds.to_str().and_then(|rounds| rounds.parse().ok()).expect("PORTCULLIS_ROUNDS is a number"))
}

/// A port of 127.0.0.1 that nobody listened on a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// Sends a signal to a process of ours.
fn signal(process: &std::process::Child, name: &str) {
    let sent =
        std::process::Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} was not sent");
}
