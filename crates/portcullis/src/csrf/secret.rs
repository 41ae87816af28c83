//! The secret of a session, of which its tokens are made.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::token;
use crate::BoxError;

/// The key under which a session keeps its secret, as csurf has it: a session that Express began goes on here.
pub const SESSION_KEY: &str = "csrfSecret";

/// A secret that a session keeps ([`SESSION_KEY`]), for handlers that make and check tokens themselves.
///
/// ```
/// use portcullis::csrf::Secret;
///
/// let secret = Secret::random()?;
/// let token = secret.token()?; // goes into the form
/// assert!(secret.verifies(&token));
/// assert_ne!(token, secret.token()?, "no two pages carry the same");
///
/// let kept = Secret::kept(secret.as_str()).ok_or("empty")?; // the next request, from the session
/// assert!(kept.verifies(&token) && !kept.verifies("forged"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system gives no random bytes")
    }
}

impl Error for NoRandomness {}

impl Secret {
    /// A new one, as csurf makes it: 18 random bytes, 24 letters of base64url.
    pub fn random() -> Result<Self, NoRandomness> {
        let bytes = Zeroizing::new(random::<18>()?);
        Ok(Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// One that a session kept; `None` if it is empty.
    pub fn kept(secret: impl Into<String>) -> Option<Self> {
        let secret = Zeroizing::new(secret.into());
        (!secret.is_empty()).then_some(Self(secret))
    }

    /// What the session keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A new token, with a random salt.
    pub fn token(&self) -> Result<String, NoRandomness> {
        Ok(self.salted(random()?))
    }

    /// Whether a token is of this secret, in constant time.
    pub fn verifies(&self, token: &str) -> bool {
        token::verify(&self.0, token)
    }

    pub(super) fn salted(&self, salt: [u8; 8]) -> String {
        token::create(&self.0, &base62(salt))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A session, as far as a synchronizer token needs one.
///
/// ```
/// use std::{collections::HashMap, sync::{Arc, Mutex}};
/// use axum::{Extension, Router, body::Body, routing::get};
/// use http::Request;
/// use portcullis::csrf::{
///     CsrfToken, HoldsSecret, SESSION_KEY, SecretFuture, SessionSecret, TokenConfig, TokenLayer, TokenScheme,
/// };
/// use tower::ServiceExt;
///
/// #[derive(Default)]
/// struct Session(Mutex<HashMap<String, String>>);
///
/// impl HoldsSecret for Session {
///     fn secret(&self) -> SecretFuture<'_, Option<String>> {
///         Box::pin(async { Ok(self.0.lock().unwrap().get(SESSION_KEY).cloned()) })
///     }
///
///     fn keep<'a>(&'a self, secret: &'a str) -> SecretFuture<'a, ()> {
///         self.0.lock().unwrap().insert(SESSION_KEY.to_owned(), secret.to_owned());
///         Box::pin(async { Ok(()) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let session = Arc::new(Session::default());
/// let app = Router::new()
///     .route("/", get(|Extension(csrf): Extension<CsrfToken>| async move { csrf.to_string() }))
///     .layer(TokenLayer::new(TokenConfig::new(TokenScheme::Session))?)
///     .layer(Extension(SessionSecret(session.clone()))); // what opens sessions stands outside
///
/// let page = app.oneshot(Request::get("/").body(Body::empty())?).await?;
/// let token = axum::body::to_bytes(page.into_body(), 100).await?;
/// let secret = session.secret().await?.and_then(portcullis::csrf::Secret::kept).ok_or("no secret")?;
/// assert!(secret.verifies(std::str::from_utf8(&token)?));
/// # Ok(())
/// # }
/// ```
pub trait HoldsSecret: Send + Sync {
    /// What it holds under [`SESSION_KEY`].
    fn secret(&self) -> SecretFuture<'_, Option<String>>;

    /// Keeps a new one there.
    fn keep<'a>(&'a self, secret: &'a str) -> SecretFuture<'a, ()>;

    /// What tokens are bound to where the client holds a session already, as a
    /// [`TokenBinding`](super::TokenBinding) would say it: its id. `None`: nothing.
    fn binding(&self) -> Option<&str> {
        None
    }
}

/// What a session answers, perhaps from a store elsewhere.
pub type SecretFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// The session of a request. [`SessionLayer`](crate::session::SessionLayer) and its cookie sibling put it there; whoever opens sessions puts it into the request's extensions, before
/// [`TokenLayer`](super::TokenLayer) with [`TokenScheme::Session`](super::TokenScheme::Session).
#[derive(Clone)]
pub struct SessionSecret(pub Arc<dyn HoldsSecret>);

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(..)")
    }
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// Eight letters and digits, as csurf's salts are.
fn base62(bytes: [u8; 8]) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = u64::from_le_bytes(bytes);
    let digit = |_| {
        let index = usize::try_from(rest % 62).unwrap_or_default();
        rest /= 62;
        char::from(*DIGITS.get(index).unwrap_or(&b'0'))
    };
    (0..8).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_are_letters_and_digits_that_differ() {
        assert_eq!(base62([0; 8]), "00000000");
        let salts: std::collections::HashSet<String> = (0..1000).map(|_| base62(random().unwrap())).collect();
        assert_eq!(salts.len(), 1000);
        assert!(
            salts.iter().all(|salt| salt.len() == 8 && salt.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
    }

    #[test]
    fn a_secret_is_not_shown_and_not_empty() {
        let secret = Secret::kept("hunter2").unwrap();
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert!(Secret::kept("").is_none());
        assert_eq!(Secret::random().unwrap().as_str().len(), 24);
    }
}
