//! How long a JavaScript regular expression can be made to take, with a verified attack string.
#![forbid(unsafe_code)]

mod matcher;
mod syntax;
mod unicode;

pub use syntax::{Flags, SyntaxError};
