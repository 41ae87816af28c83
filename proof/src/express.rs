//! `apps/*.js` on a real Express.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

pub struct Express {
    process: Child,
    pub port: u16,
}

impl Express {
    /// On Express 5 or 4, outside production, as most run by mistake.
    pub fn start(version: u8) -> Self {
        Self::start_app(version, "shop.js")
    }

    /// Another of the apps.
    pub fn start_app(version: u8, app: &str) -> Self {
        let directory = crate::root().join(format!("proof/apps/express{version}"));
        assert!(
            directory.join("node_modules/express").exists(),
            "Express is not installed: run `npm ci` in {}, or scripts/test, which does",
            directory.display()
        );
        let mut process = Command::new("node")
            .arg(format!("../{app}"))
            .current_dir(directory)
            .env_remove("NODE_ENV")
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
