//! `Content-Type` of a request (RFC 9110, section 8.3.1), and the charsets that parsers behind us agree on.

use http::HeaderValue;

/// A media type as it stands in the field: type and subtype, and the charset if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MediaType<'a> {
    kind: &'a str,
    subtype: &'a str,
    charset: Option<&'a str>,
}

/// The field is not what the grammar asks for, or can be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> MediaType<'a> {
    /// The media type that the fields of one message name. `None` is no field.
    ///
    /// More than one field, an empty one, and two charsets are malformed: what stands behind us may take another one
    /// than we do.
    pub(super) fn of(fields: impl IntoIterator<Item = &'a HeaderValue>) -> Result<Option<Self>, Malformed> {
        let mut fields = fields.into_iter();
        let Some(field) = fields.next() else { return Ok(None) };
        if fields.next().is_some() {
            return Err(Malformed);
        }
        Self::parse(field.to_str().map_err(|_| Malformed)?).map(Some)
    }

    fn parse(field: &'a str) -> Result<Self, Malformed> {
        let (essence, mut parameters) = field.split_at(field.find(';').unwrap_or(field.len()));
        let (kind, subtype) = essence.trim_matches(OWS).split_once('/').ok_or(Malformed)?;
        if !is_token(kind) || !is_token(subtype) {
            return Err(Malformed);
        }
        let mut charset = None;
        loop {
            // parameters = *( OWS ";" OWS [ parameter ] )
            parameters = parameters.trim_start_matches(OWS);
            if parameters.is_empty() {
                return Ok(Self { kind, subtype, charset });
            }
            parameters = parameters.strip_prefix(';').ok_or(Malformed)?.trim_start_matches(OWS);
            if parameters.is_empty() || parameters.starts_with(';') {
                continue;
            }
            let (name, rest) = parameters.split_once('=').ok_or(Malformed)?;
            let (value, rest) = value(rest).ok_or(Malformed)?;
            if !is_token(name) {
                return Err(Malformed);
            }
            if name.eq_ignore_ascii_case("charset") && charset.replace(value).is_some() {
                return Err(Malformed);
            }
            parameters = rest;
        }
    }

    /// `application/json` or anything with the suffix `+json` (RFC 6839, section 3.1).
    pub(super) fn is_json(&self) -> bool {
        self.is("application", "json") || self.has_suffix("json")
    }

    /// `application/x-www-form-urlencoded`.
    pub(super) fn is_form(&self) -> bool {
        self.is("application", "x-www-form-urlencoded")
    }

    /// Whether a JSON or form parser in the manner of body-parser reads the charset: for JSON the forms of Unicode
    /// that body-parser knows but UTF-7, for forms UTF-8 and ISO-8859-1. Other media types say themselves.
    pub(super) fn has_readable_charset(&self) -> bool {
        let Some(charset) = self.charset.filter(|charset| !charset.is_empty()) else { return true };
        let readable: &[&str] = if self.is_json() {
            &["utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be"]
        } else if self.is_form() {
            &["utf-8", "iso-8859-1"]
        } else {
            return true;
        };
        readable.iter().any(|name| charset.eq_ignore_ascii_case(name))
    }

    fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    fn has_suffix(&self, suffix: &str) -> bool {
        self.subtype.rsplit_once('+').is_some_and(|(_, own)| own.eq_ignore_ascii_case(suffix))
    }
}

/// What a list of allowed media types may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `application/json`
    Exact(String, String),
    /// `text/*`
    Type(String),
    /// `+json`
    Suffix(String),
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(suffix) = text.strip_prefix('+') {
            return is_token(suffix).then(|| Self::Suffix(suffix.to_owned()));
        }
        let (kind, subtype) = text.split_once('/')?;
        // `*` is a letter of tokens: `*/json` would be taken for a type that nobody sends.
        if !is_token(kind) || !is_token(subtype) || kind.contains('*') {
            return None;
        }
        match subtype {
            "*" => Some(Self::Type(kind.to_owned())),
            _ if subtype.contains('*') => None,
            _ => Some(Self::Exact(kind.to_owned(), subtype.to_owned())),
        }
    }

    pub(super) fn matches(&self, media_type: &MediaType<'_>) -> bool {
        match self {
            Self::Exact(kind, subtype) => media_type.is(kind, subtype),
            Self::Type(kind) => media_type.kind.eq_ignore_ascii_case(kind),
            Self::Suffix(suffix) => media_type.has_suffix(suffix),
        }
    }
}

/// A parameter's value and what follows it: a token, or a quoted string without its quotes. Escapes stay as they are:
/// no name of a charset has any.
fn value(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find([' ', '\t', ';']).unwrap_or(text.len()));
        return is_token(value).then_some((value, rest));
    };
    let mut escaped = false;
    let end = quoted.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let (value, rest) = quoted.split_at(end);
    Some((value, rest.strip_prefix('"')?))
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

const OWS: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(field: &str) -> Result<MediaType<'_>, Malformed> {
        MediaType::parse(field)
    }

    #[test]
    fn a_media_type_is_read_by_the_grammar() {
        for json in [
            "application/json",
            "Application/JSON; Charset=UTF-8",
            " application/json ; charset=\"utf-8\" ",
            "application/problem+json;;v=1;",
            "application/json; a=\"x;charset=latin1\\\"\"; charset=utf-16",
        ] {
            let media_type = parse(json).unwrap();
            assert!(media_type.is_json() && media_type.has_readable_charset(), "{json}");
        }
        for malformed in [
            "",
            "json",
            "/json",
            "application/",
            "application/json charset=utf-8",
            "application/json; charset",
            "application/json; charset = utf-8",
            "application/json; charset=\"utf-8",
            "a/b/c",
            "text/plain, text/html",
            "application/json; charset=utf-8; charset=utf-7",
            "application/json; charset=",
        ] {
            assert_eq!(parse(malformed), Err(Malformed), "{malformed}");
        }
        let two = [HeaderValue::from_static("a/b"), HeaderValue::from_static("a/b")];
        assert_eq!(MediaType::of(&two), Err(Malformed));
    }

    #[test]
    fn only_charsets_that_parsers_agree_on_are_readable() {
        for (field, readable) in [
            ("application/json; charset=utf-99", false),
            ("application/json; charset=utf-7", false),
            ("application/json; charset=iso-8859-1", false),
            ("application/json; charset=\"\"", true),
            ("application/x-www-form-urlencoded; charset=ISO-8859-1", true),
            ("application/x-www-form-urlencoded; charset=utf-16", false),
            ("application/x-www-form-urlencoded; charset=koi8-r", false),
            ("text/plain; charset=koi8-r", true),
        ] {
            assert_eq!(parse(field).unwrap().has_readable_charset(), readable, "{field}");
        }
    }

    #[test]
    fn a_pattern_is_a_type_a_family_or_a_suffix() {
        let matches =
            |pattern: &str, field: &str| Pattern::parse(pattern).unwrap().matches(&parse(field).unwrap());
        assert!(matches("application/json", "APPLICATION/json; charset=utf-8"));
        assert!(!matches("application/json", "application/ld+json"));
        assert!(matches("+json", "application/ld+json"));
        assert!(matches("multipart/*", "multipart/form-data; boundary=x"));
        assert!(!matches("text/*", "multipart/form-data"));
        for wrong in ["", "json", "*/*", "*/json", "application/j*", "+", "application/json; charset=utf-8"] {
            assert_eq!(Pattern::parse(wrong), None, "{wrong}");
        }
    }
}
