//! How late this machine is, so that its lateness is not held against what is measured on it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::sleep;

/// Runs a future, and says by how much at most a task that only slept was woken too late meanwhile.
pub async fn with_lag<T>(future: impl Future<Output = T>) -> (T, Duration) {
    const NAP: Duration = Duration::from_millis(5);
    let ends = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&ends);
    let watch = tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        while !ended.load(Ordering::Relaxed) {
            let began = Instant::now();
            sleep(NAP).await;
            longest = longest.max(began.elapsed().saturating_sub(NAP));
        }
        longest
    });
    let output = future.await;
    ends.store(true, Ordering::Relaxed);
    (output, watch.await.expect("it only sleeps"))
}
