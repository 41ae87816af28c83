//! Every check against its fixtures: answers of bad and good sites, as text.
//!
//! `fixtures/<family>/<rule-name>/bad-*.http` must be broken, `good-*.http` must not, `unknown-*.http` must
//! be unknown. A file holds one exchange or more:
//!
//! ```text
//! ### preflight null                       which probe, and of which kind
//! OPTIONS https://shop.example/            the request
//! Origin: null
//! # tls: 1.3 X25519MLKEM768                the handshake, where there was one
//! # certificate: it has expired
//!
//! HTTP/1.1 204 No Content                  the answer, or `no answer`
//! Access-Control-Allow-Origin: null
//!
//! the body
//! ```
//!
//! A project stands in a `.project` file: see `project`.
//!
//! `{4000}` in an answer stands for that many letters. Pages that a file does not speak of are plain and
//! clean for the judged rules: see `UNREMARKABLE`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{ALL, Check};
use crate::advisory::{Database, Import};
use crate::date::Date;
use crate::evidence::live::{
    BodyEnd, Evidence, Exchange, FetchError, Handshake, OriginKind, Probe, Request, Response, Stage, Target,
    TlsVersion,
};
use crate::evidence::project::{Files, Project};
use crate::verdict::Verdict;

/// The error answers of a site that says nothing: for fixtures that only show the page.
const UNREMARKABLE: &str = "\
### missing
GET https://shop.example/nothing-here

HTTP/1.1 404 Not Found
Strict-Transport-Security: max-age=63072000; includeSubDomains
X-Content-Type-Options: nosniff
Content-Type: application/problem+json

{\"status\":404}
### malformed-path
GET https://shop.example/%E0%A4%A

HTTP/1.1 400 Bad Request
Strict-Transport-Security: max-age=63072000; includeSubDomains
X-Content-Type-Options: nosniff
Content-Type: application/problem+json

{\"status\":400}
### malformed-json
POST https://shop.example/

HTTP/1.1 400 Bad Request
Strict-Transport-Security: max-age=63072000; includeSubDomains
X-Content-Type-Options: nosniff
Content-Type: application/problem+json

{\"status\":400}
";

#[test]
fn fixtures_show_what_each_check_finds_and_what_it_lets_pass() {
    let mut seen = 0;
    for check in ALL {
        for file in fixtures(check) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let verdict = judge(check, &file);
            let expected = match name.split('-').next() {
                Some("bad") => matches!(&verdict, Verdict::Broken(fault) if !fault.observations.is_empty()),
                Some("good") => !matches!(verdict, Verdict::Broken(_)),
                Some("unknown") => matches!(verdict, Verdict::Unknown { .. }),
                _ => panic!("{} is neither bad-, good- nor unknown-", file.display()),
            };
            assert!(expected, "{}: {verdict:?}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 2 * ALL.len());
}

#[test]
fn every_check_has_a_bad_and_a_good_fixture() {
    for check in ALL {
        let files = fixtures(check);
        for start in ["bad-", "good-"] {
            if start == "bad-" && NEVER_BROKEN.contains(&check.proves.id.as_str()) {
                continue;
            }
            let any = files.iter().any(|file| file.file_name().unwrap().to_string_lossy().starts_with(start));
            assert!(any, "{} has no {start}*", check.proves.id);
        }
    }
}

/// A check that can never say "broken" must say so by name: a limit of which nobody speaks would have to be run into.
const NEVER_BROKEN: [&str; 1] = ["auth.rate-limit-global"];

/// A check that can never say "holds" must say so by name: the signature of an unknown secret proves nothing.
const NEVER_HOLDS: [&str; 1] = ["cookie.secret-hardcoded"];

#[test]
fn every_check_can_hold() {
    for check in ALL.iter().filter(|check| !NEVER_HOLDS.contains(&check.proves.id.as_str())) {
        let holds = fixtures(check).iter().any(|file| matches!(judge(check, file), Verdict::Holds { .. }));
        assert!(holds, "no fixture of {} holds", check.proves.id);
    }
}

#[test]
fn every_fixture_belongs_to_a_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for family in fs::read_dir(&root).unwrap() {
        let family = family.unwrap().path();
        for rule in fs::read_dir(&family).unwrap() {
            let rule = rule.unwrap().path();
            assert!(ALL.iter().any(|check| folder(check) == rule), "{} has no check", rule.display());
        }
    }
}

#[test]
fn checks_are_in_the_order_of_their_rules_and_prove_each_once() {
    let ids: Vec<_> = ALL.iter().map(|check| check.proves.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
}

#[test]
fn nothing_is_green_that_was_not_seen() {
    for url in ["https://shop.example/", "http://shop.example/"] {
        let target = Target::parse(url).unwrap();
        let nothing = Evidence { asked: target.clone(), target, exchanges: Vec::new(), notes: Vec::new() };
        for (check, live) in of_sites() {
            let verdict = live(&nothing);
            assert!(!matches!(verdict, Verdict::Holds { .. }), "{}: {verdict:?}", check.proves.id);
        }
    }
}

#[test]
fn a_failed_probe_is_never_taken_for_a_clean_answer() {
    let page = "### page\nGET https://shop.example/\n# tls: 1.3 X25519MLKEM768\n\nHTTP/1.1 200 OK\nContent-Type: text/html\n\nhello\n";
    let failed = [
        "### missing\nGET",
        "### malformed-path\nGET",
        "### malformed-json\nPOST",
        "### origin foreign\nGET",
    ]
    .map(|probe| format!("{probe} https://shop.example/x\n\nno answer\n"))
    .join("");
    let evidence = parse(&format!("{page}{failed}"));
    let on_the_page_alone = ["cookie.save-uninitialized", "header.", "tls."];
    for (check, live) in of_sites() {
        let id = check.proves.id.as_str();
        let verdict = live(&evidence);
        if !on_the_page_alone.iter().any(|start| id.starts_with(start)) {
            assert!(!matches!(verdict, Verdict::Holds { .. }), "{id}: {verdict:?}");
        }
    }
}

fn of_sites() -> impl Iterator<Item = (&'static Check, fn(&Evidence) -> Verdict)> {
    ALL.iter().filter_map(|check| Some((check, check.live?)))
}

/// What the check says of a fixture: of the answers in an `.http` file, of the files in a `.project` file.
fn judge(check: &Check, fixture: &Path) -> Verdict {
    let text = fs::read_to_string(fixture).unwrap();
    match fixture.extension().and_then(|extension| extension.to_str()) {
        Some("http") => check.live.unwrap()(&evidence(&text)),
        Some("project") => check.project.unwrap()(&project(&text)),
        _ => panic!("{} is neither .http nor .project", fixture.display()),
    }
}

/// The project in a file: each part is a line `=== path` and the text of that file. It is judged on a day that does
/// not move, by the records in its part `advisories.jsonl`, else by the advisories that come with the crate.
fn project(text: &str) -> Project {
    let parts: Vec<(&str, &str)> = text
        .split("=== ")
        .skip(1)
        .map(|part| part.split_once('\n').expect("a path on a line of its own"))
        .collect();
    let today = Date::parse("2026-11-20").unwrap();
    let files = Files::from_texts(parts.iter().copied());
    let folder = tempfile::tempdir().unwrap();
    let database = match parts.iter().find(|(path, _)| *path == "advisories.jsonl") {
        Some((path, records)) => {
            let mut import = Import::new();
            import.add_download(path, records.as_bytes()).unwrap();
            let path = folder.path().join("advisories.db");
            import.write(&path, today).unwrap();
            Database::open(&path).unwrap()
        }
        None => Database::embedded().unwrap(),
    };
    Project::new(&files, &database, today).unwrap()
}

fn folder(check: &Check) -> PathBuf {
    let id = check.proves.id;
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(id.family()).join(id.name())
}

fn fixtures(check: &Check) -> Vec<PathBuf> {
    let folder = folder(check);
    let Ok(files) = fs::read_dir(&folder) else { return Vec::new() };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The evidence in a file, completed by unremarkable pages on the file's own origin.
fn evidence(text: &str) -> Evidence {
    let mut evidence = parse(text);
    for exchange in parse(UNREMARKABLE).exchanges {
        if evidence.exchange(&exchange.probe).is_none() {
            evidence.exchanges.push(exchange);
        }
    }
    evidence
}

fn parse(text: &str) -> Evidence {
    let exchanges: Vec<Exchange> =
        text.split("### ").filter(|part| !part.trim().is_empty()).map(exchange).collect();
    let target = |probe: &Probe| {
        exchanges
            .iter()
            .find(|exchange| exchange.probe == *probe)
            .map(|exchange| exchange.request.target.clone())
    };
    let judged = target(&Probe::Page).unwrap_or_else(|| exchanges[0].request.target.clone());
    let asked = target(&Probe::Redirect).unwrap_or_else(|| judged.clone());
    Evidence { asked, target: judged, exchanges, notes: Vec::new() }
}

fn exchange(part: &str) -> Exchange {
    let (request, answer) = part.split_once("\n\n").expect("an empty line between request and answer");
    let mut lines = request.lines();
    let probe = probe(lines.next().unwrap().trim());
    let (method, url) = lines.next().unwrap().split_once(' ').expect("METHOD URL");
    let mut request = Request {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        ..Request::get(Target::parse(url).unwrap())
    };
    let mut handshake = None;
    let mut certificate_fault = None;
    for line in lines {
        if let Some(origin) = line.strip_prefix("Origin: ") {
            request.origin = Some(origin.to_owned());
        } else if let Some(tls) = line.strip_prefix("# tls: ") {
            handshake = Some(tls.split_once(' ').expect("VERSION GROUP"));
        } else if let Some(fault) = line.strip_prefix("# certificate: ") {
            certificate_fault = Some(fault.to_owned());
        } else {
            panic!("not understood: {line}");
        }
    }
    let handshake = handshake.map(|(version, group)| Handshake {
        version: if version == "1.3" { TlsVersion::Tls13 } else { TlsVersion::Tls12 },
        group: group.to_owned(),
        certificate_fault,
    });
    let outcome = match answer.trim() {
        "no answer" => {
            Err(FetchError::TimedOut { stage: Stage::Head, after: std::time::Duration::from_secs(10) })
        }
        "refused" => Err(FetchError::Refused { authority: request.target.authority() }),
        _ => Ok(response(answer, handshake)),
    };
    Exchange { probe, request, outcome }
}

fn probe(words: &str) -> Probe {
    let kind = |kind: &str| match kind {
        "foreign" => OriginKind::Foreign,
        "null" => OriginKind::Null,
        "suffix" => OriginKind::Suffix,
        "prefix" => OriginKind::Prefix,
        "dot" => OriginKind::Dot,
        "plain-http" => OriginKind::PlainHttp,
        other => panic!("no kind of origin: {other}"),
    };
    match words.split_once(' ') {
        Some(("origin", word)) => Probe::ForeignOrigin(kind(word)),
        Some(("preflight", word)) => Probe::Preflight(kind(word)),
        Some(("wrong-login", count)) => Probe::WrongLogin(count.parse().unwrap()),
        _ => match words {
            "redirect" => Probe::Redirect,
            "page" => Probe::Page,
            "page-again" => Probe::PageAgain,
            "missing" => Probe::Missing,
            "malformed-path" => Probe::MalformedPath,
            "malformed-json" => Probe::MalformedJson,
            "plain-http" => Probe::PlainHttp,
            "own-form" => Probe::OwnForm,
            "foreign-form" => Probe::ForeignForm,
            other => panic!("no probe: {other}"),
        },
    }
}

fn response(answer: &str, handshake: Option<Handshake>) -> Response {
    let answer = filled(answer);
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer.trim_end(), ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).expect("a status code");
    let mut fields = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {line}"));
        fields.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.trim().as_bytes()).unwrap(),
        );
    }
    Response {
        status: StatusCode::from_bytes(status.as_bytes()).unwrap(),
        fields,
        body: body.to_owned().into(),
        body_end: BodyEnd::Complete,
        handshake,
        received: SystemTime::UNIX_EPOCH,
    }
}

/// Replaces `{4000}` by that many letters.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').and_then(|(count, after)| Some((count.parse().ok()?, after))) {
            Some((count, after)) => {
                out.push_str(&"x".repeat(count));
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}
