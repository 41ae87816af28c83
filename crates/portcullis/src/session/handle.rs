//! What handlers do with a session.

use std::{fmt, sync::Arc, time::Duration};

use http::request::Parts;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    CookieConfig, Policy, SessionError, data, id,
    live::{Change, Live, Saved},
    record::{Record, StoredCookie},
    store::Owner,
};

/// The session of one request, in its extensions. Cheap to clone; all clones are the same session.
///
/// The methods ask the store when they are the first to need it, and wait for it. Reading what is not there begins no
/// session; putting something in does.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

pub(super) struct Shared {
    pub(super) policy: Arc<Policy>,
    /// The id that came with the request, its signature verified.
    pub(super) sent: Option<String>,
    /// Whether the client's connection is secure.
    pub(super) secure: bool,
    /// The head of the request, for those who make ids or cookies from it.
    pub(super) head: Option<Box<Parts>>,
    pub(super) cookie: Option<CookieConfig>,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) phase: Phase,
    /// The head of the response has gone; from now on only an explicit save stores anything.
    pub(super) head_is_gone: bool,
}

pub(super) enum Phase {
    /// Nobody asked for it yet.
    Untouched,
    /// There is none, and none was asked to begin.
    Absent,
    /// It is there, or begins.
    Live(Box<Live>),
    /// A handler ended it in the store.
    Destroyed,
    /// A handler let go of it.
    Unset { id: Option<String> },
}

impl Session {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0
    }

    /// A value, if there is one.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SessionError> {
        let state = self.read().await?;
        let Some(value) = state.phase.live().and_then(|live| live.get(key)) else { return Ok(None) };
        serde_json::from_str(value.get())
            .map(Some)
            .map_err(|error| SessionError::Value { key: key.to_owned(), error })
    }

    /// Puts a value in. If there is no session, this begins one.
    pub async fn set<T: Serialize>(&self, key: &str, value: T) -> Result<(), SessionError> {
        let value =
            to_raw_value(&value).map_err(|error| SessionError::Value { key: key.to_owned(), error })?;
        self.change(key, Change::Set(value)).await
    }

    /// Makes a value from the one that is there. If another request stores its change in between, the value is made
    /// anew from that one, so `update` may run more than once and must depend on nothing else: counters count every
    /// request.
    pub async fn update<T, U>(&self, key: &str, update: U) -> Result<(), SessionError>
    where
        T: Serialize + DeserializeOwned,
        U: Fn(Option<T>) -> T + Send + Sync + 'static,
    {
        let update = move |old: Option<&RawValue>| {
            let old = old.map(|value| serde_json::from_str(value.get())).transpose()?;
            to_raw_value(&update(old)).map(Some)
        };
        self.change(key, Change::Update(Arc::new(update))).await
    }

    /// Takes a value out.
    pub async fn remove(&self, key: &str) -> Result<(), SessionError> {
        let mut state = self.read().await?;
        match state.phase.live_mut() {
            Some(live) if live.get(key).is_some() => live.remove(key),
            _ => Ok(()),
        }
    }

    /// Takes everything out. The session goes on.
    pub async fn clear(&self) -> Result<(), SessionError> {
        for key in self.keys().await? {
            self.remove(&key).await?;
        }
        Ok(())
    }

    /// The keys of what is in it, in their order.
    pub async fn keys(&self) -> Result<Vec<String>, SessionError> {
        let state = self.read().await?;
        Ok(state.phase.live().map(|live| live.keys().map(str::to_owned).collect()).unwrap_or_default())
    }

    /// The id, if there is a session. It is a secret, as good as the cookie to whoever can sign.
    pub async fn id(&self) -> Result<Option<String>, SessionError> {
        Ok(self.read().await?.phase.live().map(|live| live.id.clone()))
    }

    /// Gives the session another id and keeps what is in it; the old id is destroyed first. Call it at login, and
    /// whenever the user's rights change: an id that somebody planted or saw before is then worth nothing.
    pub async fn renew(&self) -> Result<(), SessionError> {
        let mut state = self.read().await?;
        let fresh = self.next_id()?;
        let Some(live) = state.phase.live_mut() else { return Ok(()) };
        if live.is_stored() {
            self.0.policy.store.destroy(&live.id).await?;
        }
        live.move_to(fresh);
        Ok(())
    }

    /// Destroys the session and begins an empty one with another id: express-session's `regenerate`.
    pub async fn regenerate(&self) -> Result<(), SessionError> {
        let mut state = self.read().await?;
        let fresh = self.next_id()?;
        if let Some(live) = state.phase.live() {
            // Compatible with express-session: also an id that was never stored is destroyed.
            if live.is_stored() || !self.0.policy.improved() {
                self.0.policy.store.destroy(&live.id).await?;
            }
        }
        let mut live = self.begin(fresh);
        live.renewed = true;
        state.phase = Phase::Live(Box::new(live));
        Ok(())
    }

    /// Ends the session: it is taken from the store now, and its cookie is cleared. What is put in afterwards begins
    /// another one.
    pub async fn destroy(&self) -> Result<(), SessionError> {
        let mut state = self.read().await?;
        if let Some(live) = state.phase.live()
            && (live.is_stored() || !self.0.policy.improved())
        {
            self.0.policy.store.destroy(&live.id).await?;
        }
        state.phase = Phase::Destroyed;
        Ok(())
    }

    /// Ends every session of the user whose one this is, by the value of [`Config::owner_key`](super::Config::owner_key):
    /// "log out everywhere". Says how many there were.
    pub async fn destroy_everywhere(&self) -> Result<u64, SessionError> {
        let mut state = self.read().await?;
        let Some(live) = state.phase.live() else { return Ok(0) };
        let mut destroyed = 0;
        if let Some((key, value)) = &live.owner(self.0.policy.config.owner_key.as_deref()) {
            destroyed = self.0.policy.store.destroy_owned(Owner { key, value }).await?;
        }
        self.0.policy.store.destroy(&live.id).await?; // it may have got its owner only now
        state.phase = Phase::Destroyed;
        Ok(destroyed)
    }

    /// Lets go of the session for this request. [`Config::unset`](super::Config::unset) says what becomes of it:
    /// express-session's `req.session = null`.
    pub async fn unset(&self) -> Result<(), SessionError> {
        let mut state = self.0.state.lock().await;
        let id = match &state.phase {
            Phase::Live(live) => Some(live.id.clone()),
            _ => self.0.sent.clone(),
        };
        state.phase = Phase::Unset { id };
        Ok(())
    }

    /// Drops this request's changes and reads the session anew.
    pub async fn reload(&self) -> Result<(), SessionError> {
        let mut state = self.read().await?;
        let Some(live) = state.phase.live_mut() else { return Err(SessionError::Gone) };
        let id = live.id.clone();
        match self.load(&id).await? {
            Some(fresh) => **live = fresh,
            None => return Err(SessionError::Gone),
        }
        Ok(())
    }

    /// Stores the session now, not when the head of the response is ready. After it, and only with it, changes can be
    /// stored while the body is streaming.
    pub async fn save(&self) -> Result<(), SessionError> {
        let mut state = self.read().await?;
        let Some(live) = state.phase.live_mut() else { return Ok(()) };
        match live.save(&self.0.policy, self.0.policy.now()).await? {
            Saved::Done => Ok(()),
            Saved::Gone => {
                state.phase = Phase::Destroyed;
                Err(SessionError::Gone)
            }
        }
    }

    /// Moves the end to one lifetime from now, and stores that, however short ago it was last done.
    pub async fn touch(&self) -> Result<(), SessionError> {
        let now = self.0.policy.now();
        if let Some(live) = self.read().await?.phase.live_mut() {
            live.cookie.touch(now);
            live.moved = true;
        }
        Ok(())
    }

    /// Another lifetime for this session ("remember me"), from now on. `None`: until the browser is closed.
    pub async fn set_max_age(&self, lifetime: Option<Duration>) -> Result<(), SessionError> {
        let now = self.0.policy.now();
        let mut state = self.read().await?;
        let live = self.live_or_begun(&mut state.phase)?;
        live.cookie.set_max_age(lifetime, now);
        live.moved = true;
        Ok(())
    }

    /// When the session ends if nobody uses it any more. `None`: there is none, or it ends with the browser.
    pub async fn ends(&self) -> Result<Option<std::time::SystemTime>, SessionError> {
        Ok(self.read().await?.phase.live().and_then(|live| live.cookie.ends()))
    }

    async fn change(&self, key: &str, change: Change) -> Result<(), SessionError> {
        if data::is_reserved(key) {
            return Err(SessionError::ReservedKey(key.to_owned()));
        }
        let mut state = self.read().await?;
        self.live_or_begun(&mut state.phase)?.change(key, change, self.0.policy.config.max_bytes)
    }

    /// The state, after the store has been asked if the request brought an id.
    pub(super) async fn read(&self) -> Result<MutexGuard<'_, State>, SessionError> {
        let mut state = self.0.state.lock().await;
        if matches!(state.phase, Phase::Untouched) {
            let known = match &self.0.sent {
                Some(id) => self.load(id).await?,
                None => None,
            };
            state.phase = match known {
                Some(live) => Phase::Live(Box::new(live)),
                // Compatible with express-session, where every request has a session with an id.
                None if !self.0.policy.improved() => Phase::Live(Box::new(self.begin(self.next_id()?))),
                None => Phase::Absent,
            };
        }
        Ok(state)
    }

    /// A session from the store; not one that has outlived its absolute lifetime.
    async fn load(&self, id: &str) -> Result<Option<Live>, SessionError> {
        let policy = &self.0.policy;
        let now = policy.now();
        let Some(text) = policy.store.load(id, now).await? else { return Ok(None) };
        let record = match Record::parse(&text) {
            Ok(record) => record,
            Err(error) if policy.improved() => {
                tracing::error!(target: "portcullis::session", %error, "a session is given up");
                policy.store.destroy(id).await?;
                return Ok(None);
            }
            Err(error) => return Err(SessionError::Malformed(error)),
        };
        let mut live = Live::from_store(id.to_owned(), text, record, !policy.config.resave);
        if let Some(lifetime) = policy.config.absolute_lifetime {
            live.count_from(now);
            let age = live.created().and_then(|created| now.duration_since(created).ok()).unwrap_or_default();
            if age >= lifetime {
                policy.store.destroy(id).await?;
                return Ok(None);
            }
        }
        Ok(Some(live))
    }

    fn live_or_begun<'a>(&self, phase: &'a mut Phase) -> Result<&'a mut Live, SessionError> {
        if !matches!(phase, Phase::Live(_)) {
            *phase = Phase::Live(Box::new(self.begin(self.next_id()?)));
        }
        match phase {
            Phase::Live(live) => Ok(live),
            _ => unreachable!("it was made so a line above"),
        }
    }

    pub(super) fn begin(&self, id: String) -> Live {
        let policy = &self.0.policy;
        let now = policy.now();
        let mut cookie: StoredCookie =
            self.0.cookie.as_ref().unwrap_or(&policy.config.cookie).begin(self.0.secure, now);
        if self.0.is_plain_allowed() {
            cookie.secure = Some(false);
        }
        Live::begin(id, cookie, policy.config.absolute_lifetime.map(|_| now))
    }

    pub(super) fn next_id(&self) -> Result<String, SessionError> {
        match &self.0.head {
            Some(head) => id::next(&self.0.policy, head),
            None => id::generate(),
        }
    }
}

impl Shared {
    /// Development without TLS, asked for by name.
    pub(super) fn is_plain_allowed(&self) -> bool {
        self.policy.config.dangerous_allow_insecure && !self.secure
    }
}

impl Phase {
    fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            _ => None,
        }
    }

    fn live_mut(&mut self) -> Option<&mut Box<Live>> {
        match self {
            Self::Live(live) => Some(live),
            _ => None,
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if state.head_is_gone && state.phase.live().is_some_and(Live::has_changes) {
            tracing::warn!(
                target: "portcullis::session",
                "a session was changed after the head of the response had gone, and `save` was not called: the change is lost"
            );
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for Session {
    type Rejection = http::StatusCode;

    /// 500 where no [`SessionLayer`](super::SessionLayer) stands in front, or the path is outside that of its cookie.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, http::StatusCode> {
        parts.extensions.get().cloned().ok_or(http::StatusCode::INTERNAL_SERVER_ERROR)
    }
}
