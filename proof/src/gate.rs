//! The real binary, with a configuration of the test's.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A secret that every gate finds in its environment, as `PORTCULLIS_PROOF_SECRET`.
const SECRET: &str = "3Fq8LmZx0TtYw5rXc2mB7nJd4hLs9gFa0eUi";

/// A gate that is running, its certificate, and its log.
pub struct Gate {
    process: Child,
    directory: TempDir,
    pub http: SocketAddr,
    pub https: SocketAddr,
    pub certificate_pem: String,
}

/// The binary beside this test: `target/<profile>/portcullis`, or the one that `PORTCULLIS_BIN` names.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("PORTCULLIS_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test has a path");
    let path = test.ancestors().nth(2).expect("target/<profile>/deps/<test>").join("portcullis");
    assert!(path.exists(), "{} is not there: run `cargo build -p portcullis-cli`", path.display());
    path
}

/// A certificate for localhost as PEM, and its key.
pub fn certificate() -> (String, String) {
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate is made");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

impl Gate {
    /// Before `upstream`, with `config` after the sections that every gate has.
    pub fn start(upstream: &str, config: &str) -> Self {
        Self::start_with(upstream, config, &[])
    }

    pub fn start_with(upstream: &str, config: &str, arguments: &[&str]) -> Self {
        Self::start_listening("", upstream, config, arguments)
    }

    /// One that serves the application on the plain listener, too.
    pub fn start_plain(upstream: &str, config: &str) -> Self {
        Self::start_listening("dangerous_plain_http = true\n", upstream, config, &[])
    }

    fn start_listening(listen: &str, upstream: &str, config: &str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (certificate_pem, key_pem) = certificate();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("cert.pem"), &certificate_pem).expect("written");
        std::fs::write(at("key.pem"), key_pem).expect("written");
        let text = format!(
            "[listen]\nhttps = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\nworkers = 1\n{listen}\
             [tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n\
             [upstream]\nto = \"{upstream}\"\n\
             [log]\nready_file = \"{}\"\n{config}",
            at("ready.json").display()
        );
        std::fs::write(at("portcullis.toml"), text).expect("written");
        let log = File::create(at("gate.log")).expect("created");
        let process = Command::new(binary())
            .args(["gate", "--config"])
            .arg(at("portcullis.toml"))
            .args(arguments)
            .env("PORTCULLIS_PROOF_SECRET", SECRET)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the gate starts");
        let mut gate = Self {
            process,
            http: ([127, 0, 0, 1], 0).into(),
            https: ([127, 0, 0, 1], 0).into(),
            certificate_pem,
            directory,
        };
        gate.wait_until_ready();
        gate
    }

    fn wait_until_ready(&mut self) {
        let started = Instant::now();
        let ready = self.directory.path().join("ready.json");
        while started.elapsed() < Duration::from_secs(20) {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                let ready: serde_json::Value = serde_json::from_str(&text).expect("the ready file is JSON");
                let address = |name: &str| ready[name].as_str().and_then(|text| text.parse().ok());
                self.http = address("http").expect("the plain listener's address");
                self.https = address("https").expect("the TLS listener's address");
                return;
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("the gate ended with {status}:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the gate was not ready in time:\n{}", self.log());
    }

    /// All that the gate wrote so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("gate.log")).unwrap_or_default()
    }

    /// Waits until the log holds `text`.
    pub async fn wait_for_log(&self, text: &str) -> String {
        for _ in 0..200 {
            let log = self.log();
            if log.contains(text) {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never logged {text:?}:\n{}", self.log());
    }

    /// Resident memory in KiB, as the kernel counts it.
    pub fn resident_kib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("the gate runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has a size");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
    }

    /// Waits for the end, at most 20 s.
    pub fn wait(&mut self) -> ExitStatus {
        for _ in 0..2000 {
            if let Ok(Some(status)) = self.process.try_wait() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the gate does not end:\n{}", self.log());
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `portcullis` to its end: exit code, standard output, standard error.
pub fn run(arguments: &[&str], directory: &Path) -> (i32, String, String) {
    let output =
        Command::new(binary()).args(arguments).current_dir(directory).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}
