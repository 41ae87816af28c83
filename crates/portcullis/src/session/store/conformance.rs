//! What every store must do, as a suite that anybody can run on theirs.

use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

use super::{Expected, Expiry, Owner, Store, StoreError, Write, Written};

/// A promise that a store does not keep.
#[derive(Debug)]
pub struct Broken {
    /// The promise.
    pub promise: &'static str,
    /// What the store did instead.
    pub saw: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.saw)
    }
}

impl Error for Broken {}

/// Runs the suite on a store, which takes about four seconds, since it waits for sessions to expire.
///
/// The ids it uses begin with `conformance-` and are destroyed in the end; what else is in the store is left alone.
///
/// ```
/// use portcullis::session::store::{MemoryStore, conformance};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// conformance::check(&MemoryStore::for_tests()).await.unwrap();
/// # }
/// ```
pub async fn check(store: &dyn Store) -> Result<(), Broken> {
    let suite = Suite { store, run: run_id() };
    suite.keeps_what_it_is_given().await?;
    suite.writes_only_over_what_is_expected().await?;
    suite.takes_odd_ids_and_texts().await?;
    suite.destroys().await?;
    suite.destroys_what_somebody_owns().await?;
    suite.lets_sessions_expire().await?;
    suite.loses_no_update().await
}

struct Suite<'a> {
    store: &'a dyn Store,
    run: String,
}

impl Suite<'_> {
    async fn keeps_what_it_is_given(&self) -> Result<(), Broken> {
        let id = self.id("kept");
        expect("an id that was never written is not there", self.load(&id).await?.as_deref(), None)?;
        self.write(&id, "{\"n\":1}", Expected::Absent).await?;
        expect("a record is read as it was written", self.load(&id).await?.as_deref(), Some("{\"n\":1}"))?;
        let written = self.write(&id, "{\"n\":2}", Expected::Anything).await?;
        expect_written("a write that expects anything is done", &written, &Written::Done)?;
        expect("the last write is read", self.load(&id).await?.as_deref(), Some("{\"n\":2}"))?;
        self.destroy(&id).await
    }

    async fn writes_only_over_what_is_expected(&self) -> Result<(), Broken> {
        let id = self.id("expected");
        let nothing = self.write(&id, "{}", Expected::Exactly("{\"a\":1}")).await?;
        let promise = "a session that is gone does not come back by a write that expects it";
        expect_written(promise, &nothing, &Written::Conflict(None))?;
        expect(promise, self.load(&id).await?.as_deref(), None)?;

        self.write(&id, "{\"a\":1}", Expected::Absent).await?;
        let there = Written::Conflict(Some("{\"a\":1}".into()));
        let promise = "a write that expects something else changes nothing and says what is there";
        for expected in [Expected::Absent, Expected::Exactly("{\"a\": 1}"), Expected::Exactly("")] {
            expect_written(promise, &self.write(&id, "{}", expected).await?, &there)?;
            expect(promise, self.load(&id).await?.as_deref(), Some("{\"a\":1}"))?;
        }
        let done = self.write(&id, "{\"a\":2}", Expected::Exactly("{\"a\":1}")).await?;
        expect_written("a write that expects what is there is done", &done, &Written::Done)?;
        expect(
            "a write that expects what is there is done",
            self.load(&id).await?.as_deref(),
            Some("{\"a\":2}"),
        )?;
        self.destroy(&id).await
    }

    async fn takes_odd_ids_and_texts(&self) -> Result<(), Broken> {
        let text = format!(
            "{{\"quote\":\"'\\\"\\\\\",\"text\":\"\u{e9}\u{1f600}%$1\",\"long\":\"{}\"}}",
            "x".repeat(60_000)
        );
        for name in ["-_.~", "a:b*?[c]", "quote'\"", "\u{e9}"] {
            let id = self.id(name);
            self.write(&id, &text, Expected::Absent).await?;
            expect("ids and records are kept byte for byte", self.load(&id).await?.as_deref(), Some(&text))?;
            let done = self.write(&id, "{}", Expected::Exactly(&text)).await?;
            expect_written("records are compared byte for byte", &done, &Written::Done)?;
            self.destroy(&id).await?;
            expect("an odd id can be destroyed", self.load(&id).await?.as_deref(), None)?;
        }
        Ok(())
    }

    async fn destroys(&self) -> Result<(), Broken> {
        let (id, other) = (self.id("destroyed"), self.id("destroyed-not"));
        self.destroy(&id).await?;
        self.write(&id, "{}", Expected::Absent).await?;
        self.write(&other, "{}", Expected::Absent).await?;
        self.destroy(&id).await?;
        expect("what was destroyed is not there", self.load(&id).await?.as_deref(), None)?;
        expect("others are left alone", self.load(&other).await?.as_deref(), Some("{}"))?;
        self.destroy(&other).await
    }

    async fn destroys_what_somebody_owns(&self) -> Result<(), Broken> {
        let (alice, bob) = (format!("alice-{}", self.run), format!("bob-{}", self.run));
        let of = |value| Some(Owner { key: "user", value });
        for (name, owner) in [("one", &alice), ("two", &alice), ("three", &bob)] {
            let record = format!("{{\"cookie\":{{}},\"user\":\"{owner}\"}}");
            self.write_owned(&self.id(name), &record, Expected::Absent, of(owner)).await?;
        }
        self.write(&self.id("four"), "{\"cookie\":{}}", Expected::Absent).await?;
        self.destroy(&self.id("two")).await?;

        let promise = "all sessions of one owner are destroyed, and no other";
        let destroyed = self.store.destroy_owned(Owner { key: "user", value: &alice }).await;
        let destroyed = destroyed.map_err(|error| broken(promise, &error))?;
        if destroyed != 1 {
            return Err(Broken { promise, saw: format!("{destroyed} destroyed instead of 1") });
        }
        expect(promise, self.load(&self.id("one")).await?.as_deref(), None)?;
        expect(promise, self.load(&self.id("four")).await?.as_deref(), Some("{\"cookie\":{}}"))?;
        let left = format!("{{\"cookie\":{{}},\"user\":\"{bob}\"}}");
        expect(promise, self.load(&self.id("three")).await?.as_deref(), Some(&left))?;
        self.destroy(&self.id("three")).await?;
        self.destroy(&self.id("four")).await
    }

    async fn lets_sessions_expire(&self) -> Result<(), Broken> {
        let (short, touched, gone) = (self.id("short"), self.id("touched"), self.id("gone"));
        let within = |seconds| {
            let now = SystemTime::now();
            Expiry { now, at: now.checked_add(Duration::from_secs(seconds)) }
        };
        for id in [&short, &touched] {
            let write =
                Write { id, record: "{}", expected: Expected::Absent, owner: None, expiry: within(2) };
            self.store.write(write).await.map_err(|error| broken("a write is done", &error))?;
        }
        let touch = async |id: &str| {
            self.store.touch(id, within(60)).await.map_err(|error| broken("a touch is no error", &error))
        };
        touch(&touched).await?;
        touch(&gone).await?;
        expect("a touch makes no session", self.load(&gone).await?.as_deref(), None)?;
        expect("a session is there until it expires", self.load(&short).await?.as_deref(), Some("{}"))?;

        tokio::time::sleep(Duration::from_millis(3100)).await;
        expect("an expired session is not there", self.load(&short).await?.as_deref(), None)?;
        expect("a touch moves the end", self.load(&touched).await?.as_deref(), Some("{}"))?;
        let over = self.write(&short, "{\"a\":1}", Expected::Exactly("{}")).await?;
        expect_written("an expired session is as if it had never been", &over, &Written::Conflict(None))?;
        let again = self.write(&short, "{\"a\":1}", Expected::Absent).await?;
        expect_written("an expired session is as if it had never been", &again, &Written::Done)?;
        self.destroy(&short).await?;
        self.destroy(&touched).await
    }

    /// Eight writers count to ten each, at once.
    async fn loses_no_update(&self) -> Result<(), Broken> {
        const PROMISE: &str = "of writers that each expect what they read, none is lost";
        let id = self.id("counter");
        self.write(&id, "0", Expected::Absent).await?;
        let writer = async || {
            for _ in 0..10 {
                let mut there = self.load(&id).await?.unwrap_or_default();
                for _ in 0..1000 {
                    let count: u32 =
                        there.parse().map_err(|_| Broken { promise: PROMISE, saw: there.clone() })?;
                    let next = (count + 1).to_string();
                    match self.write(&id, &next, Expected::Exactly(&there)).await? {
                        Written::Done => break,
                        Written::Conflict(other) => there = other.unwrap_or_default(),
                    }
                }
            }
            Ok::<(), Broken>(())
        };
        tokio::try_join!(writer(), writer(), writer(), writer(), writer(), writer(), writer(), writer())?;
        expect(PROMISE, self.load(&id).await?.as_deref(), Some("80"))?;
        self.destroy(&id).await
    }

    fn id(&self, name: &str) -> String {
        format!("conformance-{}-{name}", self.run)
    }

    async fn load(&self, id: &str) -> Result<Option<String>, Broken> {
        self.store.load(id, SystemTime::now()).await.map_err(|error| broken("a session can be read", &error))
    }

    async fn write(&self, id: &str, record: &str, expected: Expected<'_>) -> Result<Written, Broken> {
        self.write_owned(id, record, expected, None).await
    }

    async fn write_owned(
        &self,
        id: &str,
        record: &str,
        expected: Expected<'_>,
        owner: Option<Owner<'_>>,
    ) -> Result<Written, Broken> {
        let now = SystemTime::now();
        let expiry = Expiry { now, at: now.checked_add(Duration::from_secs(600)) };
        let write = Write { id, record, expected, owner, expiry };
        self.store.write(write).await.map_err(|error| broken("a session can be written", &error))
    }

    async fn destroy(&self, id: &str) -> Result<(), Broken> {
        self.store.destroy(id).await.map_err(|error| broken("a session can be destroyed", &error))
    }
}

/// Two runs on one store, perhaps of another process, do not meet.
fn run_id() -> String {
    let mut random = [0; 8];
    match getrandom::fill(&mut random) {
        Ok(()) => u64::from_le_bytes(random).to_string(),
        Err(_) => std::process::id().to_string(),
    }
}

fn broken(promise: &'static str, error: &StoreError) -> Broken {
    Broken { promise, saw: error.to_string() }
}

fn expect(promise: &'static str, found: Option<&str>, right: Option<&str>) -> Result<(), Broken> {
    if found == right {
        Ok(())
    } else {
        Err(Broken { promise, saw: format!("{found:?} instead of {right:?}") })
    }
}

fn expect_written(promise: &'static str, found: &Written, right: &Written) -> Result<(), Broken> {
    if found == right {
        Ok(())
    } else {
        Err(Broken { promise, saw: format!("{found:?} instead of {right:?}") })
    }
}
