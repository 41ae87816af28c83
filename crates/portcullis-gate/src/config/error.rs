//! What is wrong with a configuration file.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: Option<usize>,
    /// Dotted: `route[0].body.max_bytes`. Empty where the file is no TOML.
    pub key: String,
    /// What it is, and what would be right.
    pub message: String,
}

/// All that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFileError {
    path: PathBuf,
    problems: Vec<Problem>,
}

impl ConfigFileError {
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::NotFound => "no such file: give the path of a portcullis.toml".to_owned(),
            io::ErrorKind::PermissionDenied => "cannot be read: no permission".to_owned(),
            io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Self::new(path, vec![Problem { line: None, key: String::new(), message }])
    }

    pub(super) fn new(path: &Path, problems: Vec<Problem>) -> Self {
        Self { path: path.to_owned(), problems }
    }

    pub(super) fn unless_empty(path: &Path, mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        // What a route inherits is wrong once, where it stands: under its shortest key.
        problems.sort_by(|a, b| (a.line, &a.message, a.key.len()).cmp(&(b.line, &b.message, b.key.len())));
        problems.dedup_by(|later, first| {
            later == first
                || (later.line.is_some() && later.line == first.line && later.message == first.message)
        });
        Err(Self::new(path, problems))
    }

    /// What is wrong, by line.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}", self.path.display())?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
            }
            if !problem.key.is_empty() {
                write!(f, ": {}", problem.key)?;
            }
            write!(f, ": {}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFileError {}
