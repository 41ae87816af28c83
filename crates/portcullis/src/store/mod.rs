//! Connections to the servers that sessions, limits and the login guard keep their state on.

#[cfg(feature = "redis")]
pub mod redis;
