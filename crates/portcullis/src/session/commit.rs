//! What becomes of a session when the head of the response is ready: whether it is stored, and whether its cookie goes
//! out. The decisions are express-session's `shouldSave`, `shouldTouch` and `shouldSetCookie`.

use std::time::SystemTime;

use http::HeaderValue;

use super::{
    Said, Session, SessionError, Unset,
    config::{Secure, attributes},
    handle::{Phase, Shared},
    live::{Live, Saved},
    record::StoredCookie,
    store::Expiry,
};
use crate::cookie::NewCookie;

impl Session {
    /// Stores what is to be stored, and gives the `Set-Cookie` that belongs to it.
    pub(super) async fn commit(&self) -> Result<Option<HeaderValue>, SessionError> {
        let shared = self.shared();
        let policy = &shared.policy;
        let mut state = shared.state.lock().await;
        if policy.config.save_uninitialized
            && (matches!(state.phase, Phase::Absent)
                || matches!(state.phase, Phase::Untouched) && shared.sent.is_none())
        {
            state.phase = Phase::Live(Box::new(self.begin(self.next_id()?)));
        }
        let cookie = match &mut state.phase {
            Phase::Untouched | Phase::Absent => Ok(None),
            Phase::Unset { id } => {
                if policy.config.unset == Unset::Keep {
                    return Ok(None);
                }
                if let Some(id) = id {
                    policy.store.destroy(id).await?;
                }
                Ok(shared.clearing_cookie())
            }
            Phase::Destroyed => Ok(shared.clearing_cookie()),
            Phase::Live(live) => {
                let stored = shared.store(live).await;
                live.settle();
                stored
            }
        };
        state.head_is_gone = true;
        cookie
    }
}

impl Shared {
    async fn store(&self, live: &mut Live) -> Result<Option<HeaderValue>, SessionError> {
        let (policy, config) = (&self.policy, &self.policy.config);
        let now = policy.now();
        let improved = policy.improved();
        let is_new = self.sent.as_deref() != Some(&live.id);
        let modified = live.is_modified() || (improved && live.moved);

        // In the improved behaviour the end moves, and the cookie goes out again, no more often than `touch_after`.
        let lags = !improved
            || live.moved
            || live.cookie.touched().is_none_or(|last| passed(last, now) >= config.touch_after);
        let moves = if config.rolling { lags } else { modified || !improved };

        let worth_storing = config.save_uninitialized || modified;
        let mut sends_cookie = if is_new {
            worth_storing
        } else if config.rolling {
            lags
        } else {
            live.cookie.ends().is_some() && modified
        };
        if sends_cookie && live.cookie.secure == Some(true) && !self.secure {
            self.policy.said.withheld();
            sends_cookie = false;
            if is_new && improved {
                return Ok(None); // nobody could ever come back to it
            }
        }
        if moves && !live.moved {
            live.cookie.touch(now);
        }
        self.end_in_time(live);

        let has_end = live.cookie.ends().is_some();
        let saves = if is_new && !live.is_saved() {
            worth_storing
        } else {
            !live.is_saved() || (improved && (live.moved || (config.rolling && lags && has_end)))
        };
        if saves {
            if live.save(policy, now).await? == Saved::Gone {
                return Ok(self.clearing_cookie());
            }
        } else if improved {
            return Ok(None);
        } else if !is_new {
            policy.store.touch(&live.id, Expiry { now, at: live.cookie.ends() }).await?;
        }
        Ok(if sends_cookie { self.cookie_of(live) } else { None })
    }

    /// No session outlives its absolute lifetime.
    fn end_in_time(&self, live: &mut Live) {
        let Some(lifetime) = self.policy.config.absolute_lifetime else { return };
        let Some(last) = live.created().and_then(|created| created.checked_add(lifetime)) else { return };
        if live.cookie.ends().is_some_and(|end| end > last) {
            live.cookie.expires = Some(Some(last));
        }
    }

    fn cookie_of(&self, live: &Live) -> Option<HeaderValue> {
        let written = attributes(&live.cookie).and_then(|attributes| {
            attributes.serialize(self.cookie_name(), &self.policy.keys.sign(&live.id))
        });
        match written {
            Ok(field) => HeaderValue::try_from(field).ok(),
            Err(error) => {
                if Said::first(&self.policy.said.invalid) {
                    tracing::error!(
                        target: "portcullis::session",
                        %error,
                        "the session cookie is withheld: its attributes cannot be written"
                    );
                }
                None
            }
        }
    }

    /// Takes the cookie from a browser that brought one.
    fn clearing_cookie(&self) -> Option<HeaderValue> {
        if !self.policy.improved() {
            return None;
        }
        self.sent.as_ref()?;
        let config = self.cookie.as_ref().unwrap_or(&self.policy.config.cookie);
        let stored = StoredCookie {
            expires: None,
            original_max_age: None,
            ..config.begin(self.secure, SystemTime::UNIX_EPOCH)
        };
        let attributes = NewCookie {
            expires: Some(SystemTime::UNIX_EPOCH),
            secure: !self.is_plain_allowed() && (config.secure == Secure::Always || self.secure),
            ..attributes(&stored).ok()?
        };
        HeaderValue::try_from(attributes.serialize(self.cookie_name(), "").ok()?).ok()
    }

    pub(super) fn cookie_name(&self) -> &str {
        self.policy.cookie_name(self.is_plain_allowed())
    }
}

/// A clock that was set back has let no time pass.
fn passed(from: SystemTime, to: SystemTime) -> std::time::Duration {
    to.duration_since(from).unwrap_or_default()
}
