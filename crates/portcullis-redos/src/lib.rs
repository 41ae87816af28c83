//! How long a JavaScript regular expression can be made to take, with a verified attack string.
//!
//! A backtracking matcher such as V8's tries every way in which a text can be read before it says no. Where there
//! are many ways, a short text keeps a server busy for minutes (CWE-1333). This crate answers for one pattern:
//!
//! 1. It is parsed: all of ECMAScript 2025 with Annex B; a syntax error has a position.
//! 2. It becomes an automaton whose edges keep the matcher's order. Two ways from a state to itself over one text
//!    make it exponential; two states with ways to themselves and from one to the other make it polynomial. The
//!    search at every position is a state like any other, so what is slow only by searching is found as well.
//! 3. Each such text becomes an attack (`prefix`, `pump`, `suffix`) after which everything must fail.
//! 4. The attack is run, at growing lengths, on a matcher that explores what V8 explores and counts its steps.
//!    Only what grew is reported.
//!
//! What this does not say: that a pattern called safe is proven so (lookaround and back references are
//! approximated, and counters are copied out only so far), nor how slow anything but backtracking is. All bounds
//! are counts and not times, so that the same pattern has the same answer everywhere.
//!
//! ```
//! use portcullis_redos::{Config, Verdict, analyze};
//! let slow = analyze("^([a-z]+)+@", "".parse()?, &Config::default());
//! assert_eq!(slow.verdict, Verdict::Exponential);
//! let attack = slow.attack.expect("exponential is never said without an attack");
//! assert!(attack.text(30).len() < 40);
//! assert_eq!(analyze("^[a-z]+@", "".parse()?, &Config::default()).verdict, Verdict::Safe);
//! # Ok::<(), portcullis_redos::SyntaxError>(())
//! ```
#![forbid(unsafe_code)]

mod ambiguity;
mod analysis;
mod attack;
mod automaton;
mod fix;
pub mod lines;
mod matcher;
mod regex;
mod rewrite;
mod search;
mod syntax;
mod text;
mod unicode;

pub use analysis::{Analysis, Config, HARMLESS_STEPS, Part, Verdict, analyze, analyze_parts, analyze_units};
pub use attack::Attack;
pub use fix::{Fix, fixes};
pub use regex::{End, Regex, Run};
pub use syntax::{Flags, SyntaxError};
pub use text::JsText;
