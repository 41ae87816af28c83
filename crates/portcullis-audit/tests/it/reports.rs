//! The forms in which a report is told.

use portcullis_audit::report::comparison::{self, State, compare};
use portcullis_audit::report::json;
use portcullis_audit::report::terminal::{self, Look};
use portcullis_audit::{Report, audit_url};
use serde_json::Value;

use crate::server::{Server, answer, quick};
use crate::sites::{faulty, hardened};

async fn report(server: &Server) -> Report {
    audit_url(&server.http(), &quick()).await.unwrap()
}

/// `text` without the colours that we write ourselves.
fn without_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}

#[tokio::test]
async fn the_terminal_report_fits_80_columns_and_ends_with_the_grade() {
    let server = Server::answering(faulty).await;
    let report = report(&server).await;
    let text = terminal::render(&report, Look::Plain);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(text.lines().last().unwrap().starts_with("Grade F"), "{text}");
    for finding in &report.findings {
        assert!(text.contains(finding.rule.id.as_str()));
    }
    let high = text.find("high ").unwrap();
    assert!(high < text.find("medium ").unwrap());
    assert!(!text.contains('\u{1b}'));
    let coloured = terminal::render(&report, Look::Coloured);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(without_colours(&coloured), text);
}

#[tokio::test]
async fn what_is_unknown_is_told() {
    let server = Server::answering(|_| answer("404 Not Found", "Content-Type: text/html", "no")).await;
    let text = terminal::render(&report(&server).await, Look::Plain);
    assert!(text.contains("Unknown, and so neither held nor broken"), "{text}");
    assert!(text.contains("error.stack-leak: "), "{text}");
}

#[tokio::test]
async fn the_site_cannot_write_to_the_terminal() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}";
    let server = Server::raw(move |mut stream, _| async move {
        crate::server::request(&mut stream).await;
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-XSS-Protection: 1{}\r\nServer: a/1 \u{202e}\u{9b}x\r\nContent-Length: 0\r\n\r\n",
            "y".repeat(3_000)
        );
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await;
    })
    .await;
    let redirecting =
        Server::answering(move |_| answer("302 Found", &format!("Location: http://x{hostile}.example/"), ""))
            .await;
    for server in [server, redirecting] {
        // A field that hyper refuses is an error; what it takes must be shown harmless.
        let text = match audit_url(&server.http(), &quick()).await {
            Ok(report) => terminal::render(&report, Look::Plain) + &json::render(&report),
            Err(error) => error.to_string(),
        };
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.chars().any(harmful), "{text:?}");
        assert!(text.len() < 100_000);
    }
}

#[tokio::test]
async fn the_json_report_keeps_its_schema() {
    let server = Server::answering(faulty).await;
    let report = report(&server).await;
    let text = json::render(&report);
    assert_eq!(text, json::render(&report));
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], "portcullis-audit/1");
    assert_eq!(value["grade"]["letter"], "F");
    assert_eq!(value["grade"]["score"], 0);
    assert_eq!(value["complete"], true);
    assert_eq!(value["counts"]["broken"], report.findings.len());
    let first = &value["findings"][0];
    for key in ["rule", "title", "severity", "why", "fix"] {
        assert!(first[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    assert_eq!(first["severity"], "high");
    assert!(first["evidence"][0]["place"].as_str().unwrap().starts_with("GET http://127.0.0.1:"));
    let all: usize = ["broken", "held", "unknown", "not_applicable"]
        .iter()
        .map(|count| usize::try_from(value["counts"][count].as_u64().unwrap()).unwrap())
        .sum();
    let of_sites = portcullis_audit::checks::ALL.iter().filter(|check| check.live.is_some()).count();
    assert_eq!(all, of_sites);
}

#[tokio::test]
async fn a_session_never_stands_in_a_report() {
    let server = Server::answering(|_| {
        answer("200 OK", "Set-Cookie: connect.sid=s%3Averysecretvalue.x; Path=/", "hello")
    })
    .await;
    let report = report(&server).await;
    assert!(!report.findings.is_empty());
    for text in [terminal::render(&report, Look::Plain), json::render(&report), format!("{report:?}")] {
        assert!(!text.contains("verysecretvalue"), "{text}");
    }
}

#[tokio::test]
async fn two_reports_stand_side_by_side() {
    let (before, after) = (Server::answering(faulty).await, Server::answering(hardened).await);
    let (before, after) = (report(&before).await, report(&after).await);
    let rows = compare(&before, &after);
    assert_eq!(rows.len(), before.findings.len());
    let row = |id: &str| rows.iter().find(|row| row.rule.id.as_str() == id).unwrap();
    let csp = row("header.csp-missing");
    assert!(matches!(csp.before, State::Broken(_)));
    assert_eq!(csp.after, State::Held);
    assert_eq!(row("cors.vary-missing").after, State::NotApplicable);
    assert!(matches!(row("error.node-env").after, State::Unknown(_)));
    assert_eq!(csp.before.to_string(), "broken (medium)");

    let table = comparison::render(&before, &after, Look::Plain);
    assert_eq!(table.lines().count(), rows.len() + 2);
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let last: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last[..2], ["grade", "F"]);

    let worse = compare(&after, &before);
    assert_eq!(worse.len(), rows.len());
    assert!(
        worse.iter().any(|row| row.rule.id.as_str() == "header.csp-missing" && row.before == State::Held)
    );
}
