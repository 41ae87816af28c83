//! Who gets in, and how often one may try.

pub(super) mod rate_limit_global;
pub(super) mod rate_limit_login;
