//! How often: rate limits, and the login guard.
//!
//! - [`rate`] is the guard that limits requests: so many in a window, by client address or another key.
//! - [`login`] is the guard of passwords: it counts failed logins by user name and address, and knows the owner's device.
//! - [`points`] is the same counting as a library, with the operations of rate-limiter-flexible.
//!
//! All three count in a [`store::Store`]: in this process's memory, or in a Redis or Valkey that any number of gates share.
//! A [`Quota`] says how much, by which [`Algorithm`]; the decision on a counter is a pure function of it and the time.

mod algorithm;
mod clock;
pub mod fields;
pub mod key;
pub mod login;
pub mod points;
pub mod rate;
pub mod store;

pub use self::{
    algorithm::{Algorithm, Block, Decision, Quota},
    clock::{Clock, Timestamp},
};
