//! Counters in a Redis or Valkey: exact across any number of processes.
//!
//! Every operation is one Lua script (`EVALSHA`) and one round trip, atomic by that. The time is the server's own (`TIME`), so
//! processes need not agree on it. A fixed window is a plain integer with an expiry, as rate-limiter-flexible keeps it; a token
//! bucket is the microsecond at which it is full; a sliding window `start:previous:current`. All expire by themselves.
//!
//! A script touches several keys where a request has several limits, so a Redis Cluster refuses it (`CROSSSLOT`) unless all keys
//! hash alike, which a prefix in braces (`{portcullis}:`) makes them do: all on one node.

use std::{sync::Arc, time::Duration};

use redis::{Script, ScriptInvocation};

use super::{Charge, Count, Reply, Store, StoreAway};
use crate::{
    limit::{Algorithm, Decision, Timestamp, clock::micros},
    store::redis::Redis,
};

/// Counters in a Redis or Valkey.
#[derive(Debug, Clone)]
pub struct RedisStore {
    redis: Redis,
    prefix: String,
    script: Arc<Script>,
}

impl RedisStore {
    /// Counters under names that begin with `prefix`.
    pub fn new(redis: Redis, prefix: impl Into<String>) -> Self {
        Self { redis, prefix: prefix.into(), script: Arc::new(Script::new(include_str!("counters.lua"))) }
    }

    fn invocation<'a>(&'a self, operation: &str, charges: &[Charge<'_>]) -> ScriptInvocation<'a> {
        let mut call = self.script.prepare_invoke();
        call.arg(operation);
        for Charge { key, quota, cost } in charges {
            call.key(format!("{}{key}", self.prefix));
            let algorithm = match quota.algorithm {
                Algorithm::TokenBucket => "token",
                Algorithm::FixedWindow => "fixed",
                Algorithm::SlidingWindow => "sliding",
            };
            let (block_at, block_micros) =
                quota.block.map_or((0, 0), |block| (block.at, micros(block.lasts)));
            call.arg(algorithm).arg(quota.limit).arg(micros(quota.window)).arg(*cost);
            call.arg(quota.burst).arg(quota.interval_micros()).arg(block_at).arg(block_micros);
        }
        call
    }

    async fn decide(&self, operation: &str, charges: &[Charge<'_>]) -> Result<Vec<Decision>, StoreAway> {
        let call = self.invocation(operation, charges);
        let answer: Vec<(i64, i64, i64, i64, i64, i64)> =
            self.redis.ask(|mut connection| async move { call.invoke_async(&mut connection).await }).await?;
        Ok(answer.into_iter().map(decision).collect())
    }
}

/// What the script answers: passed, used, remaining, microseconds until reset and until retry (-1: never), first.
fn decision((passed, used, remaining, reset, retry, first): (i64, i64, i64, i64, i64, i64)) -> Decision {
    let after = |micros: i64| u64::try_from(micros).ok().map(Duration::from_micros);
    Decision {
        passed: passed == 1,
        used,
        remaining,
        reset_after: after(reset),
        retry_after: after(retry),
        first: first == 1,
    }
}

impl From<crate::store::redis::RedisError> for StoreAway {
    fn from(error: crate::store::redis::RedisError) -> Self {
        Self { reason: error.to_string() }
    }
}

impl Store for RedisStore {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>], _: Timestamp) -> Reply<'a, Vec<Decision>> {
        Reply::Later(Box::pin(self.decide("take", charges)))
    }

    fn take_all<'a>(&'a self, charges: &'a [Charge<'a>], _: Timestamp) -> Reply<'a, Vec<Decision>> {
        Reply::Later(Box::pin(self.decide("take_all", charges)))
    }

    fn give_back<'a>(&'a self, charges: &'a [Charge<'a>], _: Timestamp) -> Reply<'a, ()> {
        Reply::Later(Box::pin(async move { self.decide("give_back", charges).await.map(drop) }))
    }

    fn read<'a>(&'a self, key: &'a str, _: Timestamp) -> Reply<'a, Option<Count>> {
        Reply::Later(Box::pin(async move {
            let key = format!("{}{key}", self.prefix);
            let ask = |mut connection| async move {
                let mut both = redis::pipe();
                both.atomic().get(&key).pttl(&key);
                both.query_async::<(Option<i64>, i64)>(&mut connection).await
            };
            let (value, left) = self.redis.ask(ask).await?;
            let lasts = u64::try_from(left).ok().map(Duration::from_millis);
            Ok(value.map(|value| Count { value, lasts }))
        }))
    }

    fn write<'a>(&'a self, key: &'a str, count: Count, _: Timestamp) -> Reply<'a, ()> {
        Reply::Later(Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(format!("{}{key}", self.prefix)).arg(count.value);
            if let Some(lasts) = count.lasts {
                command.arg("PX").arg(micros(lasts).div_ceil(1000).max(1));
            }
            let ask = |mut connection| async move { command.query_async::<()>(&mut connection).await };
            Ok(self.redis.ask(ask).await?)
        }))
    }

    fn remove<'a>(&'a self, keys: &'a [&'a str], _: Timestamp) -> Reply<'a, usize> {
        Reply::Later(Box::pin(async move {
            let mut command = redis::cmd("DEL");
            for key in keys {
                command.arg(format!("{}{key}", self.prefix));
            }
            Ok(self
                .redis
                .ask(|mut connection| async move { command.query_async(&mut connection).await })
                .await?)
        }))
    }
}
