//! Cookies of the application that the browser carries and cannot read, and that end when they should.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use portcullis_rules::cookie;
use serde::{Deserialize, Serialize};

use super::{
    Attribute, EncryptionKeys, SetCookie,
    parse::{Pair, parts},
};
use crate::{ConfigError, RequestId, secret::Secrets, tally};

/// Which cookies are sealed, and with which secret. One of `secret_env` and `secret_file` says where that is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SealConfig {
    /// The application's names for them.
    pub names: Vec<String>,
    /// Environment variables, one secret in each: the first seals, all open. Only the first must be set.
    pub secret_env: Vec<String>,
    /// A file with one secret a line: the first seals, all open.
    pub secret_file: Option<PathBuf>,
    /// Let cookies in that were set before they were sealed: for as long as those last. While this is on, a client can
    /// send what it likes. Default: no.
    pub accept_unsealed: bool,
}

/// Seals, opens, and keeps to lifetimes.
#[derive(Debug)]
pub(super) struct Sealer {
    names: Vec<String>,
    /// `None` if nothing is to be sealed.
    keys: Option<EncryptionKeys>,
    accept_unsealed: bool,
    max_age: BTreeMap<String, Duration>,
}

impl Sealer {
    /// `None` where there is nothing to do.
    pub(super) fn new(
        config: Option<SealConfig>,
        max_age: BTreeMap<String, Duration>,
    ) -> Result<Option<Self>, ConfigError> {
        if let Some((name, age)) = max_age.iter().find(|(_, age)| age.as_secs() == 0) {
            return Err(ConfigError::new(format!("max_age.{name}"), format!("{age:?}"), "at least \"1s\""));
        }
        let Some(config) = config else {
            let lifetimes_only = Self { names: Vec::new(), keys: None, accept_unsealed: false, max_age };
            return Ok((!lifetimes_only.max_age.is_empty()).then_some(lifetimes_only));
        };
        if config.names.is_empty() || config.names.iter().any(String::is_empty) {
            return Err(ConfigError::new(
                "seal.names",
                format!("{:?}", config.names),
                "the names of cookies",
            ));
        }
        let (key, secrets) = match (config.secret_env.as_slice(), &config.secret_file) {
            (variables @ [_, ..], None) => {
                let names: Vec<&str> = variables.iter().map(String::as_str).collect();
                ("seal.secret_env", Secrets::from_env(&names))
            }
            ([], Some(file)) => ("seal.secret_file", Secrets::from_file(file)),
            _ => {
                let right = "set, or `secret_file`, and not both: it says where the secret is";
                return Err(ConfigError::new("seal.secret_env", format!("{:?}", config.secret_env), right));
            }
        };
        let secrets = secrets.map_err(|error| ConfigError::new(key, "this", format!("usable ({error})")))?;
        Ok(Some(Self {
            names: config.names,
            keys: Some(EncryptionKeys::new(&secrets, "upstream cookie")),
            accept_unsealed: config.accept_unsealed,
            max_age,
        }))
    }

    /// Opens what comes in. What does not open, or is too old, is as if it had not been sent.
    pub(super) fn open(&self, headers: &mut HeaderMap, now: SystemTime, request: Option<&RequestId>) {
        let Some(keys) = &self.keys else { return };
        let is_sealed =
            |part: &[u8]| Pair::parse(part).is_some_and(|pair| self.sealed_name(pair.name).is_some());
        let mut fields = headers.get_all(COOKIE).iter();
        if !fields.any(|field| parts(field.as_bytes()).any(is_sealed)) {
            return;
        }
        let mut opened: Vec<u8> = Vec::new();
        for part in headers.get_all(COOKIE).iter().flat_map(|field| parts(field.as_bytes())) {
            let plain;
            let part =
                match Pair::parse(part).and_then(|pair| Some((self.sealed_name(pair.name)?, pair.value))) {
                    None => part,
                    Some((name, value)) => match self.opened(keys, name, value, now) {
                        Some(value) => {
                            plain = [name.as_bytes(), b"=", &value].concat();
                            &plain
                        }
                        None => {
                            tracing::warn!(
                                target: "portcullis::cookie",
                                request_id = request.map_or("-", RequestId::as_str),
                                rule = cookie::CLIENT_SIDE_DATA.id.as_str(),
                                cookie = name,
                                "dropped: it was not sealed here, was changed, or is too old"
                            );
                            tally::count(&cookie::CLIENT_SIDE_DATA, tally::Outcome::Refused);
                            continue;
                        }
                    },
                };
            if !opened.is_empty() {
                opened.extend_from_slice(b"; ");
            }
            opened.extend_from_slice(part);
        }
        headers.remove(COOKIE);
        if !opened.is_empty()
            && let Ok(field) = HeaderValue::from_maybe_shared(Bytes::from(opened))
        {
            headers.insert(COOKIE, field);
        }
    }

    /// Seals what goes out, and shortens what would last too long.
    pub(super) fn seal(&self, headers: &mut HeaderMap, now: SystemTime) {
        let is_ours = |field: &HeaderValue| {
            SetCookie::parse(field.as_bytes()).is_ok_and(|cookie| {
                self.sealed_name(cookie.name).is_some() || self.max_age_of(cookie.name).is_some()
            })
        };
        if !headers.get_all(SET_COOKIE).iter().any(is_ours) {
            return;
        }
        let fields: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
        headers.remove(SET_COOKIE);
        for field in fields {
            // A cookie that cannot be sealed does not go out in clear.
            if let Some(field) = self.sealed(field, now) {
                headers.append(SET_COOKIE, field);
            }
        }
    }

    fn sealed(&self, field: HeaderValue, now: SystemTime) -> Option<HeaderValue> {
        let bytes = field.clone();
        let Ok(mut cookie) = SetCookie::parse(bytes.as_bytes()) else { return Some(field) };
        if cookie.value.is_empty() || lifetime(&cookie, now) == Some(Duration::ZERO) {
            return Some(field); // it deletes
        }
        let (value, seconds);
        if let (Some(keys), Some(name)) = (&self.keys, self.sealed_name(cookie.name)) {
            value = keys.seal(name, cookie.value, now).ok()?;
            cookie.value = value.as_bytes();
        }
        if let Some(longest) = self.max_age_of(cookie.name)
            && lifetime(&cookie, now).is_none_or(|lifetime| lifetime > longest)
        {
            cookie.remove("Max-Age");
            cookie.remove("Expires");
            seconds = longest.as_secs().to_string();
            cookie.attributes.push(Attribute { name: b"Max-Age", value: Some(seconds.as_bytes()) });
        }
        HeaderValue::from_maybe_shared(Bytes::from(cookie.to_bytes())).ok()
    }

    fn opened(&self, keys: &EncryptionKeys, name: &str, value: &[u8], now: SystemTime) -> Option<Vec<u8>> {
        let Ok(opened) = keys.open(name, std::str::from_utf8(value).ok()?) else {
            return self.accept_unsealed.then(|| value.to_vec());
        };
        let age = now.duration_since(opened.issued).unwrap_or_default();
        let is_over = self.max_age_of(name.as_bytes()).is_some_and(|longest| age >= longest);
        (!is_over).then_some(opened.plaintext)
    }

    fn sealed_name(&self, name: &[u8]) -> Option<&str> {
        self.names.iter().map(String::as_str).find(|sealed| sealed.as_bytes() == name)
    }

    fn max_age_of(&self, name: &[u8]) -> Option<Duration> {
        std::str::from_utf8(name).ok().and_then(|name| self.max_age.get(name).copied())
    }
}

/// How long a browser keeps a cookie from now: `Max-Age` goes before `Expires` (RFC 6265bis, section 5.7). `None`: until
/// it is closed.
fn lifetime(cookie: &SetCookie, now: SystemTime) -> Option<Duration> {
    let text = |name| cookie.last(name).and_then(|value| std::str::from_utf8(value).ok());
    // No browser takes a plus sign here (RFC 6265bis, section 5.6.2), though the parser of numbers does.
    let max_age = text("Max-Age").filter(|text| !text.starts_with('+'));
    if let Some(seconds) = max_age.and_then(|text| text.parse::<i128>().ok()) {
        return Some(Duration::from_secs(u64::try_from(seconds.clamp(0, i128::from(u64::MAX))).unwrap_or(0)));
    }
    let expires = text("Expires")?;
    // Netscape's `01-Jan-1970`, which older frameworks still write and browsers read.
    let expires = httpdate::parse_http_date(expires)
        .or_else(|_| httpdate::parse_http_date(&expires.replace('-', " ")))
        .ok()?;
    Some(expires.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "b1rXqkzYc0m7Ww4vR2nTj8sLf6hGd3aE";

    fn sealer(accept_unsealed: bool, max_age: Option<u64>) -> Sealer {
        Sealer {
            names: vec!["cart".into()],
            keys: Some(EncryptionKeys::new(&Secrets::new([SECRET]).unwrap(), "upstream cookie")),
            accept_unsealed,
            max_age: max_age
                .map(|seconds| ("cart".to_owned(), Duration::from_secs(seconds)))
                .into_iter()
                .collect(),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000 + seconds)
    }

    fn out(sealer: &Sealer, fields: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(SET_COOKIE, field.parse().unwrap());
        }
        sealer.seal(&mut headers, at(0));
        headers.get_all(SET_COOKIE).iter().map(|field| field.to_str().unwrap().to_owned()).collect()
    }

    fn back(sealer: &Sealer, cookie: &str, seconds: u64) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().unwrap());
        sealer.open(&mut headers, at(seconds), None);
        headers.get(COOKIE).map(|field| field.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn the_application_sees_what_it_set_and_the_browser_does_not() {
        let sealer = sealer(false, None);
        let sent = out(&sealer, &["theme=dark; Path=/", "cart=3%20shoes; Path=/; HttpOnly", "cart.sig=abc"]);
        assert_eq!((&*sent[0], &*sent[2]), ("theme=dark; Path=/", "cart.sig=abc"));
        assert!(sent[1].starts_with("cart=A") && sent[1].ends_with("; Path=/; HttpOnly"), "{}", sent[1]);
        assert!(!sent[1].contains("shoes"));
        let cart = sent[1].split(';').next().unwrap();
        assert_eq!(back(&sealer, &format!("theme=dark; {cart}; x"), 0), "theme=dark; cart=3%20shoes; x");
    }

    #[test]
    fn what_was_not_sealed_here_is_dropped() {
        let cart = out(&sealer(false, None), &["cart=3"]).remove(0);
        for bad in ["cart=3", "cart=", "cart=AQ", &cart[..cart.len() - 1], &cart.replace("cart=A", "cart=B")]
        {
            assert_eq!(back(&sealer(false, None), &format!("a=1; {bad}"), 0), "a=1", "{bad}");
        }
        assert_eq!(back(&sealer(true, None), "a=1; cart=3", 0), "a=1; cart=3");
        assert_eq!(back(&sealer(true, None), &cart, 0), "cart=3");
    }

    #[test]
    fn what_browsers_do_not_take_for_a_deletion_is_sealed() {
        let sent = out(&sealer(false, Some(60)), &["cart=shoes; Max-Age=+0"]).remove(0);
        assert!(!sent.contains("shoes") && sent.ends_with("; Max-Age=60"), "{sent}");
    }

    #[test]
    fn a_deletion_stays_one() {
        let sealer = sealer(false, Some(60));
        for field in [
            "cart=; Max-Age=0",
            "cart=x; Max-Age=-1",
            "cart=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "cart=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT",
        ] {
            assert_eq!(out(&sealer, &[field]), [field]);
        }
    }

    #[test]
    fn no_cookie_outlasts_its_time_in_the_browser_or_beside_it() {
        let sealer = sealer(false, Some(60));
        for long in ["cart=3", "cart=3; Max-Age=61", "cart=3; Expires=Fri, 31 Dec 9999 23:59:59 GMT"] {
            let sent = out(&sealer, &[long]).remove(0);
            assert!(sent.ends_with("; Max-Age=60") && !sent.contains("9999"), "{sent}");
            let cart = sent.split(';').next().unwrap();
            assert_eq!(back(&sealer, cart, 59), "cart=3");
            assert_eq!(back(&sealer, cart, 60), "");
        }
        assert!(out(&sealer, &["cart=3; Max-Age=10"])[0].ends_with("; Max-Age=10"));
        let only_lifetimes = Sealer { names: Vec::new(), keys: None, ..sealer };
        assert_eq!(out(&only_lifetimes, &["cart=3; Path=/"]), ["cart=3; Path=/; Max-Age=60"]);
    }

    #[test]
    fn a_seal_without_a_secret_or_a_name_is_refused() {
        let build = |config| Sealer::new(Some(config), BTreeMap::new()).unwrap_err().to_string();
        let names = vec!["cart".to_owned()];
        assert!(build(SealConfig::default()).starts_with("seal.names"));
        let without = SealConfig { names: names.clone(), ..SealConfig::default() };
        assert!(build(without.clone()).starts_with("seal.secret_env"));
        let absent = SealConfig { secret_env: vec!["PORTCULLIS_TEST_NOBODY_SETS_THIS".into()], ..without };
        let error = build(absent);
        assert!(error.contains("PORTCULLIS_TEST_NOBODY_SETS_THIS: there is no secret"), "{error}");
        assert!(error.contains("portcullis secret new"), "{error}");
    }
}
