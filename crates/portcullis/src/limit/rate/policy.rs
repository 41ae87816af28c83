//! One limit: how much, for whom, of which requests.

use std::{net::IpAddr, time::Duration};

use http::Method;
use serde::Deserialize;

use super::{Config, LoginPolicy};
use crate::{
    ConfigError, duration,
    limit::{
        Algorithm, Quota,
        key::{CompiledKey, KeyBy},
    },
    request_rule::{CompiledRule, Rule},
};

/// One limit. Default: 600 a minute for each address, on every path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// Why it does not stand.
    pub off: Option<String>,
    /// Its name in the fields of draft 8. Absent: what it says, as `600-in-1min`.
    pub name: Option<String>,
    /// How much in a window; 0 refuses everything.
    pub limit: u32,
    /// From `1ms` to `366d`.
    #[serde(deserialize_with = "duration::deserialize")]
    pub window: Duration,
    /// How it is counted.
    pub algorithm: Algorithm,
    /// How much at once, for a token bucket. Absent: the whole limit.
    pub burst: Option<u32>,
    /// What counts together.
    pub by: KeyBy,
    /// What one request takes, at least 1.
    pub cost: u32,
    /// The requests that it is for. Empty: all.
    pub only: Vec<Rule>,
    /// The requests that it is not for.
    pub skip: Vec<Rule>,
    /// Give back what a request has taken that failed (a status of 400 or above).
    pub skip_failed: bool,
    /// Give back what a request has taken that succeeded.
    pub skip_successful: bool,
    /// What `Retry-After` says, where it is to be something else than the truth.
    #[serde(deserialize_with = "optional_duration")]
    pub retry_after: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            off: None,
            name: None,
            limit: 600,
            window: Duration::from_secs(60),
            algorithm: Algorithm::default(),
            burst: None,
            by: KeyBy::default(),
            cost: 1,
            only: Vec::new(),
            skip: Vec::new(),
            skip_failed: false,
            skip_successful: false,
            retry_after: None,
        }
    }
}

fn optional_duration<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration::deserialize(deserializer).map(Some)
}

/// A checked [`Policy`].
#[derive(Debug, Clone)]
pub(super) struct CompiledPolicy {
    /// What its counters' names begin with: its place, so that two policies never share one.
    pub(super) space: String,
    pub(super) name: Option<String>,
    pub(super) quota: Quota,
    pub(super) by: CompiledKey,
    pub(super) cost: i64,
    only: Vec<CompiledRule>,
    skip: Vec<CompiledRule>,
    pub(super) skip_failed: bool,
    pub(super) skip_successful: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) is_login: bool,
}

/// All policies that stand, in their order.
pub(super) fn compile(config: &Config) -> Result<Vec<CompiledPolicy>, ConfigError> {
    let mut compiled = Vec::new();
    if is_on(config.general.off.as_deref(), "general")? {
        let policy = CompiledPolicy::new(&config.general, format!("{}general", config.scope))
            .map_err(|error| error.within("general"))?;
        compiled.push(policy);
    }
    if is_on(config.login.off.as_deref(), "login")? {
        compiled.push(
            CompiledPolicy::of_login(&config.login, &config.scope).map_err(|error| error.within("login"))?,
        );
    }
    for (index, policy) in config.policies.iter().enumerate() {
        let section = format!("policies[{index}]");
        if is_on(policy.off.as_deref(), &section)? {
            let space = format!("{}policy {index}", config.scope);
            compiled.push(CompiledPolicy::new(policy, space).map_err(|error| error.within(&section))?);
        }
    }
    let stands_by_address =
        |policy: &Policy| policy.off.is_none() && policy.by.is_by_address() && policy.only.is_empty();
    let spoofable = |policy: &Policy| matches!(policy.by, KeyBy::Header(_) | KeyBy::Cookie(_));
    let all = || std::iter::once(&config.general).chain(&config.policies);
    if all().any(|policy| policy.off.is_none() && spoofable(policy)) && !all().any(stands_by_address) {
        let right = "on, or another policy by address: a client may send another key with each request";
        return Err(ConfigError::new("general.off", "set", right));
    }
    Ok(compiled)
}

/// Whether a policy stands; a reason for off must be one.
fn is_on(off: Option<&str>, section: &str) -> Result<bool, ConfigError> {
    match off {
        Some(reason) if reason.trim().is_empty() => {
            Err(ConfigError::new(format!("{section}.off"), "\"\"", "the reason, in words"))
        }
        off => Ok(off.is_none()),
    }
}

impl CompiledPolicy {
    fn new(policy: &Policy, space: String) -> Result<Self, ConfigError> {
        let mut quota = Quota::new(policy.algorithm, policy.limit, policy.window);
        if let Some(burst) = policy.burst {
            if policy.algorithm != Algorithm::TokenBucket {
                return Err(ConfigError::new(
                    "burst",
                    burst,
                    "absent but for `algorithm = \"token-bucket\"`",
                ));
            }
            quota.burst = burst;
        }
        quota.check()?;
        if quota.window.is_zero() {
            return Err(ConfigError::new("window", "0s", "from \"1ms\" to \"366d\""));
        }
        if policy.cost == 0 || (policy.limit > 0 && policy.cost > quota.burst) {
            return Err(ConfigError::new("cost", policy.cost, "from 1 to what there is at once"));
        }
        if let Some(name) = &policy.name
            && (name.is_empty()
                || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)))
        {
            return Err(ConfigError::new(
                "name",
                format!("{name:?}"),
                "of letters, digits, `-`, `_` and `.`",
            ));
        }
        let rules = |rules: &[Rule], list: &str| {
            let compile = |(index, rule)| {
                CompiledRule::new(rule, false).map_err(|error| error.within(&format!("{list}[{index}]")))
            };
            rules.iter().enumerate().map(compile).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            space,
            name: policy.name.clone(),
            quota,
            by: policy.by.compile()?,
            cost: i64::from(policy.cost),
            only: rules(&policy.only, "only")?,
            skip: rules(&policy.skip, "skip")?,
            skip_failed: policy.skip_failed,
            skip_successful: policy.skip_successful,
            retry_after: policy.retry_after,
            is_login: false,
        })
    }

    fn of_login(login: &LoginPolicy, scope: &str) -> Result<Self, ConfigError> {
        let mut policy = Policy { limit: login.limit, window: login.window, ..Policy::default() };
        for (index, path) in login.paths.iter().enumerate() {
            let rule = Rule { methods: vec!["POST".to_owned()], ..Rule::path(path) };
            // Here, so that an error names the field that the file has.
            CompiledRule::new(&rule, false)
                .map_err(|error| ConfigError::new(format!("paths[{index}]"), error.value(), error.right()))?;
            policy.only.push(rule);
        }
        if policy.only.is_empty() {
            return Err(ConfigError::new("paths", "[]", "at least one path, or `off` with a reason"));
        }
        Ok(Self { is_login: true, ..Self::new(&policy, format!("{scope}login"))? })
    }

    /// Whether it is for such a request. A path with more than one reading is one that it is for.
    pub(super) fn is_for<'p>(
        &self,
        method: &Method,
        client: Option<IpAddr>,
        path: impl Fn() -> Option<&'p str>,
    ) -> bool {
        let matches = |rule: &CompiledRule| rule.matches(method, client, false, &path);
        (self.only.is_empty() || self.only.iter().any(|rule| matches(rule).unwrap_or(true)))
            && !self.skip.iter().any(|rule| matches(rule).unwrap_or(false))
    }
}
