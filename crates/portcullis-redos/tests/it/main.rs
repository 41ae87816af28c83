//! Promises of the crate, kept through its public interface.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "tests print how many cases ran and read where from")]

mod corpus;
mod node;
mod random;
mod verdicts;
