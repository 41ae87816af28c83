//! The session stores of Portcullis under tower-sessions, and so under axum-login.
//!
//! An application that has tower-sessions keeps it, and gets stores that refuse an id that is taken, answer within a
//! deadline when they are away, and hold what connect-redis and connect-pg-simple hold: an Express app with the same ids
//! would read the same records. A crate of its own, so that tower-sessions' breaking releases are not Portcullis'.
//!
//! **What this does not do.** tower-sessions writes whole records, so of two parallel requests the last one's counts;
//! `portcullis::session` is what merges them. The other direction, a store made for tower-sessions under
//! `portcullis::session`, does not exist: such a store cannot bind a write to what was there before.
//!
//! ```
//! use std::{collections::HashMap, sync::Arc};
//! use portcullis::session::store::MemoryStore;
//! use portcullis_tower_sessions::StoreAdapter;
//! use time::{Duration, OffsetDateTime};
//! use tower_sessions_core::{SessionStore, session::{Id, Record}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_sessions_core::session_store::Error> {
//! let store = StoreAdapter::new(Arc::new(MemoryStore::for_tests()));
//! let data = HashMap::from([("user".to_owned(), "alice".into())]);
//! let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() + Duration::HOUR };
//! store.create(&mut record).await?;
//! assert_eq!(store.load(&record.id).await?.map(|found| found.data), Some(record.data.clone()));
//! assert_eq!(store.load(&Id::default()).await?, None);
//! # Ok(())
//! # }
//! ```

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use portcullis::session::store::{Expected, Expiry, Owner, Store, StoreError, Write, Written};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// A store of Portcullis as a `SessionStore` of tower-sessions. Cheap to clone.
#[derive(Clone)]
pub struct StoreAdapter {
    store: Arc<dyn Store>,
    owner_key: String,
}

impl StoreAdapter {
    /// Sessions in this store. Whose one is says the key `user` of its data.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, owner_key: "user".to_owned() }
    }

    /// With another key that says whose session it is, such as axum-login's.
    #[must_use]
    pub fn with_owner_key(self, key: impl Into<String>) -> Self {
        Self { owner_key: key.into(), ..self }
    }

    /// Ends every session of one user, and says how many there were.
    pub async fn destroy_owned(&self, owner: &str) -> Result<u64> {
        let owner = Owner { key: &self.owner_key, value: owner };
        self.store.destroy_owned(owner).await.map_err(|error| failed(&error))
    }

    async fn write(&self, record: &Record, expected: Expected<'_>) -> Result<Written> {
        let owner = record.data.get(&self.owner_key).and_then(Value::as_str);
        let write = Write {
            id: &record.id.to_string(),
            record: &encode(record)?,
            expected,
            owner: owner.map(|value| Owner { key: &self.owner_key, value }),
            expiry: Expiry { now: SystemTime::now(), at: Some(record.expiry_date.into()) },
        };
        self.store.write(write).await.map_err(|error| failed(&error))
    }
}

#[async_trait]
impl SessionStore for StoreAdapter {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits: a second id that is taken as well is no accident.
        for _ in 0..2 {
            if self.write(record, Expected::Absent).await? == Written::Done {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend("two fresh ids in a row were taken".to_owned()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.write(record, Expected::Anything).await.map(|_| ())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.store.load(&id.to_string(), SystemTime::now()).await;
        found.map_err(|error| failed(&error))?.map(|text| decode(*id, &text)).transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store.destroy(&id.to_string()).await.map_err(|error| failed(&error))
    }
}

impl fmt::Debug for StoreAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreAdapter").field("owner_key", &self.owner_key).finish_non_exhaustive()
    }
}

/// As express-session stores it: the data beside a `cookie` that says when it ends.
fn encode(record: &Record) -> Result<String> {
    if record.data.contains_key(COOKIE) {
        return Err(Error::Encode(format!(
            "`{COOKIE}` is where the cookie's own data stands: take another key"
        )));
    }
    let end = record.expiry_date.format(&Rfc3339).map_err(|error| Error::Encode(error.to_string()))?;
    let cookie = json!({ "originalMaxAge": null, "expires": end, "httpOnly": true, "path": "/" });
    let mut members = Map::from_iter([(COOKIE.to_owned(), cookie)]);
    members.extend(record.data.iter().map(|(key, value)| (key.clone(), value.clone())));
    Ok(Value::Object(members).to_string())
}

fn decode(id: Id, text: &str) -> Result<Record> {
    let mut members: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| Error::Decode(error.to_string()))?;
    let cookie = members.remove(COOKIE).unwrap_or_default();
    let end = cookie.get("expires").and_then(Value::as_str).unwrap_or_default();
    let expiry_date = OffsetDateTime::parse(end, &Rfc3339)
        .map_err(|error| Error::Decode(format!("`cookie.expires`: {error}")))?;
    Ok(Record { id, data: members.into_iter().collect(), expiry_date })
}

fn failed(error: &StoreError) -> Error {
    Error::Backend(error.to_string())
}

const COOKIE: &str = "cookie";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use portcullis::session::store::MemoryStore;
    use time::Duration;

    use super::*;

    fn record(user: &str) -> Record {
        let data = HashMap::from([
            ("user".to_owned(), Value::from(user)),
            ("n".to_owned(), json!([1, { "a": null }])),
        ]);
        Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() + Duration::HOUR }
    }

    #[tokio::test]
    async fn a_record_comes_back_as_it_went_and_goes_when_it_is_deleted() {
        let store = StoreAdapter::new(Arc::new(MemoryStore::for_tests()));
        let mut alice = record("alice");
        store.create(&mut alice).await.unwrap();
        assert_eq!(store.load(&alice.id).await.unwrap(), Some(alice.clone()));
        alice.data.insert("n".to_owned(), json!(2));
        store.save(&alice).await.unwrap();
        assert_eq!(store.load(&alice.id).await.unwrap(), Some(alice.clone()));
        store.delete(&alice.id).await.unwrap();
        assert_eq!(store.load(&alice.id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_id_that_is_taken_is_not_written_over() {
        let store = StoreAdapter::new(Arc::new(MemoryStore::for_tests()));
        let mut alice = record("alice");
        store.create(&mut alice).await.unwrap();
        let mut bob = Record { id: alice.id, ..record("bob") };
        store.create(&mut bob).await.unwrap();
        assert_ne!(bob.id, alice.id);
        assert_eq!(store.load(&alice.id).await.unwrap(), Some(alice));
    }

    #[tokio::test]
    async fn one_user_is_logged_out_everywhere() {
        let store = StoreAdapter::new(Arc::new(MemoryStore::for_tests()));
        let (mut one, mut two, mut other) = (record("alice"), record("alice"), record("bob"));
        for record in [&mut one, &mut two, &mut other] {
            store.create(record).await.unwrap();
        }
        assert_eq!(store.destroy_owned("alice").await.unwrap(), 2);
        assert_eq!(store.load(&one.id).await.unwrap(), None);
        assert!(store.load(&other.id).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_key_that_would_hide_the_cookie_is_refused() {
        let store = StoreAdapter::new(Arc::new(MemoryStore::for_tests()));
        let mut bad = record("alice");
        bad.data.insert("cookie".to_owned(), json!(1));
        assert!(matches!(store.create(&mut bad).await, Err(Error::Encode(_))));
    }
}
