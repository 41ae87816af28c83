//! Decisions of `portcullis::limit` and of governor, in nanoseconds each; memory by key; others' wait under a flood.
//!
//! `bench-limit memory|redis URL|bytes portcullis|bytes governor|flood`: a line `name value` for each figure.

use std::{
    hint::black_box,
    num::NonZeroU32,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota as GovernorQuota, RateLimiter};
use portcullis::{
    limit::{
        Algorithm, Clock, Quota,
        store::{Charge, MemoryStore, Store, redis::RedisStore},
    },
    store::redis::{Config, Redis},
};

const KEYS: usize = 100_000;
const DECISIONS: usize = 1_000_000;
const LIMIT: u32 = 600;
const MINUTE: Duration = Duration::from_secs(60);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match arguments.as_slice() {
        ["memory"] => memory(),
        ["redis", url] => redis(url),
        ["bytes", whose] => bytes(whose),
        ["flood"] => flood(),
        _ => panic!("memory | redis URL | bytes portcullis|governor | flood"),
    }
}

fn addresses(count: usize) -> Vec<String> {
    // A permutation, so that keys next to each other in time are not next to each other in memory.
    let address = |n: usize| std::net::Ipv4Addr::from((n as u32).wrapping_mul(2_654_435_761)).to_string();
    (0..count).map(address).collect()
}

fn quota() -> Quota {
    Quota::new(Algorithm::TokenBucket, LIMIT, MINUTE)
}

fn governor() -> DefaultKeyedRateLimiter<String> {
    RateLimiter::keyed(GovernorQuota::per_minute(NonZeroU32::new(LIMIT).unwrap()))
}

/// Rounds of the one and the other in turn, and the median of each.
fn memory() {
    let keys = addresses(KEYS);
    for (name, keys) in [("100000_keys", &keys[..]), ("1_key", &keys[..1])] {
        let (ours, theirs) = (MemoryStore::new(4 * KEYS), governor());
        let (clock, quota) = (Clock::system(), quota());
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..9 {
            let began = Instant::now();
            for key in keys.iter().cycle().take(DECISIONS) {
                black_box(ours.charge(&Charge { key, quota: &quota, cost: 1 }, clock.now()));
            }
            times[0].push(began.elapsed());
            let began = Instant::now();
            for key in keys.iter().cycle().take(DECISIONS) {
                black_box(theirs.check_key(key)).ok();
            }
            times[1].push(began.elapsed());
        }
        for (who, mut times) in ["portcullis", "governor"].into_iter().zip(times) {
            times.sort();
            println!("{who}_{name}_ns {:.1}", times[4].as_nanos() as f64 / DECISIONS as f64);
        }
    }
}

fn redis(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut config = Config::at(url);
        config.deadline = Duration::from_secs(5);
        let store = RedisStore::new(Redis::new(&config).unwrap(), "bench:");
        let keys = std::sync::Arc::new(addresses(1000));
        const WORKERS: usize = 64;
        const EACH: usize = 1000;
        let began = Instant::now();
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (store, keys) = (store.clone(), keys.clone());
                tokio::spawn(async move {
                    let (quota, clock) = (quota(), Clock::system());
                    for n in 0..EACH {
                        let key = &keys[(worker * EACH + n) % keys.len()];
                        let charges = [Charge { key, quota: &quota, cost: 1 }];
                        store.take(&charges, clock.now()).await.unwrap();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        println!("portcullis_redis_ns {:.0}", began.elapsed().as_nanos() as f64 / (WORKERS * EACH) as f64);
    });
}

/// One in a minute, so that no counter runs out while it is measured.
fn lasting() -> Quota {
    Quota::new(Algorithm::TokenBucket, 1, MINUTE)
}

/// Resident memory before and after a million keys.
fn bytes(whose: &str) {
    let count = 1_000_000;
    let address = |n: u32| std::net::Ipv4Addr::from(n.wrapping_mul(2_654_435_761)).to_string();
    match whose {
        "portcullis" => {
            for (name, max_keys) in [("room_for_2_million", 2_000_000), ("room_for_half_a_million", 524_288)] {
                let before = resident();
                let (store, clock, quota) = (MemoryStore::new(max_keys), Clock::system(), lasting());
                for n in 0..count {
                    store.charge(&Charge { key: &address(n), quota: &quota, cost: 1 }, clock.now());
                }
                let taken = resident() - before;
                println!("portcullis_{name}_kept {}", store.len());
                println!("portcullis_{name}_bytes_each {:.1}", taken as f64 / store.len() as f64);
                println!("portcullis_{name}_bytes {taken}");
                println!("portcullis_{name}_bound {}", store.max_bytes());
                // Kept, so that the second has no memory of the first.
                std::mem::forget(store);
            }
        }
        _ => {
            let before = resident();
            let limiter = DefaultKeyedRateLimiter::<String>::keyed(GovernorQuota::per_minute(NonZeroU32::MIN));
            for n in 0..count {
                limiter.check_key(&address(n)).ok();
            }
            println!("governor_bytes_each {:.1}", (resident() - before) as f64 / f64::from(count));
        }
    }
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// The wait of a thousand clients for their decisions, alone and beside a million new addresses.
fn flood() {
    let (store, clock, quota) = (MemoryStore::new(524_288), Clock::system(), lasting());
    let others: Vec<String> = (0..1000).map(|n| format!("2001:db8:{n:x}::/56")).collect();
    let p99 = || {
        let mut waits: Vec<Duration> = (0..500_000)
            .map(|n| {
                let began = Instant::now();
                store.charge(&Charge { key: &others[n % others.len()], quota: &quota, cost: 1 }, clock.now());
                began.elapsed()
            })
            .collect();
        waits.sort();
        waits[waits.len() * 99 / 100].as_nanos()
    };
    // The same work beside, on a store of its own: what the other core costs by itself is not the flood's doing.
    let beside = |flooded: &MemoryStore| {
        let ends = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let flooding = scope.spawn(|| {
                let mut n = 0_u32;
                while n < 1_000_000 || !ends.load(Ordering::Relaxed) {
                    let key = std::net::Ipv4Addr::from(n.wrapping_mul(2_654_435_761)).to_string();
                    flooded.charge(&Charge { key: &key, quota: &quota, cost: 1 }, clock.now());
                    n += 1;
                }
                n
            });
            let p99 = p99();
            ends.store(true, Ordering::Relaxed);
            (p99, flooding.join().unwrap())
        })
    };
    let mut ratios: Vec<f64> = Vec::new();
    for _ in 0..5 {
        let (elsewhere, _) = beside(&MemoryStore::new(524_288));
        let (here, count) = beside(&store);
        println!("p99_ns_flood_elsewhere {elsewhere}\np99_ns_flood_here {here}\nnew_addresses {count}");
        ratios.push(here as f64 / elsewhere as f64);
    }
    ratios.sort_by(f64::total_cmp);
    println!("p99_ratio {:.2}", ratios[2]);
    println!("counters_of_524288 {}", store.len());
}
