//! How long a JavaScript regular expression can be made to take, with a verified attack string.
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
