//! A request that was sent, and what came back.

use std::borrow::Cow;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};

use super::content_security_policy::ContentSecurityPolicy;
use super::cookie_date;
use super::fetch_error::FetchError;
use super::meta_element::meta_content;
use super::set_cookie::SetCookie;
use super::target::Target;
use super::tls::Handshake;
use super::visible_text::visible_text;

/// Why a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probe {
    /// A request that was answered by a redirect, which was followed.
    Redirect,
    /// The page asked for, after the redirects.
    Page,
    /// The same page once more, at least a second later.
    PageAgain,
    /// A path that does not exist.
    Missing,
    /// A path whose percent-encoding is not UTF-8.
    MalformedPath,
    /// A POST whose JSON ends in the middle.
    MalformedJson,
    /// A GET with an Origin that is not the site's.
    ForeignOrigin(OriginKind),
    /// A CORS preflight with an Origin that is not the site's.
    Preflight(OriginKind),
    /// The same host over plain HTTP.
    PlainHttp,
    /// A form with one made-up field that comes as if from the site's own page.
    OwnForm,
    /// The same, as if from another site's page.
    ForeignForm,
    /// A login with a made-up name and password: which one in the row.
    WrongLogin(u8),
}

impl Probe {
    /// The answers that a user can come to see: the page, and one of each kind of error.
    pub(crate) const PAGES: [Self; 4] = [Self::Page, Self::Missing, Self::MalformedPath, Self::MalformedJson];

    /// What is asked for, in words.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Redirect => "the redirect",
            Self::Page => "the page",
            Self::PageAgain => "the page, fetched again,",
            Self::Missing => "a path that does not exist",
            Self::MalformedPath => "a malformed path",
            Self::MalformedJson => "malformed JSON",
            Self::ForeignOrigin(_) => "a request with a foreign Origin",
            Self::Preflight(_) => "a preflight with a foreign Origin",
            Self::PlainHttp => "plain HTTP",
            Self::OwnForm => "a form of the site's own",
            Self::ForeignForm => "a form of another site",
            Self::WrongLogin(_) => "a wrong login",
        }
    }
}

/// An Origin, by what an allow-list must get wrong to let it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginKind {
    /// Nothing in common with the site.
    Foreign,
    /// `null`: what a sandboxed frame or a local file sends.
    Null,
    /// Ends like the allowed one: `https://attackershop.example`.
    Suffix,
    /// Begins like the allowed one: `https://shop.example.attacker.example`.
    Prefix,
    /// Has a letter where the allowed one has its first dot: `https://wwwxshop.example`.
    Dot,
    /// The allowed one without TLS.
    PlainHttp,
}

/// What is sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// GET, OPTIONS or POST.
    pub method: Method,
    /// Where to.
    pub target: Target,
    /// The `Origin` field.
    pub origin: Option<String>,
    /// A JSON body.
    pub json: Option<&'static str>,
    /// The body of a form.
    pub form: Option<String>,
}

impl Request {
    pub(crate) fn get(target: Target) -> Self {
        Self { method: Method::GET, target, origin: None, json: None, form: None }
    }

    pub(crate) fn with_origin(self, origin: &str) -> Self {
        Self { origin: Some(origin.to_owned()), ..self }
    }

    pub(crate) fn form(target: Target, body: impl Into<String>) -> Self {
        Self { method: Method::POST, form: Some(body.into()), ..Self::get(target) }
    }

    /// What a browser says of the page that a form stands in (Fetch Metadata, section 2.1).
    pub(crate) fn fetch_site(&self) -> Option<&'static str> {
        self.form.as_ref()?;
        let own = self.origin.as_ref().is_some_and(|origin| *origin == self.target.origin());
        Some(if own { "same-origin" } else { "cross-site" })
    }

    /// The fields that make an OPTIONS request a preflight (Fetch, 3.3.2).
    pub(crate) fn preflight_fields(&self) -> &'static [(&'static str, &'static str)] {
        if self.method == Method::OPTIONS && self.origin.is_some() {
            &[("access-control-request-method", "PUT"), ("access-control-request-headers", "content-type")]
        } else {
            &[]
        }
    }
}

impl fmt::Display for Request {
    /// Writes `GET https://shop.example/ (Origin: null)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)?;
        if let Some(origin) = &self.origin {
            write!(f, " (Origin: {origin})")?;
        }
        if self.json.is_some() {
            f.write_str(" (malformed JSON)")?;
        }
        if self.form.is_some() {
            f.write_str(" (form)")?;
        }
        Ok(())
    }
}

/// A request and its outcome.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// Why it was sent.
    pub probe: Probe,
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub outcome: Result<Response, FetchError>,
}

/// An answer, as far as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: StatusCode,
    /// The header fields.
    pub fields: HeaderMap,
    /// The body up to the bound, in the coding in which it came.
    pub body: Bytes,
    /// How the body ended.
    pub body_end: BodyEnd,
    /// The TLS handshake before it.
    pub handshake: Option<Handshake>,
    /// When the body was read.
    pub received: SystemTime,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// As the framing said.
    Complete,
    /// It went on beyond the bound.
    Cut,
    /// It went on beyond the deadline.
    TimedOut,
    /// The connection ended in the middle.
    Broken,
}

impl Response {
    /// The first field of that name, as text.
    pub fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// Every field of that name, joined by commas as RFC 9110, 5.3 allows; `None` if there is none.
    pub fn list(&self, name: &str) -> Option<String> {
        let values: Vec<_> =
            self.fields.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether the list in the fields of that name has `member`, in any letter case.
    pub fn lists(&self, name: &str, member: &str) -> bool {
        self.list(name)
            .is_some_and(|list| list.split(',').any(|entry| entry.trim().eq_ignore_ascii_case(member)))
    }

    /// Whether a browser shows the body as an HTML document.
    pub fn is_html(&self) -> bool {
        self.field(CONTENT_TYPE.as_str()).is_some_and(|media_type| {
            let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            essence == "text/html" || essence == "application/xhtml+xml"
        })
    }

    /// The body as text; `None` if it is compressed, which was not asked for.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self.field(CONTENT_ENCODING.as_str()) {
            Some(coding) if !coding.eq_ignore_ascii_case("identity") => None,
            _ => Some(String::from_utf8_lossy(&self.body)),
        }
    }

    /// What a person would read: the text of an HTML body without its tags, any other text as it is.
    pub fn visible_text(&self) -> Option<String> {
        let text = self.text()?;
        Some(if self.is_html() { visible_text(&text) } else { text.into_owned() })
    }

    /// The content of a `meta` element of an HTML body: `attribute` is `name` or `http-equiv`.
    pub fn meta(&self, attribute: &str, value: &str) -> Option<String> {
        if !self.is_html() {
            return None;
        }
        meta_content(&self.text()?, attribute, value)
    }

    /// The policies that a browser enforces on it, from fields and from `meta`.
    pub fn policies(&self) -> Vec<ContentSecurityPolicy> {
        const NAME: &str = "content-security-policy";
        let mut policies = ContentSecurityPolicy::parse_list(&self.list(NAME).unwrap_or_default());
        if let Some(content) = self.meta("http-equiv", NAME) {
            policies.extend(ContentSecurityPolicy::parse_list(&content));
        }
        policies
    }

    /// Whether the body came as far as it is looked at.
    pub fn is_whole(&self) -> bool {
        matches!(self.body_end, BodyEnd::Complete | BodyEnd::Cut)
    }

    /// The cookies it sets, up to 300: browsers keep fewer of one site. A field that no browser would read as
    /// a cookie is left out.
    pub fn cookies(&self) -> impl Iterator<Item = SetCookie> {
        const MAX_FIELDS: usize = 300;
        self.fields
            .get_all(SET_COOKIE)
            .iter()
            .take(MAX_FIELDS)
            .filter_map(|field| SetCookie::parse(&String::from_utf8_lossy(field.as_bytes())))
    }

    /// Seconds since 1970 by the server's clock, by ours where the answer has no date.
    pub fn unix_time(&self) -> i64 {
        self.field(DATE.as_str()).and_then(|date| cookie_date::parse(&date)).unwrap_or_else(|| {
            self.received
                .duration_since(UNIX_EPOCH)
                .ok()
                .and_then(|since| i64::try_from(since.as_secs()).ok())
                .unwrap_or_default()
        })
    }
}
