//! Sessions in Redis or Valkey, as connect-redis 9 keeps them.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use redis::{Cmd, FromRedisValue, Script, ScriptInvocation};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Expected, Expiry, Owner, Store, StoreError, StoreFuture, Write, Written};
use crate::{
    ConfigError, duration,
    store::redis::{Redis, RedisError},
};

/// Under which keys sessions are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// What comes before a session's id in its key. Default `sess:`, as in connect-redis. If empty, every key of the database is
    /// taken for a session by connect-redis' `all`, owners' lists among them.
    pub prefix: String,
    /// How long a session lasts that names no end of its own, at least 1 s. Default one day, as in connect-redis.
    #[serde(deserialize_with = "duration::deserialize")]
    pub lifetime: Duration,
    /// What comes before an owner's hash in the key of the list of the owner's sessions. Default `sess-owner:`. It must not
    /// begin with `prefix`, or connect-redis would take lists for sessions.
    pub owner_prefix: String,
    /// How long the list of an owner's sessions is kept after the last write of one of them. Default 30 days. A session that
    /// is only touched for longer than that is not found by its owner any more: no session should last longer.
    #[serde(deserialize_with = "duration::deserialize")]
    pub owner_lifetime: Duration,
    /// The most sessions of one owner, at least 1. Default 1000. One more ends the one that was written longest ago.
    pub max_sessions_per_owner: u32,
}

impl Default for Config {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            prefix: "sess:".to_owned(),
            lifetime: DAY,
            owner_prefix: "sess-owner:".to_owned(),
            owner_lifetime: 30 * DAY,
            max_sessions_per_owner: 1000,
        }
    }
}

/// Sessions in Redis or Valkey, as connect-redis 9 keeps them: one key a session, which holds its JSON and expires with it.
///
/// An application on Node with connect-redis and one with this store read each other's sessions. As there, a touch moves the
/// expiry of the key and leaves the JSON alone, so the `expires` inside says less than the key does; and a write whose end
/// has passed takes the session away.
///
/// A write that names an [`Owner`] also puts the session's id on the owner's list, in the same step. The list is no part of
/// connect-redis: sessions that Node has written are not on it, and a session that changes hands without a new id is ended
/// with either owner's.
///
/// A call makes one round trip, two where a new id is taken already. What the [connection](crate::store::redis) says of
/// deadlines and of servers that are away holds here. A write that was not answered in time may have been done all the same, or
/// be done later: bind it to what it expects, and it does no harm to a newer one.
/// How much a restart of the server loses is for the server to say: with `appendonly yes` and `appendfsync always` nothing
/// that was answered, with its defaults some of the last minute. So is what becomes of sessions when its memory is full:
/// with `maxmemory-policy noeviction` a write is refused ([`StoreError::Full`]), with others somebody's session goes.
///
/// **What it does not do**: Redis Cluster, where a session and its owner's list would be on two servers. The options
/// `disableTTL` and `disableTouch` of connect-redis have no counterpart: every session here ends.
///
/// ```no_run
/// use portcullis::{
///     session::store::{RedisConfig, RedisStore},
///     store::redis::{Config, Redis},
/// };
///
/// # fn example() -> Result<(), portcullis::ConfigError> {
/// let redis = Redis::new(&Config::at("rediss://app:password@sessions.example.com"))?;
/// let store = RedisStore::new(redis, RedisConfig::default())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisStore {
    redis: Redis,
    config: Config,
    write: Script,
    destroy_owned: Script,
}

impl RedisStore {
    /// Sessions behind a connection, which limits may share. Asks the server nothing yet.
    pub fn new(redis: Redis, config: Config) -> Result<Self, ConfigError> {
        if config.lifetime < Duration::from_secs(1) {
            return Err(ConfigError::new("lifetime", format!("{:?}", config.lifetime), "at least \"1s\""));
        }
        if config.owner_lifetime < Duration::from_secs(1) {
            let shown = format!("{:?}", config.owner_lifetime);
            return Err(ConfigError::new("owner_lifetime", shown, "at least \"1s\""));
        }
        if !config.prefix.is_empty() && config.owner_prefix.starts_with(&config.prefix) {
            let right = format!("something that does not begin with the prefix {:?}", config.prefix);
            return Err(ConfigError::new("owner_prefix", format!("{:?}", config.owner_prefix), right));
        }
        if config.max_sessions_per_owner == 0 {
            return Err(ConfigError::new("max_sessions_per_owner", 0, "at least 1"));
        }
        let (write, destroy_owned) = (Script::new(WRITE), Script::new(DESTROY_OWNED));
        Ok(Self { redis, config, write, destroy_owned })
    }

    async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let answer =
            self.redis.ask(|mut connection| async move { command.query_async(&mut connection).await });
        answer.await.map_err(store_error)
    }

    async fn script<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let answer =
            self.redis.ask(|mut connection| async move { script.invoke_async(&mut connection).await });
        answer.await.map_err(store_error)
    }

    async fn read(&self, id: &str) -> Result<Option<String>, StoreError> {
        record(self.command(Cmd::new().arg("GET").arg(self.key(id))).await?)
    }

    async fn write_new(&self, write: &Write<'_>, seconds: u64) -> Result<Written, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(self.key(write.id)).arg(write.record).arg("EX").arg(seconds).arg("NX");
        let done: Option<()> = self.command(&set).await?;
        match done {
            Some(()) => Ok(Written::Done),
            None => Ok(Written::Conflict(self.read(write.id).await?)),
        }
    }

    async fn write_by_script(&self, write: &Write<'_>, seconds: u64) -> Result<Written, StoreError> {
        let (mode, expected) = match write.expected {
            Expected::Anything => ("anything", ""),
            Expected::Absent => ("absent", ""),
            Expected::Exactly(record) => ("exactly", record),
        };
        let mut script = self.write.prepare_invoke();
        script.key(self.key(write.id)).arg(mode).arg(expected).arg(write.record).arg(seconds);
        if let Some(owner) = write.owner {
            let now = write.expiry.now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            script.key(self.owner_key(owner)).arg(write.id).arg(&self.config.prefix).arg(now);
            let lifetime = seconds.max(whole_seconds(self.config.owner_lifetime));
            script.arg(lifetime).arg(self.config.max_sessions_per_owner);
        }
        let (is_done, there): (bool, Option<Vec<u8>>) = self.script(&script).await?;
        if is_done { Ok(Written::Done) } else { Ok(Written::Conflict(record(there)?)) }
    }

    fn key(&self, id: &str) -> String {
        format!("{}{id}", self.config.prefix)
    }

    /// A hash, so that whoever lists the keys of a server does not list the users of an application.
    fn owner_key(&self, owner: Owner<'_>) -> String {
        let hash =
            Sha256::new().chain_update(owner.key).chain_update([0]).chain_update(owner.value).finalize();
        let mut key = self.config.owner_prefix.clone();
        for byte in hash {
            // Writing to a string cannot fail.
            let _ = write!(key, "{byte:02x}");
        }
        key
    }

    fn seconds_left(&self, expiry: Expiry) -> u64 {
        expiry.seconds_left(self.config.lifetime).min(LONGEST_SECONDS)
    }
}

impl Store for RedisStore {
    /// The server's clock decides what has expired.
    fn load<'a>(&'a self, id: &'a str, _now: SystemTime) -> StoreFuture<'a, Option<String>> {
        Box::pin(self.read(id))
    }

    fn write<'a>(&'a self, write: Write<'a>) -> StoreFuture<'a, Written> {
        Box::pin(async move {
            let seconds = self.seconds_left(write.expiry);
            match (write.expected, write.owner) {
                // Compatible with connect-redis 9: SET with EX, and DEL where no time is left.
                (Expected::Anything, None) if seconds == 0 => {
                    self.destroy(write.id).await?;
                    Ok(Written::Done)
                }
                (Expected::Anything, None) => {
                    let mut set = redis::cmd("SET");
                    set.arg(self.key(write.id)).arg(write.record).arg("EX").arg(seconds);
                    self.command::<()>(&set).await?;
                    Ok(Written::Done)
                }
                (Expected::Absent, None) if seconds > 0 => self.write_new(&write, seconds).await,
                _ => self.write_by_script(&write, seconds).await,
            }
        })
    }

    fn touch<'a>(&'a self, id: &'a str, expiry: Expiry) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("EXPIRE");
            command.arg(self.key(id)).arg(self.seconds_left(expiry));
            self.command(&command).await
        })
    }

    fn destroy<'a>(&'a self, id: &'a str) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.command(Cmd::new().arg("DEL").arg(self.key(id))).await })
    }

    fn destroy_owned<'a>(&'a self, owner: Owner<'a>) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            let mut script = self.destroy_owned.prepare_invoke();
            script.key(self.owner_key(owner)).arg(&self.config.prefix);
            self.script(&script).await
        })
    }
}

/// connect-redis takes an empty value for none.
fn record(value: Option<Vec<u8>>) -> Result<Option<String>, StoreError> {
    let value = value.filter(|value| !value.is_empty()).map(String::from_utf8).transpose();
    value.map_err(|_| StoreError::Broken("a session in Redis is not UTF-8".into()))
}

fn store_error(error: RedisError) -> StoreError {
    let code = match &error {
        RedisError::Refused(refusal) => refusal.code(),
        _ => return StoreError::Away(error.into()),
    };
    match code {
        Some("OOM") => StoreError::Full(error.into()),
        // Starting, failing over, unable to write to its disk, or held up by somebody's script.
        Some(
            "LOADING" | "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "MISCONF" | "NOREPLICAS"
            | "BUSY",
        ) => StoreError::Away(error.into()),
        _ => StoreError::Broken(error.into()),
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().min(LONGEST_SECONDS)
}

/// Some thirty thousand years: Redis counts milliseconds in 64 bits and refuses what does not fit.
const LONGEST_SECONDS: u64 = 1 << 40;

/// Writes a session if what is there is what is expected, and keeps its owner's list.
///
/// The list is ordered by the time of the last write. Each write looks at the two members that were written longest ago and
/// strikes those off whose session is gone, so a list does not grow with sessions that have ended.
const WRITE: &str = r"
local mode, expected, record, seconds = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local there = redis.call('GET', KEYS[1])
if there == '' then there = false end
if (mode == 'absent' and there) or (mode == 'exactly' and there ~= expected) then
    return {0, there}
end
if seconds <= 0 then
    redis.call('DEL', KEYS[1])
    return {1, false}
end
redis.call('SET', KEYS[1], record, 'EX', ARGV[4])
local list = KEYS[2]
if list then
    local id, prefix, now, lifetime, most = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
    redis.call('ZADD', list, now, id)
    for _, old in ipairs(redis.call('ZRANGE', list, 0, 1)) do
        if redis.call('EXISTS', prefix .. old) == 0 then redis.call('ZREM', list, old) end
    end
    local over = redis.call('ZCARD', list) - most
    if over > 0 then
        for _, old in ipairs(redis.call('ZRANGE', list, 0, over)) do
            if over > 0 and old ~= id then
                redis.call('DEL', prefix .. old)
                redis.call('ZREM', list, old)
                over = over - 1
            end
        end
    end
    if redis.call('TTL', list) < tonumber(lifetime) then redis.call('EXPIRE', list, lifetime) end
end
return {1, false}
";

/// Takes away the sessions on an owner's list, and the list.
const DESTROY_OWNED: &str = r"
local destroyed = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    destroyed = destroyed + redis.call('DEL', ARGV[1] .. id)
end
redis.call('DEL', KEYS[1])
return destroyed
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redis;

    fn store(config: Config) -> Result<RedisStore, ConfigError> {
        RedisStore::new(Redis::new(&redis::Config::at("redis://127.0.0.1:1")).unwrap(), config)
    }

    #[test]
    fn lists_of_owners_are_never_taken_for_sessions() {
        let owner_prefix = "sess:owner:".to_owned();
        let error = store(Config { owner_prefix, ..Config::default() }).unwrap_err();
        assert_eq!(error.path(), "owner_prefix");
    }

    #[test]
    fn an_owner_and_its_key_are_not_mixed_up() {
        let store = store(Config::default()).unwrap();
        let key = |key, value| store.owner_key(Owner { key, value });
        assert_ne!(key("user", "1"), key("use", "r1"));
        assert!(!key("user", "alice@example.com").contains("alice"));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said_to_be_away() {
        let store = store(Config::default()).unwrap();
        let error = store.load("a", SystemTime::now()).await.unwrap_err();
        assert!(matches!(error, StoreError::Away(_)), "{error}");
    }
}
