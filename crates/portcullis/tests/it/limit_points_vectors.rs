//! Points by key against rate-limiter-flexible 11, in memory and on a real Redis.

use std::{sync::Arc, time::Duration};

use portcullis::{
    limit::{
        Clock, Timestamp,
        points::{Bursty, Config, Listed, Points, PointsLimiter, Refused, Union},
        store::{MemoryStore, Store, redis::RedisStore},
    },
    store::redis::{self as connection, Redis},
};
use serde_json::{Value, json};

use crate::{limit_login_vectors, redis_server::RedisServer, vectors};

#[test]
fn vectors_rate_limiter_flexible() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    vectors::check("rate-limiter-flexible.json", |case| {
        runtime.block_on(async {
            match case["limiter"].as_str().unwrap() {
                "redis" => on_redis(case).await,
                "login" => limit_login_vectors::run(case).await,
                _ => in_memory(case).await,
            }
        })
    });
}

/// What the operations of a case are carried out on.
enum Limiter {
    Points(Box<PointsLimiter>),
    Union(Union),
    Bursty(Box<Bursty>),
    Listed(Box<Listed>),
}

async fn in_memory(case: &Value) -> Result<(), String> {
    let clock = Clock::standing(Timestamp::from_micros(1_893_456_000_000_000));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(1000));
    let points = |options: &Value| limiter(options, &store).map(|limiter| limiter.clock(clock.clone()));
    let options = &case["options"];
    let made = match case["limiter"].as_str().unwrap() {
        "memory" => points(options).map(Box::new).map(Limiter::Points),
        "union" => {
            let all: Result<Vec<_>, _> = options.as_array().unwrap().iter().map(&points).collect();
            all.map(|all| Limiter::Union(Union::new(all)))
        }
        "bursty" => points(&options[0]).and_then(|steady| {
            points(&options[1]).map(|reserve| Limiter::Bursty(Box::new(Bursty { steady, reserve })))
        }),
        "bw" => points(&options["limiter"]).map(|limiter| {
            let list = |name: &str| {
                let list = options[name].as_array().cloned().unwrap_or_default();
                move |key: &str| list.iter().any(|listed| listed == key)
            };
            Limiter::Listed(Box::new(Listed::new(limiter, list("whiteList"), list("blackList"))))
        }),
        other => Err(format!("unknown limiter {other}")),
    };
    let Some(limiter) = constructed(case, made)? else { return Ok(()) };
    for (index, step) in case["requests"].as_array().unwrap().iter().enumerate() {
        let op = &step["op"];
        if op[0] == "advance_ms" {
            clock.advance(Duration::from_millis(op[1].as_u64().unwrap()));
            continue;
        }
        let got = operate(&limiter, op).await?;
        if got != step["expect"] {
            return Err(format!("step {index} {op}: got {got}, not {}", step["expect"]));
        }
    }
    Ok(())
}

/// On a Redis of its own; `msBeforeNext` in whole seconds, as the vectors have it there.
async fn on_redis(case: &Value) -> Result<(), String> {
    let mut server = RedisServer::start();
    let mut settings = connection::Config::at(server.url());
    settings.deadline = Duration::from_secs(2);
    let redis = Redis::new(&settings).unwrap();
    let store: Arc<dyn Store> = Arc::new(RedisStore::new(redis.clone(), ""));
    let made = limiter(&case["options"], &store).and_then(|main| match &case["options"]["insurance"] {
        Value::Null => Ok(main),
        options => {
            let memory: Arc<dyn Store> = Arc::new(MemoryStore::new(1000));
            Ok(main.insured_by(limiter(options, &memory)?))
        }
    });
    let Some(limiter) = constructed(case, made.map(Box::new).map(Limiter::Points))? else { return Ok(()) };
    for (index, step) in case["requests"].as_array().unwrap().iter().enumerate() {
        let op = &step["op"];
        if op[0] == "redis_down" {
            server.stop();
            continue;
        }
        if op[0] == "sleep_ms" || op[0] == "advance_ms" {
            tokio::time::sleep(Duration::from_millis(op[1].as_u64().unwrap())).await;
            continue;
        }
        let mut expect = step["expect"].clone();
        let stored = expect.as_object_mut().unwrap().remove("redis_after");
        let got = in_whole_seconds(operate(&limiter, op).await?);
        if got != expect {
            return Err(format!("step {index} {op}: got {got}, not {expect}"));
        }
        for (key, value) in stored.iter().filter_map(Value::as_object).flatten() {
            let found = kept(&redis, key).await;
            let ttl = value["ttl_s"].as_i64().unwrap();
            let right = found.as_ref().is_some_and(|(text, left)| {
                value["value"] == text.as_str() && (*left == ttl || *left == ttl - 1)
            });
            if !right {
                return Err(format!("step {index} {op}: Redis has {found:?} at {key}, not {value}"));
            }
        }
    }
    Ok(())
}

/// A limiter, or nothing where there was to be none.
fn constructed(case: &Value, made: Result<Limiter, String>) -> Result<Option<Limiter>, String> {
    match (made, case["expect"]["constructor_error"].is_string()) {
        (Ok(_), true) => Err(format!("was made, but {}", case["expect"]["constructor_error"])),
        (Ok(made), false) => Ok(Some(made)),
        (Err(_), true) => Ok(None),
        (Err(error), false) => Err(error),
    }
}

/// From the package's options: the same structure, other spelling, seconds as durations.
fn limiter(options: &Value, store: &Arc<dyn Store>) -> Result<PointsLimiter, String> {
    let mut config = serde_json::Map::new();
    for (name, value) in options.as_object().unwrap() {
        let seconds = || Value::from(format!("{}ms", value.as_f64().unwrap() * 1000.0));
        let (name, value) = match name.as_str() {
            "points" => ("points", value.clone()),
            "keyPrefix" => ("prefix", value.clone()),
            "duration" => ("duration", seconds()),
            "blockDuration" => ("block_duration", seconds()),
            "blockOnConsumed" => ("block_on_consumed", value.clone()),
            "inMemoryBlockOnConsumed" => ("in_memory_block_on_consumed", value.clone()),
            "inMemoryBlockDuration" => ("in_memory_block_duration", seconds()),
            "insurance" => continue,
            other => return Err(format!("no such option here: {other}")),
        };
        config.insert(name.to_owned(), value);
    }
    config.entry("duration").or_insert("4s".into());
    let config: Config = serde_json::from_value(config.into()).map_err(|error| error.to_string())?;
    PointsLimiter::new(config, Arc::clone(store)).map_err(|error| error.to_string())
}

/// One operation, and its result as the vectors write it.
async fn operate(limiter: &Limiter, op: &Value) -> Result<Value, String> {
    let method = op[0].as_str().unwrap();
    let key = op[1].as_str().unwrap();
    if op[2].is_f64() && op[2].as_f64().is_some_and(|number| number.fract() != 0.0) {
        // Here the type says so.
        let error = "Consuming decimal number of points is not supported by this package";
        return Ok(json!({ "rejected": { "error": error } }));
    }
    let number = u32::try_from(op[2].as_u64().unwrap_or(1)).unwrap();
    let seconds = |index: usize| Duration::from_secs(op[index].as_u64().unwrap_or_default());
    let outcome = |result: Result<Points, Refused>| match result {
        Ok(points) => json!({ "resolved": value(points) }),
        Err(Refused::Exceeded(points)) => json!({ "rejected": value(points) }),
        Err(Refused::Away(away)) => json!({ "rejected": { "error": away.to_string() } }),
    };
    let limiter = match limiter {
        Limiter::Union(union) => {
            return Ok(match union.consume(key, number).await {
                Ok(all) => {
                    json!({ "resolved": by_prefix(all.into_iter().map(|(name, p)| (name, value(p)))) })
                }
                Err(refused) => {
                    json!({ "rejected": by_prefix(refused.into_iter().filter_map(|(name, refused)| {
                    let Refused::Exceeded(points) = refused else { return None };
                    Some((name, value(points)))
                })) })
                }
            });
        }
        Limiter::Bursty(bursty) => {
            return Ok(match method {
                "consume" => outcome(bursty.consume(key, number).await),
                "get" => json!({ "resolved": bursty.get(key).await.unwrap().map(value) }),
                other => return Err(format!("unknown operation {other}")),
            });
        }
        Limiter::Listed(listed) => match (method, listed.listed(key)) {
            ("consume", _) => return Ok(outcome(listed.consume(key, number).await)),
            ("get", _) => return Ok(json!({ "resolved": listed.get(key).await.unwrap().map(value) })),
            ("delete", _) | (_, None) => listed.limiter(),
            (_, Some((_, points))) => return Ok(json!({ "resolved": value(points) })),
        },
        Limiter::Points(limiter) => limiter,
    };
    let away = |result: Result<Points, _>| outcome(result.map_err(Refused::Away));
    Ok(match method {
        "consume" => match op[3]["customDuration"].as_u64() {
            Some(custom) => outcome(limiter.consume_within(key, number, Duration::from_secs(custom)).await),
            None => outcome(limiter.consume(key, number).await),
        },
        "penalty" => away(limiter.penalty(key, number).await),
        "reward" => away(limiter.reward(key, number).await),
        "block" => away(limiter.block(key, seconds(2)).await),
        "set" => away(limiter.set(key, op[2].as_i64().unwrap(), seconds(3)).await),
        "get" => json!({ "resolved": limiter.get(key).await.unwrap().map(value) }),
        "delete" => json!({ "resolved": limiter.delete(key).await.unwrap() }),
        other => return Err(format!("unknown operation {other}")),
    })
}

fn by_prefix<'a>(results: impl Iterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(results.map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(crate) fn value(points: Points) -> Value {
    let before_next =
        points.before_next.map_or(-1, |wait| i64::try_from(wait.as_micros().div_ceil(1000)).unwrap());
    json!({
        "remainingPoints": points.remaining, "msBeforeNext": before_next,
        "consumedPoints": points.consumed, "isFirstInDuration": points.is_first
    })
}

fn in_whole_seconds(mut result: Value) -> Value {
    for outcome in ["resolved", "rejected"] {
        if let Some(wait) = result[outcome]["msBeforeNext"].as_i64().filter(|wait| *wait > 0) {
            result[outcome]["msBeforeNext"] = ((wait + 999) / 1000 * 1000).into();
        }
    }
    result
}

async fn kept(redis: &Redis, key: &str) -> Option<(String, i64)> {
    let ask = |mut connection| async move {
        let mut both = ::redis::pipe();
        both.get(key).ttl(key);
        both.query_async::<(Option<String>, i64)>(&mut connection).await
    };
    let (value, left) = redis.ask(ask).await.ok()?;
    value.map(|value| (value, left))
}
