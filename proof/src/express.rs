//! Real Express apps.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

pub struct Express {
    process: Child,
    pub port: u16,
}

impl Express {
    /// `apps/shop.js` on Express 5 or 4, outside production, as most run by mistake.
    pub fn start(version: u8) -> Self {
        Self::run(&format!("express{version}"), "../shop.js", &[])
    }

    /// `apps/sessions/app.js`, whose sessions are kept as `kind` says: `redis`, `postgres` or `cookie`.
    pub fn with_sessions(kind: &str, url: &str, secret: &str) -> Self {
        Self::run("sessions", "app.js", &[("KIND", kind), ("URL", url), ("SECRET", secret)])
    }

    fn run(app: &str, script: &str, environment: &[(&str, &str)]) -> Self {
        let directory = crate::root().join("proof/apps").join(app);
        assert!(
            directory.join("node_modules/express").exists(),
            "Express is not installed: run `npm ci` in {}, or scripts/test, which does",
            directory.display()
        );
        let mut process = Command::new("node")
            .arg(script)
            .current_dir(directory)
            .env_remove("NODE_ENV")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output is piped"))
            .read_line(&mut line)
            .expect("the app prints its port");
        let port = line.trim().strip_prefix("port=").and_then(|port| port.parse().ok());
        Self { process, port: port.unwrap_or_else(|| panic!("the app said {line:?}")) }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Express {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
