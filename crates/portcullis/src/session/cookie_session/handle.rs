//! What handlers do with a cookie session.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

#[cfg(feature = "axum")]
use http::StatusCode;
use http::{HeaderMap, HeaderValue, header};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::to_raw_value;

use super::{
    Format, Policy, attributes,
    wire::{self, Lifetime, Read, Signature, Times},
};
use crate::{
    cookie::NoRandomness,
    session::{
        Secure,
        data::{Data, find, put},
    },
};

/// The cookie session of one request, in its extensions. Cheap to clone; all clones are the same session.
#[derive(Clone)]
pub struct CookieSession(Arc<Shared>);

struct Shared {
    policy: Arc<Policy>,
    /// Whether the client's connection is secure.
    secure: bool,
    value: Option<String>,
    signature: Option<String>,
    state: Mutex<State>,
}

enum State {
    /// Nobody asked for it: nothing is read, nothing is sent.
    Untouched,
    Open(Box<Open>),
    /// A handler ended it.
    Destroyed {
        signature: Signature,
    },
}

struct Open {
    data: Data,
    /// As it was read, to know what has changed.
    original: Data,
    is_new: bool,
    began: SystemTime,
    issued: Option<SystemTime>,
    is_stale: bool,
    signature: Signature,
    lifetime: Lifetime,
    /// A handler has just said so.
    is_lifetime_new: bool,
}

/// Why a session could not be read or changed. Passed on by an axum handler it is answered 500.
#[derive(Debug)]
#[non_exhaustive]
pub enum CookieSessionError {
    /// A value is not of the kind that was asked for, or cannot be written as JSON.
    Value {
        /// Its key.
        key: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// cookie-session would not read this key back.
    ReservedKey(String),
    /// No browser would keep the cookie. The session is as it was.
    TooLarge {
        /// The bytes that the `Set-Cookie` field would have.
        bytes: usize,
        /// The most it may have.
        max_bytes: usize,
    },
}

impl fmt::Display for CookieSessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { key, error } => write!(f, "the session's value of `{key}`: {error}"),
            Self::ReservedKey(key) => {
                write!(f, "`{key}` cannot be a key of a session: cookie-session would not read it back")
            }
            Self::TooLarge { bytes, max_bytes } => write!(
                f,
                "the session's cookie would have {bytes} bytes, and browsers keep {max_bytes}: keep it on the server"
            ),
        }
    }
}

impl Error for CookieSessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Value { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for CookieSessionError {
    fn into_response(self) -> axum_core::response::Response {
        tracing::error!(target: "portcullis::session", error = %self, "the cookie session failed");
        axum_core::response::IntoResponse::into_response(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for CookieSession {
    type Rejection = StatusCode;

    /// 500 where no [`CookieSessionLayer`](super::CookieSessionLayer) stands in front.
    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl CookieSession {
    pub(super) fn new(policy: Arc<Policy>, headers: &HeaderMap, secure: bool) -> Self {
        let name = policy.name(secure);
        let signature_name = format!("{name}.sig");
        let fields = || headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let cookie = |name: &str| fields().find_map(|field| wire::find(field, name)).map(str::to_owned);
        let value = cookie(name);
        let signature = value.as_ref().and_then(|_| cookie(&signature_name));
        Self(Arc::new(Shared { secure, value, signature, state: Mutex::new(State::Untouched), policy }))
    }

    /// A value, if there is one.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, CookieSessionError> {
        let mut state = self.state();
        let Some(open) = self.open(&mut state) else { return Ok(None) };
        let value = find(&open.data, key).map(|value| serde_json::from_str(value.get())).transpose();
        value.map_err(|error| CookieSessionError::Value { key: key.to_owned(), error })
    }

    /// Puts a value in. If the session was ended before, this begins another one.
    pub fn set<T: Serialize>(&self, key: &str, value: T) -> Result<(), CookieSessionError> {
        if is_reserved(key) {
            return Err(CookieSessionError::ReservedKey(key.to_owned()));
        }
        let value =
            to_raw_value(&value).map_err(|error| CookieSessionError::Value { key: key.to_owned(), error })?;
        let mut state = self.state();
        if let State::Destroyed { signature } = &*state {
            let signature = signature.clone();
            *state = State::Open(Box::new(Open::begin(self.0.policy.now(), signature)));
        }
        let Some(open) = self.open(&mut state) else { return Ok(()) };
        let before = find(&open.data, key).map(ToOwned::to_owned);
        put(&mut open.data, key, Some(value));
        let bytes = self.0.length(open);
        let max_bytes = self.0.policy.config.max_bytes;
        if bytes > max_bytes {
            put(&mut open.data, key, before);
            return Err(CookieSessionError::TooLarge { bytes, max_bytes });
        }
        Ok(())
    }

    /// Takes a value out.
    pub fn remove(&self, key: &str) {
        let mut state = self.state();
        if let Some(open) = self.open(&mut state) {
            put(&mut open.data, key, None);
        }
    }

    /// Takes everything out. The session goes on.
    pub fn clear(&self) {
        let mut state = self.state();
        if let Some(open) = self.open(&mut state) {
            open.data.clear();
        }
    }

    /// The keys of what is in it, in their order.
    pub fn keys(&self) -> Vec<String> {
        let mut state = self.state();
        self.open(&mut state)
            .map(|open| open.data.iter().map(|(key, _)| key.clone()).collect())
            .unwrap_or_default()
    }

    /// Whether the request brought none.
    pub fn is_new(&self) -> bool {
        let mut state = self.state();
        self.open(&mut state).is_none_or(|open| open.is_new)
    }

    /// Whether something was put in, changed or taken out; a new session always is.
    pub fn is_changed(&self) -> bool {
        let mut state = self.state();
        self.open(&mut state).is_none_or(|open| open.is_new || open.is_changed())
    }

    /// Takes the session from the browser: `req.session = null`. A copy of the cookie stays good until its end.
    pub fn destroy(&self) {
        let mut state = self.state();
        let signature = match &*state {
            State::Open(open) => open.signature.clone(),
            _ => Signature::Stays,
        };
        *state = State::Destroyed { signature };
    }

    /// Another lifetime for this session ("remember me"), from its last use. Of an encrypted session it is kept whatever the
    /// client keeps, up to [`Config::absolute_lifetime`](super::Config::absolute_lifetime).
    ///
    /// # Errors
    ///
    /// [`CookieSessionError::TooLarge`] if the cookie has no room left to say it. The lifetime is as it was.
    pub fn set_max_age(&self, lifetime: Option<Duration>) -> Result<(), CookieSessionError> {
        let mut state = self.state();
        let Some(open) = self.open(&mut state) else { return Ok(()) };
        let before = std::mem::replace(&mut open.lifetime, Lifetime::Own(lifetime));
        open.is_lifetime_new = true;
        let bytes = self.0.length(open);
        let max_bytes = self.0.policy.config.max_bytes;
        if bytes > max_bytes {
            open.lifetime = before;
            return Err(CookieSessionError::TooLarge { bytes, max_bytes });
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, read if this is the first who asks. `None`: it was ended.
    fn open<'a>(&self, state: &'a mut State) -> Option<&'a mut Open> {
        if matches!(state, State::Untouched) {
            *state = State::Open(Box::new(self.0.read()));
        }
        match state {
            State::Open(open) => Some(open),
            State::Untouched | State::Destroyed { .. } => None,
        }
    }

    /// Puts into a response what belongs there.
    pub(super) fn finish(&self, headers: &mut HeaderMap) {
        let shared = &*self.0;
        let policy = &*shared.policy;
        let state = self.state();
        let (signature, written) = match &*state {
            State::Untouched => return,
            State::Open(open) => match shared.written(open) {
                Ok(written) => (&open.signature, written),
                Err(error) => {
                    tracing::error!(target: "portcullis::session", %error, "the session cookie is withheld");
                    return;
                }
            },
            State::Destroyed { signature } => {
                let attributes =
                    attributes::write(&policy.config, Some(SystemTime::UNIX_EPOCH), shared.sends_secure());
                let name = policy.name(shared.secure);
                let emptied = wire::signature_of_nothing(&policy.wire, name);
                (signature, Some((String::new(), emptied, attributes)))
            }
        };
        let name = policy.name(shared.secure);
        if written.is_some()
            && policy.config.secure == Secure::Always
            && !shared.secure
            && !shared.is_plain_allowed()
        {
            policy.said.withheld();
            return;
        }
        let mut send = |field: String| {
            if let Ok(field) = HeaderValue::try_from(field) {
                headers.append(header::SET_COOKIE, field);
            }
        };
        let is_signed = matches!(policy.config.format, Format::DangerousCookieSession);
        match (written, signature) {
            (Some((value, signature, attributes)), _) => {
                send(format!("{name}={value}{attributes}"));
                if let Some(signature) = signature {
                    send(format!("{name}.sig={signature}{attributes}"));
                }
            }
            (None, Signature::Renewed(signature)) if is_signed => {
                send(format!("{name}.sig={signature}{}", attributes::of_signature(false, shared.secure)));
            }
            (None, Signature::Cleared) if is_signed => {
                send(format!("{name}.sig={}", attributes::of_signature(true, shared.secure)));
            }
            (None, _) => {}
        }
    }
}

impl Open {
    fn begin(now: SystemTime, signature: Signature) -> Self {
        Self {
            data: Data::new(),
            original: Data::new(),
            is_new: true,
            began: now,
            issued: None,
            is_stale: false,
            signature,
            lifetime: Lifetime::AsConfigured,
            is_lifetime_new: false,
        }
    }

    fn is_changed(&self) -> bool {
        let text = |data: &Data| -> Vec<(String, String)> {
            data.iter().map(|(key, value)| (key.clone(), value.get().to_owned())).collect()
        };
        text(&self.data) != text(&self.original)
    }
}

impl Shared {
    fn read(&self) -> Open {
        let policy = &self.policy;
        let now = policy.now();
        let name = policy.name(self.secure);
        let Read { data, text, times, is_stale, signature } =
            wire::read(&policy.wire, name, self.value.as_deref(), self.signature.as_deref());
        let Some(Times { began, issued, lifetime }) = times else {
            let original = data.clone();
            return Open { data, original, is_new: text.is_none(), ..Open::begin(now, signature) };
        };
        let age = |since: SystemTime| now.duration_since(since).unwrap_or_default();
        let config = &policy.config;
        let is_over = config.absolute_lifetime.is_some_and(|lifetime| age(began) >= lifetime)
            || lifetime.or(config.max_age).is_some_and(|lifetime| age(issued) >= lifetime);
        if is_over {
            return Open::begin(now, signature);
        }
        let original = data.clone();
        let issued = Some(issued);
        Open {
            data,
            original,
            is_new: false,
            began,
            issued,
            is_stale,
            lifetime,
            ..Open::begin(now, signature)
        }
    }

    /// The value, the signature and the attributes, if the session is to be sent.
    fn written(&self, open: &Open) -> Result<Option<(String, Option<String>, String)>, NoRandomness> {
        let policy = &self.policy;
        let now = policy.now();
        // Compatible with cookie-session: a new session goes out if there is something in it, one that was there if it was
        // changed. An encrypted one goes out as well when its end is to move.
        let lifetime = open.lifetime.or(policy.config.max_age);
        let moves = open.issued.zip(lifetime).is_some_and(|(issued, lifetime)| {
            now.duration_since(issued).unwrap_or_default() >= policy.config.touch_after.min(lifetime / 2)
        });
        let goes_out = if open.is_new {
            !open.data.is_empty()
        } else {
            open.is_changed() || moves || open.is_stale || open.is_lifetime_new
        };
        if !goes_out {
            return Ok(None);
        }
        let times = Times { began: open.began, issued: now, lifetime: open.lifetime };
        let (value, signature) = wire::write(&policy.wire, policy.name(self.secure), &open.data, times)?;
        Ok(Some((value, signature, self.attributes(open, now))))
    }

    fn attributes(&self, open: &Open, now: SystemTime) -> String {
        let config = &self.policy.config;
        let lifetime = open.lifetime.or(config.max_age).filter(|lifetime| !lifetime.is_zero());
        let mut expires = lifetime.and_then(|lifetime| now.checked_add(lifetime)).or(config.expires);
        if let (Some(end), Some(lifetime)) = (expires, config.absolute_lifetime) {
            expires = open.began.checked_add(lifetime).map(|last| end.min(last)).or(expires);
        }
        attributes::write(config, expires, self.sends_secure())
    }

    /// The bytes of the `Set-Cookie` field.
    fn length(&self, open: &Open) -> usize {
        let policy = &self.policy;
        let attributes = self.attributes(open, policy.now());
        policy.name(self.secure).len() + 1 + wire::length(&policy.wire, &open.data) + attributes.len()
    }

    fn sends_secure(&self) -> bool {
        match self.policy.config.secure {
            Secure::Always => !self.is_plain_allowed(),
            Secure::Auto | Secure::Unset => self.secure,
            Secure::Never => false,
        }
    }

    fn is_plain_allowed(&self) -> bool {
        self.policy.config.dangerous_allow_insecure && !self.secure
    }
}

impl Policy {
    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// The cookie's name; in development without TLS, without the prefix that browsers take only with it.
    fn name(&self, secure: bool) -> &str {
        let name = self.config.name.as_str();
        let bare = name.strip_prefix("__Host-").or_else(|| name.strip_prefix("__Secure-"));
        if self.config.dangerous_allow_insecure && !secure { bare.unwrap_or(name) } else { name }
    }
}

/// Keys that cookie-session does not read back: members of its session object, or of every JavaScript object.
pub(super) fn is_reserved(key: &str) -> bool {
    matches!(key, "isChanged" | "isNew" | "isPopulated" | "_ctx")
        || crate::session::data::is_of_every_object(key)
}

impl fmt::Debug for CookieSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSession(..)")
    }
}
