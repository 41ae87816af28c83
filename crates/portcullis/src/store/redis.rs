//! One connection to a Redis or Valkey that answers in time or says at once that there is none.
//!
//! Many callers share one multiplexed connection. Every call ends within [`Config::deadline`], whether the server is gone,
//! hangs or is slow. After a failure the circuit is open: calls fail at once, while one task in the background knocks every
//! 200 ms until the server has answered a `PING`; then they pass again, without a restart.
//!
//! **What it does not do**: Redis Cluster and Sentinel. A primary behind one address (a managed service, a virtual address) is
//! what it is made for.
//!
//! ```no_run
//! use portcullis::store::redis::{Config, Redis};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::new(&Config::at("redis://127.0.0.1:6379"))?;
//! let value: Option<String> =
//!     redis.ask(|mut connection| async move { redis::cmd("GET").arg("key").query_async(&mut connection).await }).await?;
//! # Ok(())
//! # }
//! ```

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisResult, TlsCertificates,
    aio::MultiplexedConnection,
};
use serde::Deserialize;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};
use tokio_rustls::rustls::crypto;
use zeroize::Zeroizing;

use crate::{ConfigError, duration};

/// Which server, and how long to wait for it. One of `url`, `url_env`, `url_file` says where it is.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The environment variable that holds the URL: `redis://[user:password@]host[:port][/database]`, `rediss://` with
    /// TLS, or `unix:///path`.
    pub url_env: Option<String>,
    /// A file that holds the URL, as container platforms mount secrets.
    pub url_file: Option<PathBuf>,
    /// The URL itself, from a program that has it from elsewhere. It is no key of a configuration file: URLs hold
    /// passwords.
    #[serde(skip)]
    pub url: Option<Zeroizing<String>>,
    /// PEM, the authorities that the server's certificate may come from, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long a caller waits for an answer, at least 1 ms and at most 10 s. Default: 45 ms, so that whoever waits for us
    /// has an answer within 50.
    #[serde(deserialize_with = "duration::deserialize")]
    pub deadline: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { url_env: None, url_file: None, url: None, ca_file: None, deadline: Duration::from_millis(45) }
    }
}

impl Config {
    /// The server at a URL that the program has.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Some(Zeroizing::new(url.into())), ..Self::default() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url_env", &self.url_env)
            .field("url_file", &self.url_file)
            .field("url", &self.url.as_ref().map(|_| "hidden"))
            .field("ca_file", &self.ca_file)
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// A shared connection. Cheap to clone; opened at the first call, on the runtime of that call.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    deadline: Duration,
    link: Mutex<Link>,
    opened: Notify,
}

enum Link {
    /// Nobody has asked yet.
    Unused,
    /// The first attempt is on its way: worth waiting for, within the deadline.
    Opening,
    Open(MultiplexedConnection),
    /// The server did not answer; a task is knocking.
    Broken,
}

/// Why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum RedisError {
    /// The server cannot be reached, or not in time.
    Away,
    /// The server has refused the command: no right to it, another type under the key, a replica.
    Refused(redis::RedisError),
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away => f.write_str("Redis does not answer in time"),
            // The code and the server's words; never the command, which may hold what is secret.
            Self::Refused(error) => write!(f, "Redis refuses: {error}"),
        }
    }
}

impl std::error::Error for RedisError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Away => None,
            Self::Refused(error) => Some(error),
        }
    }
}

impl Redis {
    /// Checks the configuration and reads the URL. Connects to nothing.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&config.deadline) {
            let shown = format!("{:?}", config.deadline);
            return Err(ConfigError::new("deadline", shown, "from \"1ms\" to \"10s\""));
        }
        let (key, url) = url(config)?;
        let client = client(key, &url, config.ca_file.as_deref())?;
        let (link, opened) = (Mutex::new(Link::Unused), Notify::new());
        Ok(Self { shared: Arc::new(Shared { client, deadline: config.deadline, link, opened }) })
    }

    /// Asks the server, within the deadline. `question` is dropped where it takes longer; the server may have carried it
    /// out all the same.
    pub async fn ask<T, Q, F>(&self, question: Q) -> Result<T, RedisError>
    where
        Q: FnOnce(MultiplexedConnection) -> F,
        F: Future<Output = RedisResult<T>>,
    {
        let until = Instant::now() + self.shared.deadline;
        let connection = self.connection(until).await?;
        match timeout_at(until, question(connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if !is_about_the_connection(&error) => Err(RedisError::Refused(error)),
            Ok(Err(_)) | Err(_) => {
                self.shared.reopen(Link::Broken);
                Err(RedisError::Away)
            }
        }
    }

    /// Whether the last thing heard of the server was an answer. `false` before the first call.
    pub fn is_open(&self) -> bool {
        matches!(*self.shared.link(), Link::Open(_))
    }

    async fn connection(&self, until: Instant) -> Result<MultiplexedConnection, RedisError> {
        let opened = self.shared.opened.notified();
        tokio::pin!(opened);
        // From here on, before the state is read: an opening in between is not missed.
        opened.as_mut().enable();
        let is_first = match &*self.shared.link() {
            Link::Open(connection) => return Ok(connection.clone()),
            Link::Broken => return Err(RedisError::Away),
            Link::Unused => true,
            Link::Opening => false,
        };
        if is_first {
            self.shared.reopen(Link::Opening);
        }
        if timeout_at(until, opened).await.is_err() {
            return Err(RedisError::Away);
        }
        match &*self.shared.link() {
            Link::Open(connection) => Ok(connection.clone()),
            _ => Err(RedisError::Away),
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

impl Shared {
    fn link(&self) -> std::sync::MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the task that knocks, unless one does.
    fn reopen(self: &Arc<Self>, meanwhile: Link) {
        let mut link = self.link();
        if matches!(*link, Link::Unused | Link::Open(_)) {
            if matches!(*link, Link::Open(_)) {
                tracing::warn!(target: "portcullis::store", "Redis does not answer");
            }
            *link = meanwhile;
            tokio::spawn(knock(Arc::downgrade(self)));
        }
    }
}

/// Tries until the server has answered or nobody needs it any more.
async fn knock(shared: Weak<Shared>) {
    let mut waits = false;
    loop {
        if waits {
            sleep(BETWEEN_ATTEMPTS).await;
        }
        let Some(shared) = shared.upgrade() else { return };
        // Without a limit of their own: the caller's deadline is around every question.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ATTEMPT))
            .set_response_timeout(Some(ATTEMPT.max(shared.deadline)));
        let attempt = async {
            let mut connection = shared.client.get_multiplexed_async_connection_with_config(&config).await?;
            redis::cmd("PING").query_async::<()>(&mut connection).await?;
            RedisResult::Ok(connection)
        };
        let answer = timeout_at(Instant::now() + ATTEMPT, attempt).await;
        let mut link = shared.link();
        match answer {
            Ok(Ok(connection)) => {
                *link = Link::Open(connection);
                drop(link);
                shared.opened.notify_waiters();
                tracing::info!(target: "portcullis::store", "Redis answers");
                return;
            }
            Ok(Err(error)) if matches!(*link, Link::Opening) => {
                tracing::warn!(target: "portcullis::store", %error, "Redis does not answer");
            }
            _ => {}
        }
        // Whoever waits for the first attempt need not wait for a second.
        *link = Link::Broken;
        drop(link);
        shared.opened.notify_waiters();
        waits = true;
    }
}

/// Whether another call on this connection would fail, too.
fn is_about_the_connection(error: &redis::RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
}

/// The URL, and the key that it came by.
fn url(config: &Config) -> Result<(&'static str, Zeroizing<String>), ConfigError> {
    match (&config.url, &config.url_env, &config.url_file) {
        (Some(url), None, None) => Ok(("url", url.clone())),
        (None, Some(name), None) => {
            // Its only door here, and what is read is never shown.
            #[allow(clippy::disallowed_methods)]
            let url = std::env::var(name).map_err(|_| {
                ConfigError::new("url_env", format!("{name:?}"), "the name of a variable that is set")
            })?;
            Ok(("url_env", Zeroizing::new(url)))
        }
        (None, None, Some(path)) => {
            let url = std::fs::read_to_string(path).map_err(|error| {
                let right = format!("a file that can be read: {error}");
                ConfigError::new("url_file", path.display(), right)
            })?;
            Ok(("url_file", Zeroizing::new(url.trim().to_owned())))
        }
        (None, None, None) => Err(ConfigError::new("url_env", "absent", "set, or `url_file`")),
        _ => Err(ConfigError::new("url_env", "set", "the only one of `url_env` and `url_file`")),
    }
}

fn client(key: &str, url: &str, ca_file: Option<&Path>) -> Result<Client, ConfigError> {
    // The URL holds a password, so no error shows any of it.
    let wrong = || {
        let right =
            "a URL such as redis://user:password@host:6379/0, rediss://host or unix:///run/redis.sock";
        ConfigError::new(key, "hidden", right)
    };
    let info = url.into_connection_info().map_err(|_| wrong())?;
    let is_tls = match info.addr() {
        ConnectionAddr::TcpTls { insecure: true, .. } => {
            return Err(ConfigError::new(key, "hidden", "a URL without #insecure: name `ca_file` instead"));
        }
        ConnectionAddr::TcpTls { .. } => true,
        _ => false,
    };
    if is_tls {
        // rustls takes the process's provider; where the program has chosen none, it is the one of our own TLS.
        let _ = crypto::aws_lc_rs::default_provider().install_default();
    }
    match ca_file {
        None => Client::open(info).map_err(|_| wrong()),
        Some(_) if !is_tls => {
            Err(ConfigError::new(key, "hidden", "a rediss:// URL where there is a `ca_file`"))
        }
        Some(path) => {
            let not_pem = |error: &dyn fmt::Display| {
                ConfigError::new("ca_file", path.display(), format!("a PEM file of certificates: {error}"))
            };
            let root_cert = std::fs::read(path).map_err(|error| not_pem(&error))?;
            let certificates = TlsCertificates { client_tls: None, root_cert: Some(root_cert) };
            Client::build_with_tls(info, certificates).map_err(|error| not_pem(&error))
        }
    }
}

/// Between two attempts to reach a server that is away.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(200);
/// For one attempt: a connection, its handshakes and an answer.
const ATTEMPT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_nothing_of_the_url() {
        for url in
            ["redis//user:hunter2@host", "http://user:hunter2@host", "rediss://user:hunter2@host/#insecure"]
        {
            let error = Redis::new(&Config::at(url)).unwrap_err();
            assert_eq!(error.path(), "url");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert!(!format!("{:?}", Config::at("redis://user:hunter2@host")).contains("hunter2"));
    }

    #[test]
    fn there_is_one_source_of_the_url() {
        assert_eq!(Redis::new(&Config::default()).unwrap_err().path(), "url_env");
        let absent = Config { url_env: Some("PORTCULLIS_NO_SUCH_VARIABLE".to_owned()), ..Config::default() };
        assert_eq!(Redis::new(&absent).unwrap_err().path(), "url_env");
        let both = Config { url_file: Some("/nowhere".into()), ..Config::at("redis://127.0.0.1") };
        assert!(Redis::new(&both).is_err());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_deadline_for_a_server_that_is_not_there() {
        // A listener whose queue nobody empties: connections are made and never answered.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for address in [silent.local_addr().unwrap(), gone] {
            let redis = Redis::new(&Config::at(format!("redis://{address}"))).unwrap();
            let mut waits = Vec::new();
            for _ in 0..3 {
                let began = Instant::now();
                let ping = |mut connection: MultiplexedConnection| async move {
                    redis::cmd("PING").query_async::<()>(&mut connection).await
                };
                assert!(matches!(redis.ask(ping).await, Err(RedisError::Away)));
                waits.push(began.elapsed());
            }
            assert!(waits.iter().all(|wait| *wait < Duration::from_millis(100)), "{waits:?}");
        }
    }
}
