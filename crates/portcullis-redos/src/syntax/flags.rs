//! The letters after the second slash.

use std::fmt;
use std::str::FromStr;

use super::SyntaxError;

/// The flags of a regular expression. `d` and `g` do not change how one match runs.
///
/// ```
/// use portcullis_redos::Flags;
/// let flags: Flags = "giu".parse()?;
/// assert!(flags.ignore_case && flags.unicode && !flags.sticky);
/// assert!("gg".parse::<Flags>().is_err());
/// # Ok::<(), portcullis_redos::SyntaxError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools, reason = "a set of flags is a set of booleans")]
pub struct Flags {
    /// `d`: report indices.
    pub has_indices: bool,
    /// `g`: go on after a match.
    pub global: bool,
    /// `i`
    pub ignore_case: bool,
    /// `m`: `^` and `$` match at line ends.
    pub multiline: bool,
    /// `s`: `.` matches line ends.
    pub dot_all: bool,
    /// `u`: match code points, no Annex B.
    pub unicode: bool,
    /// `v`: `u` with set notation.
    pub unicode_sets: bool,
    /// `y`: match at one position only, no search.
    pub sticky: bool,
}

impl Flags {
    /// Whether the text is read as code points and not as UTF-16 code units.
    pub(crate) fn code_points(self) -> bool {
        self.unicode || self.unicode_sets
    }
}

impl FromStr for Flags {
    type Err = SyntaxError;

    fn from_str(letters: &str) -> Result<Self, SyntaxError> {
        let mut flags = Self::default();
        for (position, letter) in letters.chars().enumerate() {
            let error = |message| SyntaxError { position, message };
            let flag = match letter {
                'd' => &mut flags.has_indices,
                'g' => &mut flags.global,
                'i' => &mut flags.ignore_case,
                'm' => &mut flags.multiline,
                's' => &mut flags.dot_all,
                'u' => &mut flags.unicode,
                'v' => &mut flags.unicode_sets,
                'y' => &mut flags.sticky,
                _ => return Err(error("unknown flag")),
            };
            if *flag {
                return Err(error("flag given twice"));
            }
            *flag = true;
            if flags.unicode && flags.unicode_sets {
                return Err(error("flags u and v exclude each other"));
            }
        }
        Ok(flags)
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (self.has_indices, 'd'),
            (self.global, 'g'),
            (self.ignore_case, 'i'),
            (self.multiline, 'm'),
            (self.dot_all, 's'),
            (self.unicode, 'u'),
            (self.unicode_sets, 'v'),
            (self.sticky, 'y'),
        ];
        letters.iter().filter(|(on, _)| *on).try_for_each(|(_, letter)| write!(f, "{letter}"))
    }
}
