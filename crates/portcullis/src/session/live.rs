//! A session in the hands of one request: what was read, what was changed, and how that is written.

use std::{sync::Arc, time::SystemTime};

use serde_json::value::RawValue;

use super::{
    Policy, SessionError,
    data::{Data, find, put},
    record::{self, Record, StoredCookie},
    store::{Expected, Expiry, Owner, Write, Written},
};

/// Makes a key's new value from the one that is there. `None` takes the key away.
pub(super) type Updater =
    dyn Fn(Option<&RawValue>) -> Result<Option<Box<RawValue>>, serde_json::Error> + Send + Sync;

/// What a handler did to one key, kept so that it can be done again on what another request left there.
pub(super) enum Change {
    Set(Box<RawValue>),
    Remove,
    Update(Arc<Updater>),
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and they come in every mixture")]
pub(super) struct Live {
    pub(super) id: String,
    /// What the store holds under this id, as far as we know.
    stored: Option<String>,
    /// The data as the handler sees it.
    data: Data,
    /// What the keys held that were changed since the session was read or stored.
    before: Vec<(String, Option<Box<RawValue>>)>,
    changes: Vec<(String, Change)>,
    pub(super) cookie: StoredCookie,
    created: Option<SystemTime>,
    /// The id is not the one with which the request's session began.
    pub(super) renewed: bool,
    /// Something was changed, and an explicit save has stored it already.
    saved_changes: bool,
    /// The store holds `data`, so that nothing need be written. Not so at first with `resave`.
    clean: bool,
    /// The handler asked for another end.
    pub(super) moved: bool,
}

/// What became of a save.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Saved {
    Done,
    /// The session was destroyed, or has expired, since it was read.
    Gone,
}

impl Live {
    /// A session that begins with this request.
    pub(super) fn begin(id: String, cookie: StoredCookie, created: Option<SystemTime>) -> Self {
        Self {
            id,
            stored: None,
            data: Vec::new(),
            before: Vec::new(),
            changes: Vec::new(),
            cookie,
            created,
            renewed: false,
            saved_changes: false,
            clean: false,
            moved: false,
        }
    }

    /// A session as the store has it.
    pub(super) fn from_store(id: String, text: String, record: Record, clean: bool) -> Self {
        let Record { cookie, data, created, incomplete } = record;
        Self {
            stored: Some(text),
            data,
            // Compatible with express-session, to which a record that it reads in part only is one that was changed.
            clean: clean && !incomplete,
            saved_changes: incomplete,
            ..Self::begin(id, cookie, created)
        }
    }

    pub(super) fn is_stored(&self) -> bool {
        self.stored.is_some()
    }

    pub(super) fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// From when the absolute lifetime counts, for a session that an Express app began.
    pub(super) fn count_from(&mut self, now: SystemTime) {
        self.created.get_or_insert(now);
    }

    pub(super) fn get(&self, key: &str) -> Option<&RawValue> {
        find(&self.data, key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.data.iter().map(|(key, _)| key.as_str())
    }

    /// Carries out a change, and keeps it in mind. One that fails, or after which the data would be larger than
    /// `max_bytes`, changes nothing.
    pub(super) fn change(&mut self, key: &str, change: Change, max_bytes: usize) -> Result<(), SessionError> {
        let before = find(&self.data, key).map(ToOwned::to_owned);
        apply(&mut self.data, key, &change)
            .map_err(|error| SessionError::Value { key: key.to_owned(), error })?;
        let bytes = self.bytes();
        if bytes > max_bytes {
            put(&mut self.data, key, before);
            return Err(SessionError::TooLarge { bytes, max_bytes });
        }
        if !matches!(change, Change::Update(_)) {
            self.changes.retain(|(known, _)| known != key); // what went before no longer matters
        }
        self.changes.push((key.to_owned(), change));
        if !self.before.iter().any(|(known, _)| known == key) {
            self.before.push((key.to_owned(), before));
        }
        Ok(())
    }

    /// Takes a key away.
    pub(super) fn remove(&mut self, key: &str) -> Result<(), SessionError> {
        self.change(key, Change::Remove, usize::MAX)
    }

    /// The data goes on under another id.
    pub(super) fn move_to(&mut self, id: String) {
        self.id = id;
        self.stored = None;
        self.renewed = true;
        self.clean = false;
    }

    /// The size of the data as JSON, near enough.
    fn bytes(&self) -> usize {
        self.data.iter().map(|(key, value)| key.len() + value.get().len() + 4).sum()
    }

    /// Whether the data, or the id, is not what it was when the request came. What was changed and changed back is not
    /// changed.
    pub(super) fn is_modified(&self) -> bool {
        self.renewed || self.saved_changes || self.has_changes()
    }

    /// Whether the store holds what the handler sees.
    pub(super) fn is_saved(&self) -> bool {
        self.clean && !self.renewed && !self.has_changes()
    }

    /// Whether something was changed that no save has stored yet.
    pub(super) fn has_changes(&self) -> bool {
        let text = RawValue::get;
        self.before.iter().any(|(key, before)| find(&self.data, key).map(text) != before.as_deref().map(text))
    }

    /// What was changed so far is stored, or given up with an error or a line in the log: it is no longer pending.
    pub(super) fn settle(&mut self) {
        self.before.clear();
        self.changes.clear();
    }

    /// Writes the session. In [`Behaviour::Improved`](super::Behaviour::Improved), what other requests changed meanwhile
    /// stays, and this request's changes are made on top of it.
    pub(super) async fn save(&mut self, policy: &Policy, now: SystemTime) -> Result<Saved, SessionError> {
        for _ in 0..ATTEMPTS {
            let data = self.data.iter().map(|(key, value)| (key.as_str(), &**value));
            let text = record::write(&self.cookie, data, self.created);
            let owner = self.owner(policy.config.owner_key.as_deref());
            let write = Write {
                id: &self.id,
                record: &text,
                expected: match &self.stored {
                    _ if !policy.improved() => Expected::Anything,
                    Some(stored) => Expected::Exactly(stored),
                    None => Expected::Absent,
                },
                owner: owner.as_ref().map(|(key, value)| Owner { key, value }),
                expiry: Expiry { now, at: self.cookie.ends() },
            };
            match policy.store.write(write).await? {
                Written::Done => {
                    self.saved_changes |= self.has_changes();
                    self.stored = Some(text);
                    self.before.clear();
                    self.changes.clear();
                    self.clean = true;
                    self.moved = false;
                    return Ok(Saved::Done);
                }
                Written::Conflict(None) => return Ok(Saved::Gone),
                Written::Conflict(Some(theirs)) => self.merge(theirs)?,
            }
        }
        Err(SessionError::Contended)
    }

    /// Makes this request's changes on what another one left.
    fn merge(&mut self, theirs: String) -> Result<(), SessionError> {
        if self.stored.is_none() {
            return Err(SessionError::Contended); // a fresh id that is taken already
        }
        let Record { cookie, data, created, .. } = Record::parse(&theirs).map_err(SessionError::Malformed)?;
        self.data = data;
        self.before.clear();
        for (key, change) in &self.changes {
            self.before.push((key.clone(), find(&self.data, key).map(ToOwned::to_owned)));
            apply(&mut self.data, key, change)
                .map_err(|error| SessionError::Value { key: key.clone(), error })?;
        }
        if !self.moved && cookie.ends() > self.cookie.ends() {
            self.cookie = cookie;
        }
        self.created = created.or(self.created);
        self.stored = Some(theirs);
        Ok(())
    }

    /// The owner's key and name: a text as it is, a number as it is written; anything else names nobody.
    pub(super) fn owner<'a>(&self, key: Option<&'a str>) -> Option<(&'a str, String)> {
        let key = key?;
        let name = match serde_json::from_str(self.get(key)?.get()).ok()? {
            serde_json::Value::String(name) => name,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((key, name))
    }
}

fn apply(data: &mut Data, key: &str, change: &Change) -> Result<(), serde_json::Error> {
    let value = match change {
        Change::Set(value) => Some(value.clone()),
        Change::Remove => None,
        Change::Update(update) => update(find(data, key))?,
    };
    put(data, key, value);
    Ok(())
}

/// How often a save is tried anew because another request's came first.
const ATTEMPTS: usize = 16;
