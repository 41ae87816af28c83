//! The binary, running.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::visitor::Visitor;

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
    /// Of the databases, if they are to go with the server.
    directory: Option<TempDir>,
}

impl Server {
    /// On plain http on loopback, with databases of its own.
    pub(crate) fn development() -> Self {
        Self::in_its_own_directory(&["--dev"], &[])
    }

    pub(crate) fn in_its_own_directory(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Self::start(&directory.path().join("data"), arguments, environment);
        server.directory = Some(directory);
        server
    }

    pub(crate) fn start(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = command(data, arguments, environment).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let address = loop {
            let mut line = String::new();
            let bytes = lines.read_line(&mut line).unwrap();
            assert_ne!(bytes, 0, "it ended: {}", log.lock().unwrap());
            log.lock().unwrap().push_str(&line);
            if let Some((_, url)) = line.split_once("serving at ") {
                let (_, address) = url.split_once("://").unwrap();
                break address
                    .split(|c: char| c == ',' || c.is_whitespace())
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
            }
        };
        let rest = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                rest.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, address, log, directory: None }
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not stop");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary with an environment that holds a secret, and what the test says.
pub(crate) fn command(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_notes")));
    command.args(arguments).env_clear().env("NOTES_LISTEN", "127.0.0.1:0").env("NOTES_DATA", data);
    command.env("NOTES_SESSION_SECRET", SECRET).envs(environment.iter().copied());
    command
}

pub(crate) const SECRET: &str = "q2Jt8VmcZ0y5TnK4r9sXwLdF7aHbE1uP";
