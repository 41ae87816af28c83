//! The options of sessions: those of express-session 1.19 with its meanings, and what it lacks.

use std::time::{Duration, SystemTime};

use super::record::{StoredCookie, StoredSameSite};
use crate::{
    ConfigError,
    cookie::{InvalidCookie, NewCookie, Priority, SameSite},
};

/// How sessions live. The default is production; [`Config::express_session`] is what the npm package does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "plain data: each is an option of express-session")]
pub struct Config {
    /// The cookie's name. Default `__Host-sid`: generic, and no sibling host can set it (RFC 6265bis, section 4.1.3.2).
    /// An Express app with which the sessions are shared has `connect.sid` unless it says otherwise.
    pub name: String,
    /// The cookie's attributes.
    pub cookie: CookieConfig,
    /// Store the session of a request that changed nothing. Default no: it undoes what a parallel request stored.
    pub resave: bool,
    /// Store a session, and send its cookie, for a visitor of whom nothing was put in. Default no.
    pub save_uninitialized: bool,
    /// Move the end with use, and send the cookie again: [`CookieConfig::max_age`] is then the idle lifetime. Default
    /// yes.
    pub rolling: bool,
    /// What [`Session::unset`](super::Session::unset) does to the stored session. Default: destroys it.
    pub unset: Unset,
    /// How one knows that the client's connection is secure. Default: what [`Client`](crate::client::Client) says.
    pub proxy: Proxy,
    /// The end of every session, however busy it is, counted from its first use. Default 12 hours (OWASP ASVS 5.0,
    /// 7.3.2 asks for one); `None`: no end but the idle one. It is kept in the session's JSON under
    /// `portcullis.createdAt`.
    pub absolute_lifetime: Option<Duration>,
    /// How far the end lags behind use at most, so that not every request writes. Default one minute. Must be shorter
    /// than [`CookieConfig::max_age`].
    pub touch_after: Duration,
    /// The key of the session's data whose value says whose session it is, for
    /// [`Session::destroy_everywhere`](super::Session::destroy_everywhere). Default `user`; `None`: nobody's.
    pub owner_key: Option<String>,
    /// The largest record, in bytes of JSON. Default 64 KiB.
    pub max_bytes: usize,
    /// Where we do better than express-session, and whether we do. Default [`Behaviour::Improved`].
    pub behaviour: Behaviour,
    /// On connections without TLS, send the cookie without `Secure` and without the prefix of its name: for
    /// development with a browser that refuses `Secure` on `http://localhost`.
    pub dangerous_allow_insecure: bool,
}

/// What surprises users of express-session, and what is done instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// - The store is asked when the session is first used, not on every request with a cookie: a page that needs no
    ///   session does not wait for the store, nor fail with it.
    /// - Two requests of one session that change different keys both count, and a session that was destroyed
    ///   meanwhile does not come back: a write is bound to what was read, and is made again on what is there if that
    ///   has changed. Of two that change the same key the later one counts, but for
    ///   [`Session::update`](super::Session::update), where both do.
    /// - The head of the response waits for the store: a change that the user sees acknowledged is stored. If it cannot
    ///   be, the answer is 503.
    /// - A session whose cookie would be withheld is not stored.
    /// - The cookie of a destroyed session is cleared.
    /// - The path is compared by segments: `/admin` does not mean `/administrator`.
    /// - If the cookie comes twice with different values, nobody can say which is the user's, and neither counts.
    /// - A record that cannot be read is a session that is gone, not an error for as long as the cookie lasts.
    /// - Changes of the lifetime alone are stored.
    #[default]
    Improved,
    /// None of the above.
    ExpressSession,
}

/// What happens to the stored session when a handler unsets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unset {
    /// It is destroyed.
    #[default]
    Destroy,
    /// It stays, as if the request had not had it.
    Keep,
}

/// Who says whether the client's connection is secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The `client` guard, which believes whom it is told to believe; without it the connection itself.
    /// express-session's `proxy: undefined`.
    #[default]
    Client,
    /// The connection itself: `proxy: false`.
    Connection,
    /// The first value of `X-Forwarded-Proto`, whoever sent it: `proxy: true`.
    DangerousForwardedProto,
}

/// The attributes of the session's cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CookieConfig {
    /// `Path`, and the requests that have a session at all. Default `/`.
    pub path: String,
    /// `Domain`: the cookie goes to every host below it, which the prefix `__Host-` rules out. Default none.
    pub domain: Option<String>,
    /// `Secure`. Default [`Secure::Always`].
    pub secure: Secure,
    /// `HttpOnly`. Default yes.
    pub http_only: bool,
    /// `SameSite`. Default `Lax`.
    pub same_site: SameSitePolicy,
    /// How long a session lasts, from its last use if it is rolling, else from its last change. Default one hour.
    /// `None`: the cookie lasts until the browser is closed, and the store's own lifetime counts.
    pub max_age: Option<Duration>,
    /// A fixed end, in place of `max_age`. Default none.
    pub expires: Option<SystemTime>,
    /// `Partitioned` (CHIPS). Default no.
    pub partitioned: bool,
    /// `Priority`. Default none.
    pub priority: Option<Priority>,
}

/// When the cookie is `Secure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secure {
    /// Always; on a connection that is not, it is withheld, and the reason is logged.
    #[default]
    Always,
    /// If the session begins on a secure connection: `secure: 'auto'`.
    Auto,
    /// Never.
    Never,
    /// Never, and the stored session does not mention it: `secure: undefined`.
    Unset,
}

/// What `SameSite` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSitePolicy {
    /// This.
    Is(SameSite),
    /// `None` if the session begins on a secure connection, else `Lax`: `sameSite: 'auto'`.
    Auto,
    /// `Strict`, stored as `true`.
    True,
    /// Not at all, stored as `false`.
    False,
    /// Not at all.
    Unset,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "__Host-sid".into(),
            cookie: CookieConfig::default(),
            resave: false,
            save_uninitialized: false,
            rolling: true,
            unset: Unset::Destroy,
            proxy: Proxy::Client,
            absolute_lifetime: Some(Duration::from_secs(12 * 60 * 60)),
            touch_after: Duration::from_secs(60),
            owner_key: Some("user".into()),
            max_bytes: 64 << 10,
            behaviour: Behaviour::Improved,
            dangerous_allow_insecure: false,
        }
    }
}

impl Default for CookieConfig {
    fn default() -> Self {
        Self {
            path: "/".into(),
            domain: None,
            secure: Secure::Always,
            http_only: true,
            same_site: SameSitePolicy::Is(SameSite::Lax),
            max_age: Some(Duration::from_secs(60 * 60)),
            expires: None,
            partitioned: false,
            priority: None,
        }
    }
}

impl Config {
    /// express-session with `resave: false, saveUninitialized: false`, as its documentation recommends, and everything
    /// else as the package does it: to run beside an Express app for a while without any difference that a client
    /// could see. Its defaults for those two are `true`.
    pub fn express_session() -> Self {
        Self {
            name: "connect.sid".into(),
            cookie: CookieConfig {
                secure: Secure::Unset,
                same_site: SameSitePolicy::Unset,
                max_age: None,
                ..CookieConfig::default()
            },
            rolling: false,
            unset: Unset::Keep,
            absolute_lifetime: None,
            owner_key: None,
            behaviour: Behaviour::ExpressSession,
            ..Self::default()
        }
    }

    /// Everything that can be known to be wrong before the first request.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |path: &str, value: &dyn std::fmt::Debug, right: &str| {
            Err(ConfigError::new(path, format!("{value:?}"), right))
        };
        if NewCookie::default().serialize(&self.name, "").is_err() {
            return wrong("name", &self.name, "a cookie name: letters, digits and !#$%&'*+-.^_`|~");
        }
        self.cookie.check().map_err(|error| error.within("cookie"))?;
        if let Some(prefix) =
            ["__Host-", "__Secure-"].into_iter().find(|prefix| self.name.starts_with(prefix))
        {
            if self.cookie.secure != Secure::Always {
                return wrong(
                    "cookie.secure",
                    &self.cookie.secure,
                    "`Always` with a name that begins with `__`",
                );
            }
            if prefix == "__Host-" && self.cookie.path != "/" {
                return wrong("cookie.path", &self.cookie.path, "`/` with a name that begins with `__Host-`");
            }
            if prefix == "__Host-" && self.cookie.domain.is_some() {
                return wrong(
                    "cookie.domain",
                    &self.cookie.domain,
                    "absent with a name that begins with `__Host-`",
                );
            }
        }
        if self.cookie.same_site == SameSitePolicy::Is(SameSite::None)
            && matches!(self.cookie.secure, Secure::Never | Secure::Unset)
            && self.behaviour == Behaviour::Improved
        {
            return wrong(
                "cookie.secure",
                &self.cookie.secure,
                "`Always` with `SameSite=None`, or browsers drop the cookie",
            );
        }
        if self.absolute_lifetime == Some(Duration::ZERO) {
            return wrong("absolute_lifetime", &self.absolute_lifetime, "longer than nothing");
        }
        let improved = self.behaviour == Behaviour::Improved;
        if improved && self.cookie.max_age.is_some_and(|lifetime| self.touch_after >= lifetime) {
            return wrong("touch_after", &self.touch_after, "shorter than `cookie.max_age`");
        }
        if self.max_bytes == 0 {
            return wrong("max_bytes", &self.max_bytes, "at least 1");
        }
        if let Some(key) = &self.owner_key
            && (key.is_empty() || super::data::is_reserved(key))
        {
            return wrong("owner_key", key, "a key of the session's data");
        }
        Ok(())
    }
}

impl CookieConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let sample = NewCookie {
            path: Some(self.path.clone()),
            domain: self.domain.clone(),
            expires: self.expires,
            ..NewCookie::default()
        };
        if !self.path.starts_with('/') {
            return Err(ConfigError::new(
                "path",
                format!("{:?}", self.path),
                "an absolute path, such as `/`",
            ));
        }
        if let Err(error) = sample.serialize("sid", "") {
            return Err(ConfigError::new("", "a value", format!("one that a cookie can carry: {error}")));
        }
        if self.max_age == Some(Duration::ZERO) {
            return Err(ConfigError::new("max_age", "0", "longer than nothing"));
        }
        if self.max_age.is_some() && self.expires.is_some() {
            return Err(ConfigError::new("expires", "a date", "absent where `max_age` is set"));
        }
        Ok(())
    }

    /// The cookie of a session that begins now.
    pub(super) fn begin(&self, secure: bool, now: SystemTime) -> StoredCookie {
        let text = |same_site| StoredSameSite::Text(String::from(same_site));
        let mut cookie = StoredCookie {
            original_max_age: None,
            partitioned: self.partitioned.then_some(true),
            priority: self.priority.map(|priority| {
                String::from(match priority {
                    Priority::Low => "low",
                    Priority::Medium => "medium",
                    Priority::High => "high",
                })
            }),
            expires: None,
            secure: match self.secure {
                Secure::Always => Some(true),
                Secure::Auto => Some(secure),
                Secure::Never => Some(false),
                Secure::Unset => None,
            },
            http_only: Some(self.http_only),
            domain: self.domain.clone(),
            path: Some(self.path.clone()),
            same_site: match self.same_site {
                SameSitePolicy::Is(SameSite::Strict) => Some(text("strict")),
                SameSitePolicy::Is(SameSite::Lax) => Some(text("lax")),
                SameSitePolicy::Is(SameSite::None) => Some(text("none")),
                SameSitePolicy::Auto => Some(text(if secure { "none" } else { "lax" })),
                SameSitePolicy::True => Some(StoredSameSite::Flag(true)),
                SameSitePolicy::False => Some(StoredSameSite::Flag(false)),
                SameSitePolicy::Unset => None,
            },
        };
        let lifetime = match self.expires {
            Some(expires) => expires.duration_since(now).ok().or(Some(Duration::ZERO)),
            None => self.max_age,
        };
        cookie.set_max_age(lifetime, now);
        cookie
    }
}

/// The `Set-Cookie` attributes of a stored session, if each of them can be written.
pub(super) fn attributes(stored: &StoredCookie) -> Result<NewCookie, InvalidCookie> {
    Ok(NewCookie {
        max_age: None, // compatible with express-session: `Expires` alone
        domain: stored.domain.clone(),
        path: stored.path.clone(),
        expires: stored.ends(),
        http_only: stored.http_only == Some(true),
        secure: stored.secure == Some(true),
        partitioned: stored.partitioned == Some(true),
        priority: stored.priority.as_deref().map(str::parse).transpose()?,
        same_site: match &stored.same_site {
            None | Some(StoredSameSite::Flag(false)) => None,
            Some(StoredSameSite::Flag(true)) => Some(SameSite::Strict),
            Some(StoredSameSite::Text(text)) if text.is_empty() => None,
            Some(StoredSameSite::Text(text)) => Some(text.parse()?),
        },
    })
}
