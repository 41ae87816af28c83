//! Password hashes: Argon2id, on threads that may block, a few at a time.

use std::{sync::Arc, thread, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::app_error::AppError;

/// Makes and checks hashes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    /// Each hash takes a core and 19 MiB for a while: more at once than there are cores would only wait in memory.
    turns: Arc<Semaphore>,
    /// The hash of no password, checked in place of the hash of a user who does not exist.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) async fn new() -> Result<Self, AppError> {
        // OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB of memory, 2 passes, 1 lane.
        let parameters = Params::new(19 * 1024, 2, 1, None).map_err(argon2::password_hash::Error::from)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let mut passwords = Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters),
            turns: Arc::new(Semaphore::new(cores)),
            nobody: "".into(),
        };
        passwords.nobody = passwords.hash(String::new()).await?.into();
        Ok(passwords)
    }

    /// A hash with a salt of its own, in PHC format.
    pub(crate) async fn hash(&self, password: String) -> Result<String, AppError> {
        let argon2 = self.argon2.clone();
        self.in_turn(move || argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string())).await
    }

    /// Whether the password is the one that was hashed. Without a hash the answer is no, and takes as long: how long it
    /// takes tells nobody which users exist.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AppError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let argon2 = self.argon2.clone();
        let fits = self.in_turn(move || {
            let hash = PasswordHash::new(&hash)?;
            match argon2.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error),
            }
        });
        Ok(fits.await? && exists)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
    ) -> Result<T, AppError> {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(AppError::Busy) };
        let done = spawn_blocking(move || {
            let _turn = turn; // held until the work is done, even if the client has gone by then
            work()
        });
        Ok(done.await??)
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
