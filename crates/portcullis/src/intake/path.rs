//! One spelling for every path.
//!
//! The same path is matched and forwarded, so that no second reader can see another one: percent-escapes of unreserved
//! characters are decoded and the others written in upper case, dot segments resolved, runs of slashes made one
//! (RFC 3986, section 6.2.2). What two readers could still take apart differently is refused: NUL, control bytes, bytes
//! outside ASCII, escapes that are none, and an encoded slash or backslash that would make a dot segment.

use std::{borrow::Cow, fmt};

/// A path in its one spelling, with the form that rules match on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPath<'a> {
    /// What is forwarded: begins with a slash, no dot segments, no empty segments but a last one.
    pub forward: Cow<'a, str>,
    /// What access rules and routes match on: every escape decoded once, encoded slashes and backslashes taken as
    /// slashes, path parameters (`;v=1`) cut, dot segments resolved again. `None` where it equals `forward`.
    ///
    /// It is wider than what any one server does, so that a rule cannot be slipped past by whichever server does it.
    pub matched: Option<String>,
}

impl CanonicalPath<'_> {
    /// The form to match on.
    pub fn matched(&self) -> &str {
        self.matched.as_deref().unwrap_or(&self.forward)
    }
}

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathError {
    /// It does not begin with a slash.
    NoLeadingSlash,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// NUL, a control byte or a byte outside ASCII, plain or escaped where no text has it.
    ForbiddenByte,
    /// An encoded slash or backslash next to dots: two readers would see two paths.
    HiddenDotSegment,
    /// A plain backslash, which some servers take for a slash.
    Backslash,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLeadingSlash => "path does not begin with a slash",
            Self::BadEscape => "path has a percent sign without two hexadecimal digits",
            Self::ForbiddenByte => "path holds a NUL, a control byte or a raw byte outside ASCII",
            Self::HiddenDotSegment => "path hides a dot segment behind an encoded slash or backslash",
            Self::Backslash => "path holds a backslash",
        })
    }
}

impl std::error::Error for PathError {}

/// Makes a path canonical.
///
/// ```
/// use portcullis::intake::path::canonical;
///
/// assert_eq!(canonical("/x/%2e%2e//%61dmin").unwrap().forward, "/admin");
/// assert_eq!(canonical("/pkg/@scope%2fname").unwrap().forward, "/pkg/@scope%2Fname");
/// assert_eq!(canonical("/pkg/@scope%2fname").unwrap().matched(), "/pkg/@scope/name");
/// assert!(canonical("/x/..%2fadmin").is_err());
/// ```
pub fn canonical(path: &str) -> Result<CanonicalPath<'_>, PathError> {
    if !path.starts_with('/') {
        return Err(PathError::NoLeadingSlash);
    }
    if is_plain(path.as_bytes()) {
        return Ok(CanonicalPath { forward: Cow::Borrowed(path), matched: None });
    }
    let forward = resolve_dot_segments(&normal_escapes(path)?);
    let wide = widest_reading(&forward)?;
    let matched = (wide != forward).then_some(wide);
    Ok(CanonicalPath { forward: Cow::Owned(forward), matched })
}

/// Nothing in it that any reader could read in a second way: the way nearly every request goes, without an allocation.
fn is_plain(path: &[u8]) -> bool {
    let mut last = 0;
    for &byte in path {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b'='
                    | b':'
                    | b'@'
            )
            || (byte == b'/' && last != b'/')
            || (byte == b'.' && last != b'/');
        if !plain {
            return false;
        }
        last = byte;
    }
    true
}

/// Decodes escapes of unreserved characters, writes the others in upper case, refuses what no path holds.
fn normal_escapes(path: &str) -> Result<String, PathError> {
    let mut normal = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let value = escape(bytes.next(), bytes.next()).ok_or(PathError::BadEscape)?;
                match value {
                    0..0x20 | 0x7f => return Err(PathError::ForbiddenByte),
                    _ if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') => {
                        normal.push(char::from(value));
                    }
                    _ => {
                        normal.push('%');
                        normal.push(hex_digit(value >> 4));
                        normal.push(hex_digit(value & 0xf));
                    }
                }
            }
            b'\\' => return Err(PathError::Backslash),
            0..=0x20 | 0x7f.. => return Err(PathError::ForbiddenByte),
            _ => normal.push(char::from(byte)),
        }
    }
    Ok(normal)
}

/// RFC 3986, section 5.2.4, with runs of slashes taken as one.
fn resolve_dot_segments(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut ends_in_directory = false;
    for segment in path.split('/') {
        ends_in_directory = true;
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => {
                segments.push(segment);
                ends_in_directory = false;
            }
        }
    }
    let mut resolved = String::with_capacity(path.len());
    for segment in &segments {
        resolved.push('/');
        resolved.push_str(segment);
    }
    if ends_in_directory || resolved.is_empty() {
        resolved.push('/');
    }
    resolved
}

/// The path as the most lenient reader behind us could take it.
fn widest_reading(forward: &str) -> Result<String, PathError> {
    let mut decoded = Vec::with_capacity(forward.len());
    let mut hidden_separator = false;
    let mut bytes = forward.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => escape(bytes.next(), bytes.next()).ok_or(PathError::BadEscape)?,
            plain => {
                decoded.push(plain);
                continue;
            }
        };
        hidden_separator |= matches!(byte, b'/' | b'\\');
        decoded.push(if byte == b'\\' { b'/' } else { byte });
    }
    // Overlong or otherwise invalid UTF-8 stays as it is: matching is on text, and no rule names a replacement character.
    let decoded = String::from_utf8_lossy(&decoded);
    let without_parameters: Vec<&str> =
        decoded.split('/').map(|segment| segment.split_once(';').map_or(segment, |(name, _)| name)).collect();
    let has_dot_segment = without_parameters.iter().any(|segment| matches!(*segment, "." | ".."));
    // `forward` has no dot segments left, so these come from an encoded separator, or from `..;a=b`.
    if has_dot_segment {
        return Err(PathError::HiddenDotSegment);
    }
    if !hidden_separator && without_parameters.join("/") == *decoded {
        return Ok(decoded.into_owned());
    }
    Ok(resolve_dot_segments(&without_parameters.join("/")))
}

fn escape(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(path: &str) -> String {
        canonical(path).unwrap().forward.into_owned()
    }

    fn matched(path: &str) -> String {
        canonical(path).unwrap().matched().to_owned()
    }

    #[test]
    fn a_plain_path_is_not_copied() {
        assert!(matches!(canonical("/a/b.html").unwrap().forward, Cow::Borrowed("/a/b.html")));
    }

    #[test]
    fn every_spelling_of_a_path_is_matched_alike() {
        for spelling in [
            "//admin/x",
            "///admin/x",
            "/x/../admin/x",
            "/x/%2e%2e/admin/x",
            "/%61dmin/x",
            "/./admin/x",
            "/admin/./x",
            "/x/.%2e/admin/x",
            "/%2fadmin/x",
            "/%5cadmin/x",
            "/admin;a=b/x",
            "/admin%3Ba=b/x",
            "/admin%2fx",
            "/a/..//admin/x",
        ] {
            assert_eq!(matched(spelling), "/admin/x", "{spelling}");
        }
    }

    #[test]
    fn an_encoded_slash_is_forwarded_as_it_came() {
        assert_eq!(forward("/files/a%2fb"), "/files/a%2Fb");
    }

    #[test]
    fn double_encoding_stays_what_it_is() {
        assert_eq!(forward("/x/%252e%252e/admin"), "/x/%252e%252e/admin");
    }

    #[test]
    fn what_two_readers_take_apart_differently_is_refused() {
        for (path, why) in [
            ("/x/..%2fadmin", PathError::HiddenDotSegment),
            ("/x/..%5cadmin", PathError::HiddenDotSegment),
            ("/x%2f..%2fadmin", PathError::HiddenDotSegment),
            ("/x/..;/admin", PathError::HiddenDotSegment),
            ("/x/%2e%2e;a/admin", PathError::HiddenDotSegment),
            ("/a%00", PathError::ForbiddenByte),
            ("/a%0d%0aX: 1", PathError::ForbiddenByte),
            ("/a\u{e9}", PathError::ForbiddenByte),
            ("/a%zz", PathError::BadEscape),
            ("/a%2", PathError::BadEscape),
            ("/a\\b", PathError::Backslash),
            ("a", PathError::NoLeadingSlash),
        ] {
            assert_eq!(canonical(path), Err(why), "{path}");
        }
    }

    #[test]
    fn dots_never_climb_above_the_root() {
        assert_eq!(forward("/../../etc/passwd"), "/etc/passwd");
        assert_eq!(forward("/.."), "/");
        assert_eq!(forward("/a/.."), "/");
        assert_eq!(forward("/a/b/."), "/a/b/");
    }

    #[test]
    fn making_a_path_canonical_twice_changes_nothing() {
        for path in ["/x/%2e%2e//%61dmin", "/pkg/@scope%2fname", "/a//b/./c", "/a;b=c/d", "/%C3%A9"] {
            let once = forward(path);
            assert_eq!(forward(&once), once, "{path}");
        }
    }
}
