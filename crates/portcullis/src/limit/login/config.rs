//! What is counted, and how far.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::{
    ConfigError, Mode, duration,
    limit::{Algorithm, Quota, store},
    secret::Secrets,
};

/// Which requests are logins, and how many may fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Refuse, or only count and log.
    pub mode: Mode,
    /// The paths of logins; with `/*` at the end also everything below. Default: [`LOGIN_PATHS`].
    pub paths: Vec<String>,
    /// The fields of JSON or of a form that may hold the user name. All that are there count.
    pub fields: Vec<String>,
    /// The largest login, in bytes, also inflated; 1 to 65,536. Default 10,240, as the `body` guard's.
    pub max_body_bytes: usize,
    /// The statuses that say a login has failed. Default 400, 401, 403, 422.
    pub failure_status: Vec<u16>,
    /// A field of the answer that, where it is there, says that a login has failed.
    pub failure_field: Option<String>,
    /// Whether any other status below 400 is a success: for an application that answers tokens and sets no cookie.
    pub status_decides: bool,
    /// Failures from one address.
    pub address: Failures,
    /// Failures in a row for one user name from one address.
    pub pair: Failures,
    /// Failures for one user name from devices that are not known.
    pub user: Failures,
    /// Failures in a row from one known device.
    pub device: Failures,
    /// Tries at once from one address.
    pub burst: Burst,
    /// How long a device is known after a success. Default: a year.
    #[serde(deserialize_with = "duration::deserialize")]
    pub device_lifetime: Duration,
    /// How many bits of an IPv6 address are one client, 32 to 128. Default 56.
    pub ipv6_prefix: u8,
    /// The environment variable with the secret that hashes names and signs devices (`portcullis secret new` makes
    /// one). Without one it is
    /// made at start: devices are then forgotten at the end, and a shared store is refused.
    pub secret_env: Option<String>,
    /// A file with the secret.
    pub secret_file: Option<PathBuf>,
    /// The secret, from a program that has it from elsewhere.
    #[serde(skip)]
    pub secret: Option<Secrets>,
    /// Where the counters live.
    pub store: store::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            paths: LOGIN_PATHS.map(String::from).to_vec(),
            fields: ["username", "user", "user_name", "email", "login", "identifier"]
                .map(String::from)
                .to_vec(),
            max_body_bytes: 10 * 1024,
            failure_status: vec![400, 401, 403, 422],
            failure_field: None,
            status_decides: false,
            address: Failures { limit: 100, window: DAY, block: DAY },
            pair: Failures { limit: 10, window: 90 * DAY, block: HOUR },
            user: Failures { limit: 20, window: HOUR, block: HOUR },
            device: Failures { limit: 10, window: 90 * DAY, block: HOUR },
            burst: Burst::default(),
            device_lifetime: 365 * DAY,
            ipv6_prefix: 56,
            secret_env: None,
            secret_file: None,
            secret: None,
            store: store::Config::default(),
        }
    }
}

/// How many failures there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Failures {
    /// How many in the window; one more brings on the block. At least 1.
    pub limit: u32,
    /// The window, from the first.
    #[serde(deserialize_with = "duration::deserialize")]
    pub window: Duration,
    /// How long who goes beyond is refused, from that failure.
    #[serde(deserialize_with = "duration::deserialize")]
    pub block: Duration,
}

impl Failures {
    /// So many in a window, then a block.
    pub fn new(limit: u32, window: Duration, block: Duration) -> Self {
        Self { limit, window, block }
    }

    /// How they are counted. The block is set once a failure is known to be one.
    pub(super) fn quota(&self, section: &str) -> Result<Quota, ConfigError> {
        let quota = Quota::new(Algorithm::FixedWindow, self.limit, self.window);
        if self.limit == 0 || self.window.is_zero() {
            return Err(ConfigError::new(section, format!("{self:?}"), "a limit and a window above zero"));
        }
        quota.clone().blocking(self.block).check().map_err(|error| error.within(section))?;
        Ok(quota)
    }
}

/// How many tries may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Burst {
    /// How many, and how many in `window` thereafter. 0: as many as like.
    pub tries: u32,
    /// Default: a minute.
    #[serde(deserialize_with = "duration::deserialize")]
    pub window: Duration,
}

impl Default for Burst {
    fn default() -> Self {
        Self { tries: 5, window: Duration::from_secs(60) }
    }
}

impl Burst {
    pub(super) fn quota(self) -> Result<Option<Quota>, ConfigError> {
        if self.tries == 0 {
            return Ok(None);
        }
        let quota = Quota::new(Algorithm::TokenBucket, self.tries, self.window);
        quota.check().map_err(|error| error.within("burst")).map(|()| Some(quota))
    }
}

/// Paths that look like a login; with `/*` at the end also everything below.
pub const LOGIN_PATHS: [&str; 18] = [
    "/login/*",
    "/log-in",
    "/signin/*",
    "/sign-in",
    "/session",
    "/sessions",
    "/auth/login/*",
    "/auth/signin",
    "/account/login",
    "/user/login",
    "/users/login",
    "/users/sign_in",
    "/api/login",
    "/api/signin",
    "/api/session",
    "/api/sessions",
    "/api/auth/login",
    "/api/v1/login",
];

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
