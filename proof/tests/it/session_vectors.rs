//! The session vectors: what npm express-session answered and stored, request by request.
//!
//! What we do otherwise on purpose:
//!
//! - `sameSite: "foo"` does not build. express-session takes it, stores the session, and sends no cookie.
//! - A secret that is absent does not build. express-session answers every request 500.
//! - What a handler changes once the body is streaming is stored by an explicit save only, and logged.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use portcullis::session::store::{Expected, Expiry, MemoryStore, Store, Write};
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
                for (id, record) in step["store_overwritten_before"].as_object().into_iter().flatten() {
                    seed(&*store, id, &record.to_string(), *clock.lock().unwrap()).await;
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

/// RFC 3339 in UTC sorts as text.
fn iso(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
