//! A place in a file of the audited project.

use std::fmt;

/// A line of a file, or the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Location {
    /// The file, relative to the project's root, with `/` between its parts.
    pub file: String,
    /// The line, counted from 1; `None` means the file as a whole.
    pub line: Option<u32>,
}

impl Location {
    /// A line, counted from 1.
    pub fn line(file: impl Into<String>, line: u32) -> Self {
        Self { file: file.into(), line: Some(line) }
    }

    /// The file as a whole.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: None }
    }
}

impl fmt::Display for Location {
    /// Writes `file:line`, which terminals and editors follow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// The line of each offset of a text, counted from 1.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        Self { ends: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect() }
    }

    pub(crate) fn of(&self, offset: usize) -> u32 {
        let before = self.ends.partition_point(|end| *end < offset);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_on_the_line_that_holds_it() {
        let lines = Lines::new("ab\nc\n\nd");
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 60].map(|at| lines.of(at)), [1, 1, 1, 2, 2, 3, 4, 4]);
    }
}
