//! The login pattern of the checklists, as rate-limiter-flexible's recipe has it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use portcullis::limit::{
    Clock, Timestamp,
    login::{Config, Failures, LoginGuard, Refused},
    store::{MemoryStore, SharedStore, WhenAway},
};
use serde_json::{Value, json};

use crate::limit_points_vectors::value;

pub(crate) async fn run(case: &Value) -> Result<(), String> {
    let clock = Clock::standing(Timestamp::from_micros(1_893_456_000_000_000));
    let memory = Arc::new(MemoryStore::new(1000));
    let store = SharedStore::new(Arc::<MemoryStore>::clone(&memory), WhenAway::Local, memory);
    let guard = LoginGuard::with_store(&config(&case["options"]), store).unwrap().clock(clock.clone());
    for (index, step) in case["requests"].as_array().unwrap().iter().enumerate() {
        clock.advance(Duration::from_millis(step["advance_ms"].as_u64().unwrap_or_default()));
        let request = &step["request"];
        let address: IpAddr = request["ip"].as_str().unwrap().parse().unwrap();
        let user = request["user"].as_str().unwrap();
        let mut answers: Vec<(Value, u64)> = Vec::new();
        for _ in 0..request["times"].as_u64().unwrap() {
            let answer = login(&guard, address, user, request["password"] == "right").await;
            match answers.last_mut() {
                Some((last, count)) if *last == answer => *count += 1,
                _ => answers.push((answer, 1)),
            }
        }
        let answers = answers.into_iter().map(|(answer, count)| json!({ "answer": answer, "count": count }));
        let got = json!({
            "answers_run_length": answers.collect::<Vec<_>>(),
            "ip_counter": guard.failures_from(address).await.unwrap().map(value),
            "user_ip_counter": guard.failures_in_a_row(address, user).await.unwrap().map(value)
        });
        if got != step["expect"] {
            return Err(format!("step {index}: got {got}, not {}", step["expect"]));
        }
    }
    Ok(())
}

/// The recipe's counters; what it does not have is as good as off.
fn config(options: &Value) -> Config {
    let failures = |options: &Value| {
        let seconds = |name: &str| Duration::from_secs(options[name].as_u64().unwrap());
        let limit = u32::try_from(options["points"].as_u64().unwrap()).unwrap();
        Failures::new(limit, seconds("duration"), seconds("blockDuration"))
    };
    let mut config = Config::default();
    config.address = failures(&options["ip"]);
    config.pair = failures(&options["username_and_ip"]);
    config.user.limit = u32::MAX - 1;
    config.burst.tries = 0;
    config
}

async fn login(guard: &LoginGuard, address: IpAddr, user: &str, is_right: bool) -> Value {
    let refused = |refused: Refused| match refused {
        Refused::TooMany { retry_after, .. } => {
            json!({ "status": 429, "retry_after": retry_after.as_millis().div_ceil(1000) })
        }
        Refused::Away(away) => panic!("{away}"),
    };
    let attempt = match guard.check(address, Some(user), None).await {
        Ok(attempt) => attempt,
        Err(error) => return refused(error),
    };
    let exists = ["alice", "bob"].contains(&user);
    if is_right && exists {
        guard.succeeded(attempt).await;
        return json!({ "status": 200 });
    }
    let counted =
        if exists { guard.failed(attempt).await } else { guard.failed_for_unknown_user(attempt).await };
    counted.map_or_else(refused, |()| json!({ "status": 400 }))
}
