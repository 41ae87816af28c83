//! The pattern as a nondeterministic automaton whose edges are in the order a backtracking matcher tries them.
//!
//! Exact for patterns without lookaround of more than one character, back references and large counters;
//! for those it has other paths than the pattern. What is found on it is only believed once the matcher has
//! shown it.

mod alphabet;
mod build;
mod closure;

pub(crate) use alphabet::{Alphabet, END, Letters};
pub(crate) use build::{Counters, Looks, build};
pub(crate) use closure::{Automaton, State, StateId};
