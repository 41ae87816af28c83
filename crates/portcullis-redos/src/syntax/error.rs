//! Why a text is not a regular expression.

use std::fmt;

/// A syntax error, as `new RegExp(pattern, flags)` would throw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in UTF-16 code units from the start of the pattern (or of the flags, for a wrong flag).
    pub position: usize,
    /// What is wrong.
    pub message: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.message, self.position)
    }
}

impl std::error::Error for SyntaxError {}
