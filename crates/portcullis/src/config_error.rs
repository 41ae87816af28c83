//! What is wrong with a value in a configuration, where, and what would be right.

use std::{error::Error, fmt};

/// A configuration value that a guard cannot be built from.
///
/// The path names the field as the guard's `Config` (and so the TOML section) spells it; a program that read the
/// configuration from a file maps it to file and line.
///
/// ```
/// use portcullis::ConfigError;
///
/// let error = ConfigError::new("max_bytes", "0", "at least 1").within("body");
/// assert_eq!(error.to_string(), "body.max_bytes = 0: must be at least 1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    path: String,
    value: String,
    right: String,
}

impl ConfigError {
    /// `right` completes the sentence "must be ...".
    pub fn new(path: impl Into<String>, value: impl fmt::Display, right: impl fmt::Display) -> Self {
        Self { path: path.into(), value: value.to_string(), right: right.to_string() }
    }

    /// The same error, seen from the section around it.
    #[must_use]
    pub fn within(mut self, section: &str) -> Self {
        self.path =
            if self.path.is_empty() { section.to_owned() } else { format!("{section}.{}", self.path) };
        self
    }

    /// The field, dotted: `csp.directives.script-src`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value found.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would be right, after "must be".
    pub fn right(&self) -> &str {
        &self.right
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: must be {}", self.path, self.value, self.right)
    }
}

impl Error for ConfigError {}
