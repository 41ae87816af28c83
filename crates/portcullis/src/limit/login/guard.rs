//! The counting: before a login, and once its outcome is known.

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use zeroize::Zeroizing;

use super::{Config, Failures, device::Secret};
use crate::{
    ConfigError,
    limit::{
        Clock, Decision, Quota, key,
        points::Points,
        store::{Charge, Count, SharedStore, StoreAway},
    },
    secret::{SecretError, Secrets},
};

/// Counts failed logins. Cheap to clone; counters are shared.
#[derive(Debug, Clone)]
pub struct LoginGuard {
    rules: Arc<Rules>,
    store: SharedStore,
    clock: Clock,
}

struct Rules {
    secret: Secret,
    address: Counter,
    pair: Counter,
    user: Counter,
    device: Counter,
    burst: Option<Counter>,
    device_seconds: u64,
    ipv6_prefix: u8,
}

/// One kind of counter.
struct Counter {
    prefix: &'static str,
    quota: Quota,
    block: Duration,
}

/// A login on its way to the application; its end is to be told by [`LoginGuard::succeeded`], [`LoginGuard::failed`] or
/// [`LoginGuard::undecided`]. Dropped without a word, it counts as failed.
#[derive(Debug)]
#[must_use = "a login whose outcome is not told counts as failed"]
pub struct Attempt {
    counted: Vec<Counted>,
    users: Vec<String>,
}

#[derive(Debug)]
struct Counted {
    kind: Kind,
    name: String,
    quota: Quota,
    block: Duration,
    decision: Option<Decision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Address,
    Pair,
    User,
    Device,
    Burst,
}

impl Attempt {
    /// The user names of it, as they are counted and logged.
    pub fn users(&self) -> &[String] {
        &self.users
    }
}

/// Why a login is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Too many have failed.
    TooMany {
        /// When to come again.
        retry_after: Duration,
        /// What was used up: `address`, `pair`, `user`, `device` or `burst`. For the log.
        counter: &'static str,
    },
    /// Nobody knows: the store is away, and nothing is to pass then.
    Away(StoreAway),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { retry_after, counter } => {
                write!(f, "too many failed logins ({counter}), again in {} s", retry_after.as_secs())
            }
            Self::Away(away) => away.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl LoginGuard {
    /// Checks the configuration, reads or makes the secret, and opens the store.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let store = SharedStore::open(&config.store).map_err(|error| error.within("store"))?;
        Self::with_store(config, store)
    }

    /// The same, with a store that is open; [`Config::store`] is not looked at.
    pub fn with_store(config: &Config, store: SharedStore) -> Result<Self, ConfigError> {
        let secret = secret(config, store.is_remote())?;
        let counter = |prefix, failures: &Failures| {
            Ok(Counter { prefix, quota: failures.quota(prefix)?, block: failures.block })
        };
        if !(32..=128).contains(&config.ipv6_prefix) {
            return Err(ConfigError::new("ipv6_prefix", config.ipv6_prefix, "from 32 to 128"));
        }
        let burst = config.burst.quota()?;
        let rules = Rules {
            secret,
            address: counter("address", &config.address)?,
            pair: counter("pair", &config.pair)?,
            user: counter("user", &config.user)?,
            device: counter("device", &config.device)?,
            burst: burst.map(|quota| Counter { prefix: "burst", quota, block: Duration::ZERO }),
            device_seconds: config.device_lifetime.as_secs(),
            ipv6_prefix: config.ipv6_prefix,
        };
        Ok(Self { rules: Arc::new(rules), store, clock: Clock::system() })
    }

    /// The same, by another clock: for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Whether a login may be tried: before the password is looked at. It is counted as failed until it is known not to be.
    ///
    /// `device` is the value of the cookie [`DEVICE_COOKIE`](super::DEVICE_COOKIE), if there is one.
    pub async fn check(
        &self,
        address: IpAddr,
        user: Option<&str>,
        device: Option<&str>,
    ) -> Result<Attempt, Refused> {
        self.check_all(Some(address), user.as_slice(), device).await
    }

    /// The same for a login that has several names, or comes from nobody knows where.
    pub(super) async fn check_all(
        &self,
        address: Option<IpAddr>,
        users: &[&str],
        device: Option<&str>,
    ) -> Result<Attempt, Refused> {
        let mut users: Vec<String> = users.iter().map(|name| self.rules.secret.user(name)).collect();
        users.sort();
        users.dedup();
        let mut counted = self.rules.counters(address, &users, device, self.clock.now());
        let charges: Vec<Charge<'_>> = counted.iter().map(Counted::charge).collect();
        let decisions = self.store.take_all(&charges, self.clock.now()).await.map_err(Refused::Away)?;
        let refused = counted.iter().zip(&decisions).find(|(_, decision)| !decision.passed);
        if let Some((counted, decision)) = refused {
            let retry_after = decision.retry_after.unwrap_or(counted.block);
            return Err(Refused::TooMany { retry_after, counter: counted.kind.as_str() });
        }
        for (counted, decision) in counted.iter_mut().zip(decisions) {
            counted.decision = Some(decision);
        }
        Ok(Attempt { counted, users })
    }

    /// The login has failed. An error where it was one too many: the answer is then the refusal.
    pub async fn failed(&self, attempt: Attempt) -> Result<(), Refused> {
        let mut refused = None;
        for counted in &attempt.counted {
            let Some(decision) =
                counted.decision.filter(|decision| decision.used > i64::from(counted.quota.limit))
            else {
                continue;
            };
            // Another try of the same moment may have gone beyond before: the block goes on from the first.
            let block = Count { value: decision.used, lasts: Some(counted.block) };
            self.store.write(&counted.name, block, self.clock.now()).await;
            let is_longer = match &refused {
                Some(Refused::TooMany { retry_after, .. }) => counted.block > *retry_after,
                _ => true,
            };
            if is_longer {
                refused =
                    Some(Refused::TooMany { retry_after: counted.block, counter: counted.kind.as_str() });
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// The login has failed because there is no such user: counted by address, not by name. Compatible with the recipe of
    /// rate-limiter-flexible; [`Self::failed`] is the better choice, since who is never refused then does not exist.
    pub async fn failed_for_unknown_user(&self, mut attempt: Attempt) -> Result<(), Refused> {
        let (by_name, others) =
            attempt.counted.into_iter().partition(|counted| matches!(counted.kind, Kind::Pair | Kind::User));
        attempt.counted = others;
        self.forget(&by_name).await;
        self.failed(attempt).await
    }

    /// The login has succeeded: its own count is given back, and the failures in a row are forgotten. The value of the cookie
    /// that makes this device a known one, where there is a user name.
    pub async fn succeeded(&self, attempt: Attempt) -> Option<String> {
        let (in_a_row, others): (Vec<_>, Vec<_>) = attempt
            .counted
            .into_iter()
            .partition(|counted| matches!(counted.kind, Kind::Pair | Kind::Device));
        self.forget(&in_a_row).await;
        self.give_back(&others).await;
        match attempt.users.as_slice() {
            [user] => self.rules.secret.device(user, self.clock.now()),
            _ => None,
        }
    }

    /// Nobody can say how the login ended: only the burst counts.
    pub async fn undecided(&self, attempt: Attempt) {
        let not_the_burst: Vec<_> =
            attempt.counted.into_iter().filter(|counted| counted.kind != Kind::Burst).collect();
        self.give_back(&not_the_burst).await;
    }

    /// The failures in a row of a user name from an address.
    pub async fn failures_in_a_row(&self, address: IpAddr, user: &str) -> Result<Option<Points>, StoreAway> {
        let address = key::of_address(address, self.rules.ipv6_prefix);
        let counter = &self.rules.pair;
        self.read(counter, counter.name(&[&self.rules.secret.user(user), &address])).await
    }

    /// The failures from an address.
    pub async fn failures_from(&self, address: IpAddr) -> Result<Option<Points>, StoreAway> {
        let counter = &self.rules.address;
        self.read(counter, counter.name(&[&key::of_address(address, self.rules.ipv6_prefix)])).await
    }

    async fn read(&self, counter: &Counter, name: String) -> Result<Option<Points>, StoreAway> {
        let count = self.store.read(&name, self.clock.now()).await?;
        // A count of nothing is what is left of one that was given back.
        Ok(count.filter(|count| count.value > 0).map(|count| Points {
            remaining: i64::from(counter.quota.limit).saturating_sub(count.value).max(0),
            before_next: count.lasts,
            consumed: count.value,
            is_first: false,
        }))
    }

    async fn forget(&self, counted: &[Counted]) {
        let names: Vec<&str> = counted.iter().map(|counted| counted.name.as_str()).collect();
        if !names.is_empty() {
            self.store.remove(&names, self.clock.now()).await;
        }
    }

    async fn give_back(&self, counted: &[Counted]) {
        let charges: Vec<Charge<'_>> = counted.iter().map(Counted::charge).collect();
        if !charges.is_empty() {
            self.store.give_back(&charges, self.clock.now()).await;
        }
    }
}

impl Rules {
    /// What a login is counted by.
    fn counters(
        &self,
        address: Option<IpAddr>,
        users: &[String],
        device: Option<&str>,
        now: crate::limit::Timestamp,
    ) -> Vec<Counted> {
        // With several names the device must be known for each: else one's own would vouch for somebody else's.
        let known = |user: &String| self.secret.known_device(device?, user, self.device_seconds, now);
        if let Some(nonce) = users.first().and_then(known)
            && users.iter().all(|user| known(user).is_some())
        {
            return vec![self.device.counted(Kind::Device, &[nonce])];
        }
        let mut counted = Vec::new();
        let address = address.map(|address| key::of_address(address, self.ipv6_prefix));
        if let Some(address) = &address {
            counted.push(self.address.counted(Kind::Address, &[address]));
            counted.extend(users.iter().map(|user| self.pair.counted(Kind::Pair, &[user, address])));
        }
        counted.extend(users.iter().map(|user| self.user.counted(Kind::User, &[user])));
        if let (Some(burst), Some(address)) = (&self.burst, &address) {
            counted.push(burst.counted(Kind::Burst, &[address]));
        }
        counted
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").finish_non_exhaustive()
    }
}

impl Counter {
    fn name(&self, parts: &[&str]) -> String {
        format!("login:{}:{}", self.prefix, parts.join(":"))
    }

    fn counted(&self, kind: Kind, parts: &[&str]) -> Counted {
        let (quota, block) = (self.quota.clone(), self.block);
        Counted { kind, name: self.name(parts), quota, block, decision: None }
    }
}

impl Counted {
    fn charge(&self) -> Charge<'_> {
        Charge { key: &self.name, quota: &self.quota, cost: 1 }
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Pair => "pair",
            Self::User => "user",
            Self::Device => "device",
            Self::Burst => "burst",
        }
    }
}

/// One for all guards of the process: they may share counters, and a device is known to all.
static MADE: LazyLock<Option<Zeroizing<Vec<u8>>>> = LazyLock::new(|| {
    let mut made = Zeroizing::new(vec![0; 32]);
    getrandom::fill(&mut made).ok().map(|()| made)
});

/// The secret that the configuration names, or the one that this process has made.
fn secret(config: &Config, is_shared: bool) -> Result<Secret, ConfigError> {
    let unusable = |key: &str, value: String| {
        let key = key.to_owned();
        move |error: SecretError| ConfigError::new(key, value, format!("usable ({error})"))
    };
    let secrets = match (&config.secret, &config.secret_env, &config.secret_file) {
        (Some(secrets), None, None) => secrets.clone(),
        (None, Some(name), None) => {
            Secrets::from_env(&[name]).map_err(unusable("secret_env", format!("{name:?}")))?
        }
        (None, None, Some(path)) => {
            Secrets::from_file(path).map_err(unusable("secret_file", format!("{:?}", path.display())))?
        }
        (None, None, None) if is_shared => {
            let right = "set, or `secret_file`: gates that count together hash names alike";
            return Err(ConfigError::new("secret_env", "absent", right));
        }
        (None, None, None) => {
            return match &*MADE {
                Some(made) => Ok(Secret(made.clone())),
                None => {
                    let right = "set: the system has no randomness to make one";
                    Err(ConfigError::new("secret_env", "absent", right))
                }
            };
        }
        _ => {
            let right = "the only one of `secret_env` and `secret_file`";
            return Err(ConfigError::new("secret_env", "set", right));
        }
    };
    let first = secrets.iter().next().unwrap_or_default();
    Ok(Secret(Zeroizing::new(first.as_bytes().to_vec())))
}
