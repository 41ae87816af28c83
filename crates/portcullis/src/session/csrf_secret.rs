//! The secret of CSRF tokens in a session, where csurf keeps it too.

use super::{Session, cookie_session::CookieSession};
use crate::csrf::{HoldsSecret, SESSION_KEY, SecretFuture};

impl HoldsSecret for Session {
    fn secret(&self) -> SecretFuture<'_, Option<String>> {
        Box::pin(async { Ok(self.get(SESSION_KEY).await?) })
    }

    fn keep<'a>(&'a self, secret: &'a str) -> SecretFuture<'a, ()> {
        Box::pin(async move { Ok(self.set(SESSION_KEY, secret).await?) })
    }
}

impl HoldsSecret for CookieSession {
    fn secret(&self) -> SecretFuture<'_, Option<String>> {
        Box::pin(async { Ok(self.get(SESSION_KEY)?) })
    }

    fn keep<'a>(&'a self, secret: &'a str) -> SecretFuture<'a, ()> {
        Box::pin(async move { Ok(self.set(SESSION_KEY, secret)?) })
    }
}
