//! What a request's client holds: what its token is checked against, and what the next one is made of.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};

use super::{
    Scheme, TokenBinding, TokenCookie,
    csrf_token::{CsrfToken, Recipe},
};
use crate::{
    BoxError,
    cookie::{Cookies, SignatureKeys, Signed},
    csrf::{
        Secret, SessionSecret,
        double_submit::{SignedTokens, hex},
        secret::{NoRandomness, random},
    },
};

/// One request's view of a scheme.
pub(super) struct Opened {
    /// For the page.
    pub(super) token: CsrfToken,
    fits: Fits,
    set_cookie: SetCookie,
}

/// What a token must fit.
enum Fits {
    Secret(Secret),
    Session { tokens: Arc<SignedTokens>, session: String },
    Cookie { tokens: Arc<SignedTokens>, session: Arc<str>, cookie: Option<String> },
}

/// What the answer sets.
enum SetCookie {
    Nothing,
    /// In any case.
    Field(HeaderValue),
    /// If the page asked for a token.
    IfIssued(HeaderValue),
    /// The token, if the page asked for it.
    Token(TokenCookie),
}

/// The setup is wrong, or the system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misconfigured(pub(super) &'static str);

impl From<NoRandomness> for Misconfigured {
    fn from(_: NoRandomness) -> Self {
        Self("the system gives no random bytes")
    }
}

/// Why there is nothing to check against.
pub(super) enum Unopened {
    Misconfigured(Misconfigured),
    /// The session could not be read or kept: its store is away.
    NoSession(BoxError),
}

impl<E: Into<Misconfigured>> From<E> for Unopened {
    fn from(error: E) -> Self {
        Self::Misconfigured(error.into())
    }
}

impl Opened {
    /// `session` is that of the request, for the scheme that needs one.
    pub(super) async fn new(
        scheme: &Scheme,
        session: Option<SessionSecret>,
        headers: &HeaderMap,
        binding: Option<&TokenBinding>,
    ) -> Result<Self, Unopened> {
        Ok(match scheme {
            Scheme::Session => Self::session(session).await?,
            Scheme::CookieSecret { cookie, signed } => Self::cookie_secret(cookie, signed.as_ref(), headers)?,
            Scheme::Bound { tokens, cookie } => Self::bound(tokens, cookie, headers, binding)?,
            Scheme::DoubleSubmit { tokens, cookie, random_bytes } => {
                Self::double_submit(tokens, cookie, *random_bytes, headers, binding)?
            }
        })
    }

    async fn session(session: Option<SessionSecret>) -> Result<Self, Unopened> {
        let SessionSecret(session) = session.ok_or(Misconfigured("no SessionSecret"))?;
        let kept = session.secret().await.map_err(Unopened::NoSession)?;
        let secret = match kept.and_then(Secret::kept) {
            Some(secret) => secret,
            None => {
                let secret = Secret::random()?;
                session.keep(secret.as_str()).await.map_err(Unopened::NoSession)?;
                secret
            }
        };
        Ok(Self::of_secret(secret, SetCookie::Nothing)?)
    }

    fn cookie_secret(
        cookie: &TokenCookie,
        signed: Option<&SignatureKeys>,
        headers: &HeaderMap,
    ) -> Result<Self, Misconfigured> {
        let sent = sent_cookie(headers, &cookie.name);
        let kept = match (signed, &sent) {
            (None, Some(secret)) => Secret::kept(secret.as_str()),
            (Some(keys), Some(value)) => match keys.open(value) {
                Signed::Valid(secret) => Secret::kept(secret),
                Signed::Not | Signed::Invalid => None,
            },
            (_, None) => None,
        };
        if let Some(secret) = kept {
            return Self::of_secret(secret, SetCookie::Nothing);
        }
        // Compatible with csurf 1.11: a missing secret is made even where the request is refused.
        let secret = Secret::random()?;
        let value = signed.map_or_else(|| secret.as_str().to_owned(), |keys| keys.sign(secret.as_str()));
        Self::of_secret(secret, SetCookie::Field(field(cookie, &value)?))
    }

    fn of_secret(secret: Secret, set_cookie: SetCookie) -> Result<Self, Misconfigured> {
        let token = CsrfToken::new(Recipe::Salted { secret: secret.clone(), salt: random()? });
        Ok(Self { token, fits: Fits::Secret(secret), set_cookie })
    }

    fn bound(
        tokens: &Arc<SignedTokens>,
        cookie: &TokenCookie,
        headers: &HeaderMap,
        binding: Option<&TokenBinding>,
    ) -> Result<Self, Misconfigured> {
        // The first word keeps a session's id and a cookie's value apart.
        let (session, set_cookie) = match binding {
            Some(TokenBinding(id)) => (format!("session {id}"), SetCookie::Nothing),
            None => match sent_cookie(headers, &cookie.name).filter(|value| !value.is_empty()) {
                Some(value) => (format!("cookie {value}"), SetCookie::Nothing),
                None => {
                    let value = hex(&random::<32>()?);
                    (format!("cookie {value}"), SetCookie::IfIssued(field(cookie, &value)?))
                }
            },
        };
        let token = CsrfToken::new(Recipe::Signed {
            tokens: Arc::clone(tokens),
            session: session.clone(),
            random: hex(&random::<32>()?),
        });
        Ok(Self { token, fits: Fits::Session { tokens: Arc::clone(tokens), session }, set_cookie })
    }

    fn double_submit(
        tokens: &Arc<SignedTokens>,
        cookie: &TokenCookie,
        random_bytes: usize,
        headers: &HeaderMap,
        binding: Option<&TokenBinding>,
    ) -> Result<Self, Misconfigured> {
        let TokenBinding(session) = binding.ok_or(Misconfigured("no TokenBinding"))?;
        let sent = sent_cookie(headers, &cookie.name);
        // Compatible with csrf-csrf 4: a token that is still good is shown again.
        let recipe = match sent.as_ref().filter(|token| tokens.verify(session, token)) {
            Some(token) => Recipe::Known(token.clone()),
            None => Recipe::Signed {
                tokens: Arc::clone(tokens),
                session: session.to_string(),
                random: hex(random::<64>()?.get(..random_bytes).unwrap_or_default()),
            },
        };
        let fits = Fits::Cookie { tokens: Arc::clone(tokens), session: Arc::clone(session), cookie: sent };
        Ok(Self { token: CsrfToken::new(recipe), fits, set_cookie: SetCookie::Token(cookie.clone()) })
    }

    /// Whether a token is of this client.
    pub(super) fn accepts(&self, token: &str) -> bool {
        match &self.fits {
            Fits::Secret(secret) => secret.verifies(token),
            Fits::Session { tokens, session } => tokens.verify(session, token),
            Fits::Cookie { tokens, session, cookie } => {
                cookie.as_ref().is_some_and(|cookie| tokens.verify_submitted(session, cookie, token))
            }
        }
    }

    /// Sets what the client is to hold from now on.
    pub(super) fn finish(self, headers: &mut HeaderMap) {
        let value = match self.set_cookie {
            SetCookie::Nothing => None,
            SetCookie::Field(value) => Some(value),
            SetCookie::IfIssued(value) => self.token.issued().map(|_| value),
            SetCookie::Token(cookie) => self.token.issued().and_then(|token| field(&cookie, token).ok()),
        };
        if let Some(value) = value {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

fn sent_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .find_map(|field| Cookies::parse(field.as_bytes()).get(name).map(str::to_owned))
}

fn field(cookie: &TokenCookie, value: &str) -> Result<HeaderValue, Misconfigured> {
    let wrong = Misconfigured("a cookie that cannot be written");
    let text = cookie.attributes.serialize(&cookie.name, value).map_err(|_| wrong)?;
    HeaderValue::try_from(text).map_err(|_| wrong)
}
