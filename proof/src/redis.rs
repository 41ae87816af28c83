//! A real Redis, in a directory of its own.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A server that is running, until it is dropped.
pub struct Redis {
    process: Child,
    directory: TempDir,
    port: u16,
}

impl Redis {
    /// One that has every write on its disk before it answers.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = crate::free_port();
        let mut redis = Self { process: spawn(&directory, port), directory, port };
        redis.wait_until_ready();
        redis
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill().expect("it was running");
        self.process.wait().expect("it has ended");
    }

    /// Again on the same port, with what is on its disk.
    pub fn restart(&mut self) {
        self.process = spawn(&self.directory, self.port);
        self.wait_until_ready();
    }

    /// SIGSTOP: connections stay, nothing answers.
    pub fn freeze(&self) {
        crate::signal(&self.process, "STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        crate::signal(&self.process, "CONT");
    }

    /// What a second client sees: the lines of `redis-cli`'s answer to one command.
    pub fn ask(&self, command: &[&str]) -> Vec<String> {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(command)
            .output()
            .expect("redis-cli is installed");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    fn wait_until_ready(&mut self) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            if self.answers() == Some(true) {
                return;
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("redis-server ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("redis-server was not ready in time");
    }

    fn answers(&self) -> Option<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
        stream.write_all(b"PING\r\n").ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.starts_with("+PONG"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(directory: &TempDir, port: u16) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed: scripts/test does that")
}
