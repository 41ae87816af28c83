//! What an error must not show, what of its head survives when it is replaced, and how it goes to the log.

use http::{HeaderMap, HeaderName, header, uri::PathAndQuery};
use portcullis_rules::{Rule, error};

use super::{path, text::Readings, trace};

/// What an error body shows that is not for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leak {
    /// A stack trace, or a line of source code by its place.
    Trace,
    /// An absolute path of the server.
    Path,
    /// What a database said.
    Driver,
}

impl Leak {
    /// The first that a body shows.
    ///
    /// What stands in the request's target does not count: Express's own 404 repeats it, and the client knows it.
    pub(super) fn find(body: &[u8], target: Option<&PathAndQuery>) -> Option<Self> {
        let readings = Readings::of(body);
        let target = Target::new(target);
        let mut known = 0;
        let mut is_clients = |shown: &str| {
            // Each comparison reads the target once; a body that repeats it more often than this is no error message.
            known += 1;
            known <= MAX_COMPARISONS && target.contains(shown)
        };
        let every = || std::iter::once(&readings.raw).chain(&readings.spoken);
        if every().any(|text| trace::shows_trace(text, &mut is_clients)) {
            return Some(Self::Trace);
        }
        if readings.spoken.iter().any(|text| path::shows_path(text, &mut is_clients)) {
            return Some(Self::Path);
        }
        every().any(|text| trace::shows_driver(text)).then_some(Self::Driver)
    }

    /// The rule that it breaks.
    pub(super) fn rule(self) -> &'static Rule {
        match self {
            Self::Trace => &error::STACK_LEAK,
            Self::Path => &error::PATH_LEAK,
            Self::Driver => &error::MESSAGE_LEAK,
        }
    }
}

const MAX_COMPARISONS: usize = 256;

/// What the client asked for, as it wrote it and as it is meant.
struct Target {
    written: String,
    meant: String,
}

impl Target {
    fn new(target: Option<&PathAndQuery>) -> Self {
        let written = target.map_or_else(String::new, |target| target.as_str().to_owned());
        let meant = percent_decoded(&written.replace('+', " "));
        Self { written, meant }
    }

    fn contains(&self, shown: &str) -> bool {
        !self.written.is_empty()
            && (self.written.contains(shown)
                || self.meant.contains(shown)
                || self.meant.contains(&percent_decoded(shown)))
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let decoded = match (first, after) {
            (b'%', [high, low, ..]) => {
                let digit =
                    |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(high).zip(digit(low)).map(|(high, low)| high * 16 + low)
            }
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Takes out of the head what speaks of the body that is replaced, and every field that itself shows a trace or a path.
///
/// What is left is about the resource, the client or the connection: `Retry-After`, `Allow`, `WWW-Authenticate`,
/// `Set-Cookie` (a session begun goes on), `Vary`, CORS, security headers, limits.
pub(super) fn clear_head(head: &mut HeaderMap, target: Option<&PathAndQuery>) {
    for name in &OF_THE_BODY {
        head.remove(name);
    }
    let shows = |value: &[u8]| Leak::find(value, target).is_some();
    let leaking: Vec<HeaderName> = head
        .iter()
        // A cookie's path is no path of a file system.
        .filter(|(name, value)| *name != header::SET_COOKIE && shows(value.as_bytes()))
        .map(|(name, _)| name.clone())
        .collect();
    for name in leaking {
        head.remove(name);
    }
}

/// Representation metadata and validators (RFC 9110, sections 8 and 14; RFC 9530), and where to find the source.
static OF_THE_BODY: [HeaderName; 16] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_DISPOSITION,
    header::TRANSFER_ENCODING,
    header::TRAILER,
    header::ACCEPT_RANGES,
    header::ETAG,
    header::LAST_MODIFIED,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("sourcemap"),
];

/// A body as a line of the log: at most `max_bytes`, control characters and those that turn the reading direction
/// escaped.
pub(super) fn for_log(body: &[u8], max_bytes: usize) -> String {
    let mut line = String::with_capacity(body.len().min(max_bytes));
    for c in String::from_utf8_lossy(body).chars() {
        let before = line.len();
        if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
        if line.len() > max_bytes {
            line.truncate(before);
            line.push('…');
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests;
