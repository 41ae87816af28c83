//! ECMAScript 2025 regular expressions (ECMA-262 22.2.1 and Annex B.1.2): text in, tree out.

mod ast;
mod class;
mod error;
mod escape;
mod flags;
mod name;
mod parser;
mod quantifier;
mod reader;

pub(crate) use ast::{Assertion, Node, NodeId, Pattern, SetId, UNBOUNDED};
pub use error::SyntaxError;
pub use flags::Flags;
pub(crate) use parser::parse;
