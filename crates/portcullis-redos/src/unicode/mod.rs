//! What the standard takes from Unicode: sets of code points, properties, case.
//!
//! The tables come from `regex-syntax` (small, maintained with the `regex` crate, follows each Unicode
//! release); nothing outside this module knows.

mod case;
mod property;
mod set;

pub(crate) use case::{Canonical, canonicalize, close_over_case};
pub(crate) use property::{is_id_continue, is_id_start, property, property_of_strings};
pub(crate) use set::CharSet;
