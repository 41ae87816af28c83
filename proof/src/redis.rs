//! A real redis-server on a free port.

use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

pub struct Redis {
    process: Option<Child>,
    pub port: u16,
    directory: TempDir,
}

impl Redis {
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut redis = Self { process: None, port, directory: tempfile::tempdir().expect("a directory") };
        redis.start_again();
        redis
    }

    pub fn start_again(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &self.port.to_string()])
            .arg("--dir")
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts: install it (Debian: apt-get install redis-server), as scripts/test does");
        self.process = Some(process);
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not listen");
    }

    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// A file with the URL, as a secret is mounted.
    pub fn url_file(&self) -> PathBuf {
        let path = self.directory.path().join("url");
        std::fs::write(&path, format!("redis://127.0.0.1:{}\n", self.port)).expect("written");
        path
    }

    /// A file with a secret that gates share.
    pub fn secret_file(&self) -> PathBuf {
        let path = self.directory.path().join("secret");
        std::fs::write(&path, "a secret that is long enough for a test").expect("written");
        path
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
