//! Counters in memory: bounded, sharded, 40 bytes each.
//!
//! A table of buckets, each with a lock of its own and at most [`SLOTS`] counters. Which bucket a key is in, and which counter is
//! its own, is 128 bits of `SipHash` under keys drawn at start: nobody outside can aim at a bucket or at another's counter, and no
//! address or name is kept.
//!
//! A bucket that is full gives up, in this order: a counter that has run out; of those that have room, the one that would run
//! out first (in a token bucket the one least used); only then, by the same measure, one that refuses. So a flood of new addresses
//! pushes out the counters of other new addresses. What an attacker gains by it is that somebody's count begins anew before its
//! time; to free an address of their own that is refused they must fill its bucket with others that are refused, too.
//!
//! Buckets grow as they fill, so memory follows use: about 50 bytes a key, and never more than [`MemoryStore::max_bytes`].

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{Charge, Count, Reply, Store};
use crate::limit::{Decision, Timestamp, algorithm::Cell};

/// Counters in a bucket.
const SLOTS: usize = 16;

/// Counters in this process's memory.
pub struct MemoryStore {
    buckets: Box<[Mutex<Vec<Slot>>]>,
    hashers: [RandomState; 2],
}

/// A counter and whose it is.
#[derive(Debug, Clone, Copy)]
struct Slot {
    key: [u64; 2],
    cell: Cell,
    refuses: bool,
}

impl MemoryStore {
    /// Room for at most `max_keys` counters, rounded up to a whole bucket; memory is taken as they come. The first are given up
    /// when a bucket is full by chance, at about half of that.
    pub fn new(max_keys: usize) -> Self {
        let buckets = max_keys.div_ceil(SLOTS).max(1);
        Self {
            buckets: (0..buckets).map(|_| Mutex::default()).collect(),
            hashers: [RandomState::new(), RandomState::new()],
        }
    }

    /// The most memory that the table can take, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.buckets.len() * (size_of::<Mutex<Vec<Slot>>>() + SLOTS * size_of::<Slot>() + ALLOCATION_BYTES)
    }

    /// How many counters there are, those that have run out among them.
    pub fn len(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes from one counter: what [`Store::take`] does for each.
    pub fn charge(&self, charge: &Charge<'_>, now: Timestamp) -> Decision {
        self.with(charge.key, now, |slot| {
            let decision = charge.quota.take(&mut slot.cell, charge.cost, now);
            slot.refuses = !decision.passed;
            decision
        })
    }

    fn peek(&self, charge: &Charge<'_>, now: Timestamp) -> Decision {
        let cell = self.find(charge.key).unwrap_or_default();
        charge.quota.peek(cell, charge.cost, now)
    }

    fn key(&self, name: &str) -> [u64; 2] {
        self.hashers.each_ref().map(|hasher| hasher.hash_one(name))
    }

    fn bucket(&self, key: [u64; 2]) -> std::sync::MutexGuard<'_, Vec<Slot>> {
        // The upper bits choose the bucket, without a division (Lemire).
        let index = (u128::from(key[0]) * self.buckets.len() as u128) >> 64;
        #[allow(clippy::indexing_slicing, reason = "a 64-bit fraction of the length is below it")]
        let bucket = &self.buckets[usize::try_from(index).unwrap_or_default()];
        bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, name: &str) -> Option<Cell> {
        let key = self.key(name);
        self.bucket(key).iter().find(|slot| slot.key == key).map(|slot| slot.cell)
    }

    /// The counter of that name, made where there is none.
    fn with<T>(&self, name: &str, now: Timestamp, change: impl FnOnce(&mut Slot) -> T) -> T {
        let key = self.key(name);
        let mut bucket = self.bucket(key);
        if let Some(slot) = bucket.iter_mut().find(|slot| slot.key == key) {
            return change(slot);
        }
        let mut slot = Slot { key, cell: Cell::default(), refuses: false };
        let answer = change(&mut slot);
        let given_up = if bucket.len() < SLOTS {
            bucket.iter_mut().find(|slot| slot.cell.until <= now)
        } else {
            bucket.iter_mut().min_by_key(|slot| {
                let has_run_out = slot.cell.until <= now;
                (!has_run_out, slot.refuses, slot.cell.until)
            })
        };
        match given_up {
            Some(place) => *place = slot,
            None => bucket.push(slot),
        }
        answer
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("max_keys", &(self.buckets.len() * SLOTS)).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>], now: Timestamp) -> Reply<'a, Vec<Decision>> {
        let mut decisions = Vec::with_capacity(charges.len());
        for charge in charges {
            let decision = self.charge(charge, now);
            decisions.push(decision);
            if !decision.passed {
                break;
            }
        }
        Reply::now(Ok(decisions))
    }

    fn take_all<'a>(&'a self, charges: &'a [Charge<'a>], now: Timestamp) -> Reply<'a, Vec<Decision>> {
        let mut peeked = Vec::with_capacity(charges.len());
        for charge in charges {
            let decision = self.peek(charge, now);
            peeked.push(decision);
            if !decision.passed {
                return Reply::now(Ok(peeked));
            }
        }
        // Between looking and taking another may have taken the last, so each decides once more as it takes.
        let mut decisions = Vec::with_capacity(charges.len());
        for charge in charges {
            let mut decision = self.charge(charge, now);
            decision.passed |= charge.quota.was_open_before(charge.cost, &decision);
            decisions.push(decision);
            if !decision.passed {
                break;
            }
        }
        Reply::now(Ok(decisions))
    }

    fn give_back<'a>(&'a self, charges: &'a [Charge<'a>], now: Timestamp) -> Reply<'a, ()> {
        for charge in charges {
            let key = self.key(charge.key);
            if let Some(slot) = self.bucket(key).iter_mut().find(|slot| slot.key == key) {
                charge.quota.give_back(&mut slot.cell, charge.cost, now);
            }
        }
        Reply::now(Ok(()))
    }

    fn read<'a>(&'a self, key: &'a str, now: Timestamp) -> Reply<'a, Option<Count>> {
        let cell = self.find(key).filter(|cell| cell.until > now);
        Reply::now(Ok(cell.map(|cell| Count {
            value: cell.value,
            lasts: (cell.until != Timestamp::NEVER).then(|| cell.until.since(now)),
        })))
    }

    fn write<'a>(&'a self, key: &'a str, count: Count, now: Timestamp) -> Reply<'a, ()> {
        let until = count.lasts.map_or(Timestamp::NEVER, |lasts: Duration| now.after(lasts));
        self.with(key, now, |slot| slot.cell = Cell { value: count.value, until });
        Reply::now(Ok(()))
    }

    fn remove<'a>(&'a self, keys: &'a [&'a str], now: Timestamp) -> Reply<'a, usize> {
        let mut removed = 0;
        for name in keys {
            let key = self.key(name);
            let mut bucket = self.bucket(key);
            if let Some(index) = bucket.iter().position(|slot| slot.key == key) {
                let slot = bucket.swap_remove(index);
                removed += usize::from(slot.cell.until > now);
            }
        }
        Reply::now(Ok(removed))
    }
}

/// What an allocator adds to each allocation, at most.
const ALLOCATION_BYTES: usize = 2 * size_of::<usize>();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::{Algorithm, Quota};

    const MINUTE: Duration = Duration::from_secs(60);
    const START: Timestamp = Timestamp::from_micros(1_893_456_000_000_000);

    fn take(store: &MemoryStore, key: &str, quota: &Quota) -> Decision {
        store.charge(&Charge { key, quota, cost: 1 }, START)
    }

    #[test]
    fn a_flood_of_new_keys_stays_within_the_bound_and_frees_nobody_who_is_refused() {
        let store = MemoryStore::new(10_000);
        let quota = Quota::new(Algorithm::TokenBucket, 5, MINUTE);
        let refused: Vec<String> = (0..100).map(|number| format!("refused {number}")).collect();
        for key in &refused {
            while take(&store, key, &quota).passed {}
        }
        for number in 0..200_000 {
            take(&store, &format!("new {number}"), &quota);
        }
        assert!(store.len() <= 10_000, "{}", store.len());
        let freed = refused.iter().filter(|key| take(&store, key, &quota).passed).count();
        assert_eq!(freed, 0);
    }

    #[test]
    fn a_counter_that_has_run_out_makes_room() {
        let store = MemoryStore::new(SLOTS);
        let quota = Quota::new(Algorithm::FixedWindow, 1, MINUTE);
        for number in 0..SLOTS {
            take(&store, &number.to_string(), &quota);
        }
        let later = START.after(MINUTE);
        store.charge(&Charge { key: "new", quota: &quota, cost: 1 }, later);
        assert_eq!(store.len(), SLOTS);
        assert!(!store.charge(&Charge { key: "new", quota: &quota, cost: 1 }, later).passed);
    }

    #[test]
    fn many_threads_pass_exactly_the_limit() {
        let store = MemoryStore::new(1000);
        let quota = Quota::new(Algorithm::FixedWindow, 1000, MINUTE);
        let passed: usize = std::thread::scope(|scope| {
            let count = || (0..1000).filter(|_| take(&store, "one", &quota).passed).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 1000);
    }
}
