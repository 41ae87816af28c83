//! Asks a site the questions of an audit, one after the other.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, LOCATION};
use http::{Method, StatusCode};

use super::exchange::{Exchange, OriginKind, Probe, Request, Response};
use super::fetch::Fetcher;
use super::fetch_error::FetchError;
use super::options::Options;
use super::set_cookie::SetCookie;
use super::target::{Target, TargetError};
use super::tls::{RootsError, Tls};

/// Stands for an origin that has nothing to do with the site (RFC 2606: never anyone's).
const FOREIGN_ORIGIN: &str = "https://portcullis-audit.example";

/// Everything a live audit saw.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Evidence {
    /// The URL that was asked for.
    pub asked: Target,
    /// The URL whose answer is judged: that one, or where its redirects led within the site.
    pub target: Target,
    /// What was sent and what came, in order.
    pub exchanges: Vec<Exchange>,
    /// What the reader should know of the way it was collected.
    pub notes: Vec<String>,
}

impl Evidence {
    /// The exchange of a probe, if it was made.
    pub fn exchange(&self, probe: &Probe) -> Option<&Exchange> {
        self.exchanges.iter().find(|exchange| exchange.probe == *probe)
    }

    /// The answer to a probe, if it was made and answered.
    pub fn answer(&self, probe: &Probe) -> Option<(&Request, &Response)> {
        self.exchange(probe).and_then(answered)
    }

    /// What the site answered for the origin that is judged: everything but the redirects to it and the plain
    /// HTTP port.
    pub fn answers(&self) -> impl Iterator<Item = (&Request, &Response)> {
        self.exchanges
            .iter()
            .filter(|exchange| !matches!(exchange.probe, Probe::Redirect | Probe::PlainHttp))
            .filter_map(answered)
    }

    /// The answers that a user can come to see: the page, and one of each kind of error.
    pub fn pages(&self) -> impl Iterator<Item = (&Request, &Response)> {
        Probe::PAGES.iter().filter_map(|probe| self.answer(probe))
    }

    /// The answers to Origins that are not the site's, with the kind of origin.
    pub fn cross_origin(&self) -> impl Iterator<Item = (OriginKind, &Request, &Response)> {
        self.exchanges.iter().filter_map(|exchange| match exchange.probe {
            Probe::ForeignOrigin(kind) | Probe::Preflight(kind) => {
                answered(exchange).map(|(request, response)| (kind, request, response))
            }
            _ => None,
        })
    }

    /// Every cookie that was set, with the answer that set it, redirects included; one of each name and set
    /// of attributes. What removes a cookie is left out.
    pub fn cookies(&self) -> Vec<(SetCookie, &Request, &Response)> {
        let mut known = BTreeSet::new();
        let mut cookies = Vec::new();
        for (request, response) in self.exchanges.iter().filter_map(answered) {
            let now = response.unix_time();
            for cookie in response.cookies().filter(|cookie| !cookie.is_removal(now)) {
                if known.insert(SetCookie { value: String::new(), expires: None, ..cookie.clone() }) {
                    cookies.push((cookie, request, response));
                }
            }
        }
        cookies
    }
}

fn answered(exchange: &Exchange) -> Option<(&Request, &Response)> {
    exchange.outcome.as_ref().ok().map(|response| (&exchange.request, response))
}

/// Collects the evidence. An error means that there is no page to judge; a later probe that fails is part of
/// the evidence.
pub(crate) async fn collect(asked: Target, options: &Options) -> Result<Evidence, CollectError> {
    let fetcher = Fetcher::new(options, Tls::new(&options.extra_roots_pem)?);
    let mut allowed = options
        .allowed_origins
        .iter()
        .take(Options::MAX_ALLOWED_ORIGINS)
        .map(|origin| Target::parse(origin))
        .collect::<Result<Vec<_>, _>>()?;
    let mut evidence = Evidence { target: asked.clone(), asked, exchanges: Vec::new(), notes: Vec::new() };
    fetch_page(&fetcher, &mut evidence, options).await?;
    let page_seen = Instant::now();
    if let Some((_, page)) = evidence.answer(&Probe::Page).filter(|(_, page)| page.status.as_u16() >= 400) {
        let status = page.status;
        evidence.notes.push(format!("the page answers with status {status}: what users see may differ"));
    }
    let target = evidence.target.clone();

    let missing = target.with_path(&format!("/portcullis-audit-{:016x}", random()));
    ask(&fetcher, &mut evidence, Probe::Missing, Request::get(missing)).await;
    // `%E0%A4%A` ends in the middle of a UTF-8 sequence: decodeURIComponent throws.
    let malformed = target.with_path("/%E0%A4%A");
    ask(&fetcher, &mut evidence, Probe::MalformedPath, Request::get(malformed)).await;
    let json = Request {
        method: Method::POST,
        json: Some("{\"portcullis-audit\":"),
        ..Request::get(target.clone())
    };
    ask(&fetcher, &mut evidence, Probe::MalformedJson, json).await;

    ask_origin(&fetcher, &mut evidence, OriginKind::Foreign, FOREIGN_ORIGIN).await;
    ask_origin(&fetcher, &mut evidence, OriginKind::Null, "null").await;
    if allowed.is_empty() {
        allowed.push(named_origin(&evidence));
    }
    for (kind, origin) in allowed.iter().flat_map(look_alikes) {
        ask_origin(&fetcher, &mut evidence, kind, &origin).await;
    }

    if options.active {
        ask_actively(&fetcher, &mut evidence).await;
    }
    if let Some(plain) = plain_http(&evidence, options) {
        ask(&fetcher, &mut evidence, Probe::PlainHttp, Request::get(plain)).await;
    }
    if has_session_with_date(&evidence) {
        // Dates in cookies have a resolution of a second.
        let a_second_later = Duration::from_millis(1_100).saturating_sub(page_seen.elapsed());
        tokio::time::sleep(a_second_later).await;
        ask(&fetcher, &mut evidence, Probe::PageAgain, Request::get(target)).await;
    }
    Ok(evidence)
}

async fn ask(fetcher: &Fetcher<'_>, evidence: &mut Evidence, probe: Probe, request: Request) {
    let outcome = fetcher.send(&request).await;
    evidence.exchanges.push(Exchange { probe, request, outcome });
}

async fn ask_origin(fetcher: &Fetcher<'_>, evidence: &mut Evidence, kind: OriginKind, origin: &str) {
    let get = Request::get(evidence.target.clone()).with_origin(origin);
    let preflight = Request { method: Method::OPTIONS, ..get.clone() };
    ask(fetcher, evidence, Probe::ForeignOrigin(kind), get).await;
    ask(fetcher, evidence, Probe::Preflight(kind), preflight).await;
}

/// What may change something, if the site lets it: to the URL that was given, and nowhere else.
async fn ask_actively(fetcher: &Fetcher<'_>, evidence: &mut Evidence) {
    if evidence.target != evidence.asked {
        evidence.notes.push(format!(
            "nothing was sent that may change something: {} leads to {}; audit that URL itself for it",
            evidence.asked, evidence.target
        ));
        return;
    }
    let target = evidence.asked.clone();
    let own = target.origin();
    let form = |origin: &str, body: &str| Request::form(target.clone(), body).with_origin(origin);
    ask(fetcher, evidence, Probe::OwnForm, form(&own, "portcullis-audit=1")).await;
    ask(fetcher, evidence, Probe::ForeignForm, form(FOREIGN_ORIGIN, "portcullis-audit=1")).await;

    let name = format!("portcullis-audit-{:016x}", random());
    let fields =
        ["username", "user", "email", "login"].map(|field| format!("{field}={name}%40portcullis.example"));
    let body = format!("{}&password=wrong-{:016x}", fields.join("&"), random());
    for count in 1..=WRONG_LOGINS {
        ask(fetcher, evidence, Probe::WrongLogin(count), form(&own, &body)).await;
        let answer = evidence.answer(&Probe::WrongLogin(count));
        if answer.is_none_or(|(_, response)| response.status == StatusCode::TOO_MANY_REQUESTS) {
            return; // it is limited, or does not answer any more
        }
    }
}

/// Wrong logins in a row. The mission's guide stops at ten.
pub(crate) const WRONG_LOGINS: u8 = 12;

async fn fetch_page(
    fetcher: &Fetcher<'_>,
    evidence: &mut Evidence,
    options: &Options,
) -> Result<(), CollectError> {
    loop {
        let request = Request::get(evidence.target.clone());
        let response = fetcher
            .send(&request)
            .await
            .map_err(|error| CollectError::NoPage { url: request.target.to_string(), error })?;
        let next = match next_hop(&request.target, &response) {
            Hop::None => None,
            Hop::Stays(note) => {
                evidence.notes.push(note);
                None
            }
            Hop::To(next) => Some(next),
        };
        let probe = if next.is_some() { Probe::Redirect } else { Probe::Page };
        evidence.exchanges.push(Exchange { probe, request, outcome: Ok(response) });
        let Some(next) = next else { return Ok(()) };
        if evidence.exchanges.len() > options.max_redirects {
            return Err(CollectError::TooManyRedirects(TooManyRedirects {
                count: evidence.exchanges.len(),
                from: evidence.asked.to_string(),
                last: next.to_string(),
            }));
        }
        evidence.target = next;
    }
}

enum Hop {
    None,
    Stays(String),
    To(Target),
}

fn next_hop(from: &Target, response: &Response) -> Hop {
    let Some(location) = response.field(LOCATION.as_str()).filter(|_| response.status.is_redirection())
    else {
        return Hop::None;
    };
    match from.join(&location) {
        Ok(next) if next.is_kin_of(from) => Hop::To(next),
        Ok(next) => Hop::Stays(format!(
            "{from} redirects to another site ({}), which was not followed: its answer to us is the redirect",
            crate::quote::quoted(&next.origin())
        )),
        Err(error) => Hop::Stays(format!("the redirect of {from} was not followed: {error}")),
    }
}

/// The origin that the site names to everybody, or its own.
fn named_origin(evidence: &Evidence) -> Target {
    let named = evidence
        .answers()
        .filter_map(|(_, response)| response.field(ACCESS_CONTROL_ALLOW_ORIGIN.as_str()))
        .filter(|origin| origin != FOREIGN_ORIGIN)
        .find_map(|origin| Target::parse(&origin).ok());
    named.unwrap_or_else(|| evidence.target.clone())
}

/// What a careless comparison takes for `allowed`.
fn look_alikes(allowed: &Target) -> Vec<(OriginKind, String)> {
    let (scheme, host, authority) = (allowed.scheme(), allowed.host(), allowed.authority());
    let mut origins = Vec::new();
    if !host.starts_with('[') {
        origins.push((OriginKind::Prefix, format!("{scheme}://{host}.attacker.example")));
    }
    // No browser has an origin whose host ends in an address with more before it.
    if allowed.address().is_none() {
        origins.push((OriginKind::Suffix, format!("{scheme}://attacker{authority}")));
        if host.matches('.').count() > 1 {
            origins.push((OriginKind::Dot, format!("{scheme}://{}", authority.replacen('.', "x", 1))));
        }
    }
    if allowed.is_https() {
        origins.push((OriginKind::PlainHttp, format!("http://{host}")));
    }
    origins
}

/// Where the same host should answer plain HTTP, if that can be known and was not seen already.
fn plain_http(evidence: &Evidence, options: &Options) -> Option<Target> {
    if !evidence.target.is_https() || !evidence.asked.is_https() {
        return None;
    }
    let standard = (evidence.target.port() == 443).then_some(80);
    options.http_port.or(standard).map(|port| evidence.target.over_plain_http(port))
}

fn has_session_with_date(evidence: &Evidence) -> bool {
    evidence.answer(&Probe::Page).is_some_and(|(_, page)| {
        let now = page.unix_time();
        page.cookies()
            .any(|cookie| cookie.expires.is_some() && cookie.looks_like_session() && !cookie.is_removal(now))
    })
}

/// Sixty-four random bits; a constant where the system has none, since the path only has to be unlikely.
fn random() -> u64 {
    getrandom::u64().unwrap_or(0x6e6f_2d72_616e_646f)
}

/// Why there is nothing to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CollectError {
    /// The roots cannot be used.
    Roots(RootsError),
    /// An allowed origin is none.
    Origin(TargetError),
    /// The page got no answer.
    NoPage { url: String, error: FetchError },
    /// The page is never reached.
    TooManyRedirects(TooManyRedirects),
}

impl From<RootsError> for CollectError {
    fn from(error: RootsError) -> Self {
        Self::Roots(error)
    }
}

impl From<TargetError> for CollectError {
    fn from(error: TargetError) -> Self {
        Self::Origin(error)
    }
}

/// A page that redirects again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyRedirects {
    /// How many were followed.
    pub count: usize,
    /// The URL asked for.
    pub from: String,
    /// Where the last one leads.
    pub last: String,
}

impl fmt::Display for TooManyRedirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} redirects {} times and would go on to {}: a browser that keeps no cookies never gets there; \
             audit the last page directly, or mend the loop",
            self.from,
            self.count,
            crate::quote::quoted(&self.last)
        )
    }
}

impl Error for TooManyRedirects {}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(url: &str) -> Vec<String> {
        look_alikes(&Target::parse(url).unwrap()).into_iter().map(|(_, origin)| origin).collect()
    }

    #[test]
    fn look_alikes_are_not_the_origin() {
        assert_eq!(
            origins("https://www.shop.example:8443/x"),
            [
                "https://www.shop.example.attacker.example",
                "https://attackerwww.shop.example:8443",
                "https://wwwxshop.example:8443",
                "http://www.shop.example"
            ]
        );
        assert_eq!(
            origins("http://shop.example/"),
            ["http://shop.example.attacker.example", "http://attackershop.example"]
        );
        assert_eq!(origins("http://127.0.0.1:3000/"), ["http://127.0.0.1.attacker.example"]);
        assert_eq!(origins("http://[::1]/"), [""; 0]);
    }
}
