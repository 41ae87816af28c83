//! What the name of a cookie says: which names are some framework's default, which look like a session, and how each is
//! called on the way to the browser and back.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::serialize::is_token_byte;
use crate::ConfigError;

/// The session cookies of frameworks that nobody renamed. The place in this list is part of the new name (`sid-1`), so
/// the list only grows at its end.
pub const DEFAULT_SESSION_NAMES: [&str; 16] = [
    "connect.sid",       // express-session
    "session",           // cookie-session, Flask
    "koa.sess",          // koa-session
    "koa:sess",          // koa-session before version 6
    "express:sess",      // cookie-session before version 2
    "express.sid",       // express-session, in many tutorials
    "connect.sess",      // Connect's cookieSession
    "sails.sid",         // Sails
    "sessionId",         // @fastify/session
    "PHPSESSID",         // PHP
    "JSESSIONID",        // Java servlets
    "ASP.NET_SessionId", // ASP.NET
    "sessionid",         // Django
    "rack.session",      // Rack
    "laravel_session",   // Laravel
    "ci_session",        // CodeIgniter
];

/// What a session cookie is to be called, in a configuration file: `"connect.sid" = "__Host-sid"`, or `false` for its
/// own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "the new name of the cookie, such as \"__Host-sid\", or false to leave it as it is"
)]
pub enum NewName {
    /// `false`: not renamed.
    Keep(bool),
    /// The name towards the browser.
    Name(String),
}

/// Whether a name says "session": what gets `HttpOnly` by default.
///
/// `sess` or `login` anywhere, or one of the words `sid`, `auth`, `jwt`, `remember`; never a name with `csrf` or `xsrf`
/// in it, which scripts must read.
///
/// ```
/// use portcullis::cookie::looks_like_session;
///
/// assert!(looks_like_session(b"connect.sid") && looks_like_session(b"MY_SESSION") && looks_like_session(b"remember_me"));
/// assert!(!looks_like_session(b"theme") && !looks_like_session(b"csrf-session") && !looks_like_session(b"sidebar"));
/// ```
pub fn looks_like_session(name: &[u8]) -> bool {
    let contains = |part: &[u8]| name.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    if contains(b"csrf") || contains(b"xsrf") {
        return false;
    }
    let is_session_word = |word: &[u8]| {
        [&b"sid"[..], b"auth", b"jwt", b"remember"].iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    contains(b"sess")
        || contains(b"login")
        || name.split(|byte| !byte.is_ascii_alphanumeric()).any(is_session_word)
}

/// How a name is spelt towards the browser; in the order in which one goes before another when several come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spelling {
    /// The application's own name.
    Original,
    /// The new name without a prefix.
    Bare,
    /// `__Secure-`: only a response over TLS can have set it (RFC 6265bis, section 4.1.3.1).
    Secure,
    /// `__Host-`: only this very host can have set it (section 4.1.3.2).
    Host,
}

/// One renamed cookie of the pair that keygrip makes of it: the value, or its `.sig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    cookie: usize,
    signature: bool,
}

/// All renamings, both ways.
#[derive(Debug, Default)]
pub(super) struct Renames {
    cookies: Vec<Rename>,
    spellings: HashMap<Box<[u8]>, (Slot, Spelling)>,
}

#[derive(Debug)]
struct Rename {
    strongest: Spelling,
    /// By `Slot::signature`, then by `Spelling`.
    names: [[Box<[u8]>; 4]; 2],
}

impl Renames {
    /// The defaults, and over them what the configuration says. `plain_allowed` is whether connections without TLS get
    /// names without a prefix.
    pub(super) fn new(
        defaults: bool,
        configured: &BTreeMap<String, NewName>,
        plain_allowed: bool,
    ) -> Result<Self, ConfigError> {
        let mut renames = Self::default();
        for (original, new_name) in configured {
            let path = || format!("rename.{original:?}");
            match new_name {
                NewName::Keep(false) => {}
                NewName::Keep(true) => {
                    return Err(ConfigError::new(
                        path(),
                        true,
                        "a name, or false to leave the cookie as it is",
                    ));
                }
                NewName::Name(new_name) => renames
                    .add(original, new_name, plain_allowed)
                    .map_err(|right| ConfigError::new(path(), format!("{new_name:?}"), right))?,
            }
        }
        if defaults {
            for (index, original) in DEFAULT_SESSION_NAMES.iter().enumerate() {
                if !configured.contains_key(*original) {
                    let new_name = format!("__Host-sid-{}", index + 1);
                    renames.add(original, &new_name, plain_allowed).map_err(|_| {
                        ConfigError::new(
                            "rename",
                            format!("{new_name:?}"),
                            format!("left to {original:?}, its default"),
                        )
                    })?;
                }
            }
        }
        Ok(renames)
    }

    /// The error says what would be right.
    fn add(&mut self, original: &str, new_name: &str, plain_allowed: bool) -> Result<(), &'static str> {
        if original.is_empty()
            || original.bytes().any(|byte| byte <= b' ' || byte >= 0x7f || b"=;,".contains(&byte))
        {
            return Err("the new name of a cookie that can exist");
        }
        if original.ends_with(SIGNATURE_SUFFIX) {
            return Err("given for the name without .sig: the pair is renamed together");
        }
        let (strongest, base) = if let Some(base) = new_name.strip_prefix("__Host-") {
            (Spelling::Host, base)
        } else if let Some(base) = new_name.strip_prefix("__Secure-") {
            (Spelling::Secure, base)
        } else {
            (Spelling::Bare, new_name)
        };
        if base.is_empty() || !base.bytes().all(is_token_byte) || base.ends_with(SIGNATURE_SUFFIX) {
            return Err("a token (RFC 9110, section 5.6.2) after the prefix, such as __Host-sid");
        }
        if original == new_name {
            return Err("another name, or false to leave the cookie as it is");
        }
        let in_use = |spelling| match spelling {
            Spelling::Original => true,
            Spelling::Bare => strongest == Spelling::Bare || (plain_allowed && base != original),
            prefixed => prefixed <= strongest,
        };
        let cookie = self.cookies.len();
        let names = ["", SIGNATURE_SUFFIX].map(|suffix| {
            [
                format!("{original}{suffix}"),
                format!("{base}{suffix}"),
                format!("__Secure-{base}{suffix}"),
                format!("__Host-{base}{suffix}"),
            ]
            .map(|name| name.into_bytes().into_boxed_slice())
        });
        for (signature, names) in [false, true].into_iter().zip(&names) {
            for (spelling, name) in SPELLINGS.into_iter().zip(names) {
                let entry = (Slot { cookie, signature }, spelling);
                if in_use(spelling) && self.spellings.insert(name.clone(), entry).is_some() {
                    return Err("a name that no other cookie has");
                }
            }
        }
        self.cookies.push(Rename { strongest, names });
        Ok(())
    }

    /// Which renamed cookie a name that came in stands for. `plain` is a connection without TLS, where the prefixes are
    /// not possible.
    pub(super) fn incoming(&self, name: &[u8], plain: bool) -> Option<(Slot, Spelling)> {
        let (slot, spelling) = *self.spellings.get(name)?;
        let strongest = self.cookies.get(slot.cookie)?.strongest;
        match spelling {
            Spelling::Original if plain && name == self.name(slot, Spelling::Bare) => {
                Some((slot, Spelling::Bare))
            }
            Spelling::Bare if !plain && strongest != Spelling::Bare => None,
            Spelling::Secure | Spelling::Host if plain => None,
            spelling => Some((slot, spelling)),
        }
    }

    /// What a cookie of the application is called towards the browser. `host_only` says that the attributes allow
    /// `__Host-`.
    pub(super) fn outgoing(&self, name: &[u8], host_only: bool, plain: bool) -> Option<(Slot, &[u8])> {
        let (slot, spelling) = *self.spellings.get(name)?;
        if spelling != Spelling::Original {
            return None;
        }
        let strongest = self.cookies.get(slot.cookie)?.strongest;
        let spelling = match strongest {
            _ if plain => Spelling::Bare,
            Spelling::Host if !host_only => Spelling::Secure,
            strongest => strongest,
        };
        Some((slot, self.name(slot, spelling)))
    }

    /// Whether the new name was given with `__Host-`.
    pub(super) fn allows_host_prefix(&self, slot: Slot) -> bool {
        self.cookies.get(slot.cookie).is_some_and(|rename| rename.strongest == Spelling::Host)
    }

    /// The application's name.
    pub(super) fn original(&self, slot: Slot) -> &[u8] {
        self.name(slot, Spelling::Original)
    }

    fn name(&self, slot: Slot, spelling: Spelling) -> &[u8] {
        let names =
            self.cookies.get(slot.cookie).and_then(|rename| rename.names.get(usize::from(slot.signature)));
        names.and_then(|names| names.get(spelling as usize)).map_or(&[], |name| name)
    }
}

const SPELLINGS: [Spelling; 4] = [Spelling::Original, Spelling::Bare, Spelling::Secure, Spelling::Host];

/// What keygrip puts behind the name of the cookie it signs.
const SIGNATURE_SUFFIX: &str = ".sig";

#[cfg(test)]
mod tests {
    use super::*;

    fn renames(configured: &[(&str, &str)]) -> Result<Renames, ConfigError> {
        let configured =
            configured.iter().map(|(from, to)| ((*from).into(), NewName::Name((*to).into()))).collect();
        Renames::new(true, &configured, true)
    }

    #[test]
    fn every_default_name_goes_out_and_comes_back() {
        let renames = renames(&[]).unwrap();
        for name in DEFAULT_SESSION_NAMES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.sig")])
        {
            for host_only in [true, false] {
                let (slot, new) = renames.outgoing(name.as_bytes(), host_only, false).unwrap();
                assert!(new.starts_with(if host_only { b"__Host-" } else { b"__Secure-" }), "{name}");
                assert_eq!(renames.incoming(new, false).unwrap().0, slot);
                assert_eq!(renames.original(slot), name.as_bytes());
            }
        }
    }

    #[test]
    fn names_that_cannot_be_told_apart_are_refused() {
        for (from, to) in [
            ("a", "sid-1"),
            ("a", "__Host-sid-1"),
            ("a", "__Secure-sid-1"),
            ("a", "__Host-connect.sid"),
            ("a", "session"),
            ("a", "a"),
            ("a", ""),
            ("a", "__Host-"),
            ("a", "b c"),
            ("a", "b.sig"),
            ("a.sig", "b"),
            ("a=b", "b"),
        ] {
            assert!(renames(&[(from, to)]).is_err(), "{from} -> {to}");
        }
        assert!(renames(&[("a", "__Host-x"), ("b", "__Secure-x")]).is_err());
        assert!(renames(&[("a", "__Host-x"), ("connect.sid", "y")]).is_ok());
    }

    #[test]
    fn a_prefix_alone_is_a_new_name() {
        for plain_allowed in [true, false] {
            let configured = [("sid".to_owned(), NewName::Name("__Host-sid".into()))].into();
            let renames = Renames::new(true, &configured, plain_allowed).unwrap();
            let (slot, new) = renames.outgoing(b"sid", true, false).unwrap();
            assert_eq!(new, b"__Host-sid");
            assert_eq!(renames.incoming(b"__Host-sid", false), Some((slot, Spelling::Host)));
            assert_eq!(renames.incoming(b"sid", false), Some((slot, Spelling::Original)));
        }
        let renames = renames(&[("sid", "__Host-sid")]).unwrap();
        assert_eq!(renames.outgoing(b"sid", true, true).unwrap().1, b"sid");
        assert_eq!(renames.incoming(b"sid", true).unwrap().1, Spelling::Bare);
        // Only a connection without TLS needs the bare name, so another cookie may have it.
        let configured = [("connect.sid".to_owned(), NewName::Name("__Host-session".into()))].into();
        assert!(Renames::new(true, &configured, false).is_ok());
        assert!(Renames::new(true, &configured, true).is_err());
    }

    #[test]
    fn a_weaker_spelling_than_agreed_is_another_cookie() {
        let renames = renames(&[("a", "__Host-x"), ("b", "y")]).unwrap();
        assert!(renames.incoming(b"x", false).is_none());
        assert!(renames.incoming(b"x", true).is_some());
        assert!(renames.incoming(b"__Host-x", true).is_none());
        assert!(renames.incoming(b"y", false).is_some());
        assert!(renames.incoming(b"__Host-y", false).is_none());
    }
}
