//! A real PostgreSQL, with a cluster of its own in a temporary directory.

use std::{
    fs::Permissions,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A server that is running, until it is dropped. Whoever comes from 127.0.0.1 may do everything.
pub struct Postgres {
    process: Child,
    directory: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl Postgres {
    /// With settings such as `timezone=Europe/Berlin`, beside those that every proof has.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_in(private_directory(), settings)
    }

    /// One that speaks TLS, and its certificate for `localhost` as PEM.
    pub fn start_with_tls() -> (Self, String) {
        let directory = private_directory();
        let (certificate, key) = crate::gate::certificate();
        for (name, text) in [("server.pem", &certificate), ("server.key", &key)] {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("written");
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode is set");
            give_to_server(&path);
        }
        let setting = |name: &str, file: &str| format!("{name}={}", directory.path().join(file).display());
        let settings = [
            "ssl=on".to_owned(),
            setting("ssl_cert_file", "server.pem"),
            setting("ssl_key_file", "server.key"),
        ];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let server = Self::start_in(directory, &settings);
        (server, certificate)
    }

    pub fn url(&self) -> String {
        self.url_at("127.0.0.1")
    }

    pub fn url_at(&self, host: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres", self.port)
    }

    /// Ends it as a crash would: nothing is tidied up, and the next start recovers from the log.
    pub fn crash(&mut self) {
        crate::signal(&self.process, "QUIT");
        self.process.wait().expect("it has ended");
    }

    /// Again on the same port, with what is on its disk.
    pub fn restart(&mut self) {
        self.process = spawn(self.directory.path(), self.port, &self.settings);
        self.wait_until_ready();
    }

    /// What a second client sees: the rows of one statement, their fields with `|` between them.
    pub fn ask(&self, statement: &str) -> Vec<String> {
        let output = self.psql(statement);
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    fn psql(&self, statement: &str) -> std::process::Output {
        Command::new(binary("psql"))
            .args(["--host=127.0.0.1", "--username=postgres", "--no-align", "--tuples-only", "--no-psqlrc"])
            .arg(format!("--port={}", self.port))
            .args(["--quiet", "--command", statement, "postgres"])
            .stdin(Stdio::null())
            .output()
            .expect("psql runs")
    }

    fn start_in(directory: TempDir, settings: &[&str]) -> Self {
        let data = directory.path().join("data");
        let made = as_server(&binary("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = crate::free_port();
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let process = spawn(directory.path(), port, &settings);
        let mut server = Self { process, directory, port, settings };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&mut self) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(30) {
            if self.psql("SELECT 1").status.success() {
                return;
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("postgres ended with {status}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("postgres was not ready in time");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            crate::signal(&self.process, "QUIT");
            let _ = self.process.wait();
        }
    }
}

fn spawn(directory: &Path, port: u16, settings: &[String]) -> Child {
    let mut command = as_server(&binary("postgres"));
    command.arg("-D").arg(directory.join("data")).arg("-p").arg(port.to_string());
    // What is written reaches the kernel before it is answered, which a process that dies does not undo.
    for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"] {
        command.args(["-c", setting]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("postgres starts")
}

/// Debian keeps them out of the path, by version.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// PostgreSQL does not run as root: then it is its own user who runs it.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some((user, group)) = server_user() {
        command.gid(group).uid(user);
    }
    command
}

fn give_to_server(path: &Path) {
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).expect("root may give files away");
    }
}

/// The user `postgres`, if we are root.
fn server_user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> u32 {
        let output = Command::new("id").args(arguments).output().expect("id runs");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().expect("there is a user `postgres`: the package postgresql makes it")
    };
    (id(&["-u"]) == 0).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}

fn private_directory() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    give_to_server(directory.path());
    directory
}
