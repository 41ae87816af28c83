//! It starts only if what protects its users is there.

use std::{
    fs,
    process::{Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::server::{SECRET, Server, command};

#[test]
fn it_does_not_start_without_a_good_secret() {
    for weak in [
        "",
        "hunter2",
        "keyboard cat",
        "Keyboard Cat Keyboard Cat Keyboard Cat",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let output = attempt(&["--dev"], &[("NOTES_SESSION_SECRET", weak)]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{weak:?}: {said}");
        assert!(said.contains("NOTES_SESSION_SECRET") && said.contains("portcullis secret new"), "{said}");
        assert!(weak.is_empty() || !said.contains(weak), "{said}");
    }
}

#[test]
fn it_does_not_start_without_tls_unless_told_so() {
    let certificate = ("NOTES_TLS_CERTIFICATE", "/nowhere/cert.pem");
    let proxy = ("NOTES_TRUST_PROXY", "10.0.0.1");
    for (arguments, environment, word) in [
        (&[][..], &[][..], "--dev"),
        (&[][..], &[certificate][..], "NOTES_TLS_KEY"),
        (&[][..], &[certificate, ("NOTES_TLS_KEY", "/nowhere/key.pem")][..], "/nowhere/cert.pem"),
        (&["--dev"][..], &[proxy][..], "exactly one of"),
        (&[][..], &[("NOTES_TRUST_PROXY", "not an address")][..], "client.trust_proxy"),
        (&["--dev"][..], &[("NOTES_LISTEN", "0.0.0.0:0")][..], "loopback"),
        (&["--dev"][..], &[("NOTES_LISTEN", "3000")][..], "\"3000\""),
        (&["--prod"][..], &[][..], "usage"),
    ] {
        let output = attempt(arguments, environment);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains(word), "{arguments:?} {environment:?}: {said}");
        assert!(!said.contains(SECRET) && !said.contains("panicked"), "{said}");
    }
}

#[test]
fn it_ends_when_told_to() {
    let server = Server::development();
    assert_eq!(server.visitor().get("/login").status, 200);
    assert!(server.stop().success());
}

#[test]
fn secrets_may_come_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data, &["--dev"], &[]);
    let mut alice = server.visitor();
    alice.sign_up("alice");
    drop(server);

    let file = directory.path().join("secrets");
    let path = file.to_str().unwrap();
    let environment = [("NOTES_SESSION_SECRET", ""), ("NOTES_SESSION_SECRET_FILE", path)];
    fs::write(&file, format!("Zk3uYw8LrT1mXc6VbN9pQs2DfG5hJ7aE\n{SECRET}\n")).unwrap();
    let server = Server::start(&data, &["--dev"], &environment);
    let mut again = server.visitor();
    again.cookies = alice.cookies;
    assert!(again.is_signed_in());

    fs::write(&file, "weak\n").unwrap();
    let output = attempt(&["--dev"], &environment);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains(path) && said.contains("line 1"), "{said}");
}

/// A start that is expected to fail.
fn attempt(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(&directory.path().join("data"), arguments, environment);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill(); // one that did start fails its test
    child.wait_with_output().unwrap()
}
