//! Passwords are not guessed: failed logins are counted, and who fails too often waits.
//!
//! An attacker with a list of stolen passwords tries them at thousands a minute; with patience and many addresses, at a few a
//! day for each. A limit on requests alone stops the first only, and a lock on the account hands the attacker a way to lock its
//! owner out.
//!
//! A login is a `POST` on a path that looks like one ([`Config::paths`]). It passes to the application if none of these is used up:
//! 1. `address`: 100 failures a day from one address, then blocked for a day;
//! 2. `pair`: 10 failures in a row for one user name from one address, then blocked for an hour; a success begins anew;
//! 3. `user`: 20 failures an hour for one user name from anywhere, then blocked for an hour: slow guessing from many addresses;
//! 4. `burst`: 5 tries at once from one address, then one each 12 seconds; successes are given back.
//!
//! A browser that has signed in with success holds a signed cookie (`__Host-device`) for that user name. With it, none of the four
//! is asked but only how often *this device* has failed (10 in a row, then an hour): whoever guesses, the owner still gets in
//! from a known device. (OWASP calls these device cookies.)
//!
//! Each try is counted before the application sees it and given back when it succeeds, so tries in parallel cannot pass
//! together. The try that goes beyond a limit reaches the application; if it fails, its answer is the refusal.
//!
//! A refusal is 429 with `Retry-After`, the same whether the user exists and whether the password was right. 400 where JSON or a
//! form cannot be read, since the user name would then be a matter of opinion; 413 where it is larger than
//! [`Config::max_body_bytes`].
//!
//! What a failure is, is told from the answer: a status of [`Config::failure_status`], a redirect back to a login path or with
//! `error` in its query, a page (HTML, 200) that sets no cookie: the form again. A success sets a cookie, or redirects
//! elsewhere. Of any other answer (JSON without a cookie) nobody can say, so only the burst counts, unless
//! [`Config::status_decides`].
//!
//! User names are hashed (HMAC-SHA-256) before they are counted or logged; the body goes on byte for byte.
//!
//! **What this does not stop**: one try for each of many users from many addresses. An owner on a new device can be kept out for
//! as long as somebody guesses, an hour each time.
//!
//! **What breaks it**: a login that is no `POST`, or on a path that is not named. A user name in a field that is not named: then
//! only addresses count. Several gates with a shared store need one secret.
//!
//! Follows the login recipe of rate-limiter-flexible (points 1 and 2, numbers and all); 3, 4 and the device are ours.
//!
//! ```
//! use portcullis::limit::login::{Config, LoginGuard};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::default();
//! config.burst.tries = 0; // none: to show another limit
//! let guard = LoginGuard::new(&config)?;
//! let address = "203.0.113.7".parse()?;
//! for _ in 0..10 {
//!     let attempt = guard.check(address, Some("alice"), None).await?;
//!     guard.failed(attempt).await?;
//! }
//! let eleventh = guard.check(address, Some("alice"), None).await?;
//! assert!(guard.failed(eleventh).await.is_err());
//! assert!(guard.check(address, Some("alice"), None).await.is_err());
//! assert!(guard.check(address, Some("bob"), None).await.is_ok());
//! # Ok(())
//! # }
//! ```

mod body;
mod config;
mod device;
mod guard;
mod outcome;
mod service;
mod user_name;

use portcullis_rules::{Rule, auth};

pub use self::{
    body::LoginBody,
    config::{Burst, Config, Failures, LOGIN_PATHS},
    device::DEVICE_COOKIE,
    guard::{Attempt, LoginGuard, Refused},
    outcome::Outcome,
    service::{LoginFuture, LoginLayer, LoginService},
};

/// The rules that this makes hold.
pub const ENFORCES: &[&Rule] = &[&auth::LOCKOUT_MISSING];

/// Rules this guard softens: an application may still tell by other words or times whether a user exists.
pub const MITIGATES: &[&Rule] = &[&auth::USER_ENUMERATION];
