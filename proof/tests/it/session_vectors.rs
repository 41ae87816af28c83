//! The session vectors: what npm express-session answered, and what it, connect-redis and connect-pg-simple stored, request by
//! request.
//!
//! What we do otherwise on purpose:
//!
//! - `sameSite: "foo"` does not build. express-session takes it, stores the session, and sends no cookie.
//! - A secret that is absent does not build. express-session answers every request 500.
//! - What a handler changes once the body is streaming is stored by an explicit save only, and logged.
//! - connect-redis' `ttl` as a function, `disableTTL` and `disableTouch` do not exist: every session ends, when it says so.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use portcullis::{
    session::store::{
        Expected, Expiry, MemoryStore, PostgresConfig, PostgresStore, RedisConfig, RedisStore, Store, Write,
    },
    store::redis,
};
use proof::{monitor::Monitor, postgres::Postgres, redis::Redis};
use serde_json::{Map, Value, json};

use crate::{
    session_scenario::{Clock, Outcome, run, same},
    vectors,
};

#[test]
fn vectors_express_session() {
    vectors::check("express-session.json", |case| {
        if is_different_on_purpose(case)? {
            return Ok(());
        }
        block_on(async {
            let clock = Clock::new(Mutex::new(SystemTime::UNIX_EPOCH));
            let store = Arc::new(MemoryStore::for_tests());
            let before = async |step: &Value| {
                let now = *clock.lock().unwrap();
                for (id, record) in step["store_overwritten_before"].as_object().into_iter().flatten() {
                    seed(&*store, id, &record.to_string(), now).await;
                }
            };
            let after = async |step: &Value, outcome: &Outcome| {
                let now = *clock.lock().unwrap();
                let mut kept: Map<String, Value> = store
                    .snapshot(now)
                    .into_iter()
                    .map(|(id, record)| (id, serde_json::from_str(&record).unwrap()))
                    .collect();
                // A touch of Node's memory store shows in the record; of ours, as of Redis, beside it.
                for (id, end) in &outcome.touched {
                    kept[id]["cookie"]["expires"] = json!(end.map(iso));
                }
                let right = &step["expect"]["store_after"];
                if right.to_string().contains("<SID>") {
                    return same(
                        "store_after",
                        &json!(kept.values().collect::<Vec<_>>()),
                        &json!([right["<SID>"]]),
                    );
                }
                // express-session keeps what has expired until somebody asks for it.
                let mut right = right.as_object().cloned().unwrap_or_default();
                right.retain(|_, record| !has_ended(record, now));
                same("store_after", &json!(kept), &json!(right))
            };
            run(case, Arc::clone(&store) as Arc<dyn Store>, &clock, before, after).await
        })
    });
}

/// Says so if a case is one of those at the top of this file, and fails if it is not answered as said there.
fn is_different_on_purpose(case: &Value) -> Result<bool, String> {
    if let Some(text) = case["options"]["cookie"]["sameSite"].as_str()
        && !["auto", "lax", "strict", "none"].contains(&text.to_ascii_lowercase().as_str())
    {
        let built = text.parse::<portcullis::cookie::SameSite>().is_ok();
        return if built { Err("`sameSite` was taken".into()) } else { Ok(true) };
    }
    let streams = case["requests"].as_array().into_iter().flatten().any(|step| {
        step["handler_ops"].as_array().into_iter().flatten().any(|operation| operation[0] == "write")
    });
    Ok(streams)
}

async fn seed(store: &dyn Store, id: &str, record: &str, now: SystemTime) {
    let write =
        Write { id, record, expected: Expected::Anything, owner: None, expiry: Expiry { now, at: None } };
    store.write(write).await.unwrap();
}

fn has_ended(record: &Value, now: SystemTime) -> bool {
    record["cookie"]["expires"].as_str().is_some_and(|end| {
        let now = iso(now);
        end <= now.as_str()
    })
}

/// connect-redis, with the same commands, on a real Redis.
#[test]
fn vectors_connect_redis() {
    let server = Redis::start();
    let monitor = Monitor::on(server.port());
    vectors::check("connect-redis.json", |case| {
        let options = &case["store_options"];
        if options["ttl"].is_object() || options["disableTTL"] == true || options["disableTouch"] == true {
            return Ok(());
        }
        server.ask(&["FLUSHALL"]);
        let mut config = RedisConfig::default();
        if let Some(prefix) = options["prefix"].as_str() {
            config.prefix = prefix.into();
        }
        if let Some(seconds) = options["ttl"].as_u64() {
            config.lifetime = Duration::from_secs(seconds);
        }
        let before = async |step: &Value| {
            for (key, record) in step["redis_seeded_before"].as_object().into_iter().flatten() {
                server.ask(&["SET", key, record.as_str().unwrap()]);
            }
            monitor.take();
        };
        let after = async |step: &Value, _: &Outcome| {
            let commands: Vec<_> =
                monitor.take().into_iter().filter(|command| is_of_a_store(command)).collect();
            same("redis_commands", &json!(commands), &step["expect"]["redis_commands"])?;
            let mut kept = Map::new();
            for key in server.ask(&["KEYS", "*"]).into_iter().filter(|key| !key.is_empty()) {
                let ttl: i64 = server.ask(&["TTL", &key])[0].parse().unwrap();
                kept.insert(key.clone(), json!({ "value": server.ask(&["GET", &key])[0], "ttl_s": ttl }));
            }
            for (key, right) in step["expect"]["redis_after"].as_object().unwrap() {
                // A second may have passed since.
                if kept[key]["ttl_s"].as_i64() == right["ttl_s"].as_i64().map(|ttl| ttl - 1) {
                    kept[key]["ttl_s"] = right["ttl_s"].clone();
                }
            }
            same("redis_after", &json!(kept), &step["expect"]["redis_after"])
        };
        block_on(async {
            let clock = Clock::new(Mutex::new(SystemTime::UNIX_EPOCH));
            // A connection lives on the runtime that opened it.
            let mut connection = redis::Config::at(server.url());
            connection.deadline = Duration::from_secs(5); // how fast it is, is proven elsewhere
            let redis = redis::Redis::new(&connection).unwrap();
            let store = Arc::new(RedisStore::new(redis, config).unwrap());
            run(case, store, &clock, before, after).await
        })
    });
}

/// connect-pg-simple, with the same rows, on a real PostgreSQL. The statements are not compared: rows are what two programs
/// share.
#[test]
fn vectors_connect_pg_simple() {
    let server = Postgres::start(&["timezone=UTC"]);
    vectors::check("connect-pg-simple.json", |case| {
        let options = &case["store_options"];
        if options["disableTouch"] == true {
            return Ok(());
        }
        let mut config = PostgresConfig::default();
        config.create_table_if_missing = true;
        config.schema_name = options["schemaName"].as_str().map(str::to_owned);
        if let Some(table) = options["tableName"].as_str() {
            config.table_name = table.into();
        }
        if let Some(seconds) = options["ttl"].as_u64() {
            config.lifetime = Duration::from_secs(seconds);
        }
        let schema = config.schema_name.clone().unwrap_or_else(|| "public".into());
        let table = format!("\"{schema}\".\"{}\"", config.table_name);
        // The package calls the index and the key of every table the same, so there can be one table at a time.
        server.ask(&format!("DROP SCHEMA IF EXISTS \"{schema}\", public CASCADE"));
        server.ask("CREATE SCHEMA public");
        server.ask(&format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\""));
        let before = async |_: &Value| {};
        let after = async |step: &Value, _: &Outcome| {
            // The table is there after the first statement.
            let is_there = server.ask(&format!("SELECT to_regclass('{table}') IS NOT NULL"));
            let rows = if is_there == ["t"] {
                let row = "json_build_object('sid', sid, 'sess_text', sess::text, 'expire', to_char(expire, \
                           'YYYY-MM-DD HH24:MI:SS.US'))";
                server.ask(&format!("SELECT {row} FROM {table} ORDER BY sid"))
            } else {
                Vec::new()
            };
            let rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
            same("rows_after", &json!(rows), &step["expect"]["rows_after"])
        };
        block_on(async {
            let clock = Clock::new(Mutex::new(SystemTime::UNIX_EPOCH));
            let store = Arc::new(PostgresStore::new(&server.url(), config).unwrap());
            run(case, store, &clock, before, after).await
        })
    });
}

/// Not what opens a connection, nor what the test itself asks.
fn is_of_a_store(command: &[String]) -> bool {
    ["GET", "SET", "EXPIRE", "DEL", "EVALSHA", "EVAL", "SADD"]
        .contains(&command[0].to_ascii_uppercase().as_str())
}

/// RFC 3339 in UTC sorts as text.
fn iso(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
