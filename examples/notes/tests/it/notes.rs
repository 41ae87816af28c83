//! Notes are their owner's.

use crate::{
    server::Server,
    visitor::{FORM, Visitor, encoded},
};

#[test]
fn a_user_writes_leaves_comes_back_and_deletes() {
    let server = Server::development();
    let mut alice = server.visitor();
    assert_eq!(alice.sign_up("alice").field("location"), Some("/"));
    assert!(alice.get("/").body.contains("Nothing yet"));

    let added = alice.post("/notes", &[("text", "buy milk\r\nand bread")]);
    assert_eq!((added.status, added.field("location")), (303, Some("/")));
    alice.post("/logout", &[]);
    assert!(!alice.is_signed_in());

    let mut elsewhere = server.visitor();
    assert_eq!(elsewhere.log_in("Alice ").field("location"), Some("/"));
    let page = elsewhere.get("/");
    assert!(page.body.contains(">buy milk\nand bread</p>"), "{}", page.body);
    assert_eq!(page.field("cache-control"), Some("no-store"));

    let [id] = ids(&mut elsewhere)[..] else { panic!("one note") };
    assert_eq!(elsewhere.post(&format!("/notes/{id}/delete"), &[]).status, 303);
    assert!(elsewhere.get("/").body.contains("Nothing yet"));
}

#[test]
fn notes_of_others_can_be_neither_read_nor_deleted() {
    let server = Server::development();
    let (mut alice, mut mallory) = (server.visitor(), server.visitor());
    alice.sign_up("alice");
    alice.post("/notes", &[("text", "the secret of alice")]);
    mallory.sign_up("mallory");
    mallory.post("/notes", &[("text", "mine")]);

    let [id] = ids(&mut alice)[..] else { panic!("one note") };
    assert!(!mallory.get("/").body.contains("the secret of alice"));
    let refused = mallory.post(&format!("/notes/{id}/delete"), &[]);
    assert_eq!(refused.status, 404);
    for missing in ["/notes/999999/delete", "/notes/none/delete", "/notes/99999999999999999999/delete"] {
        let missing = mallory.post(missing, &[]);
        assert_eq!(
            (missing.status, &missing.body),
            (404, &refused.body),
            "it does not tell which notes exist"
        );
    }
    let stranger = server.visitor().post(&format!("/notes/{id}/delete"), &[]);
    assert_eq!((stranger.status, stranger.field("location")), (303, Some("/login")));
    assert_eq!(ids(&mut alice), [id]);
}

#[test]
fn what_another_site_sends_is_refused() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");
    let own = format!("http://{}", server.address);
    let form = encoded(&[("text", "forged")]);
    for field in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ] {
        let html = ("Accept", "text/html");
        let refused = alice.send("POST", "/notes", &[FORM, html, field], &form);
        assert_eq!(refused.status, 403, "{field:?}");
        assert!(refused.field("content-security-policy").is_some());
    }
    assert_eq!(alice.send("POST", "/logout", &[FORM, ("Sec-Fetch-Site", "cross-site")], "").status, 403);
    assert!(alice.get("/").body.contains("Nothing yet"));
    // An older browser, on our own page.
    assert_eq!(alice.send("POST", "/notes", &[FORM, ("Origin", &own)], &form).status, 303);
    assert_eq!(ids(&mut alice).len(), 1);
}

#[test]
fn markup_is_shown_as_text() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");
    let payloads = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</textarea><svg onload=alert(1)>",
        "'; DROP TABLE note; --",
        "{{ 7 * 7 }}",
    ];
    for payload in payloads {
        assert_eq!(alice.post("/notes", &[("text", payload)]).status, 303);
    }
    // In a field that keeps what was typed, and in an attribute.
    let long = format!("</textarea><script>alert(2)</script>{}", "x".repeat(2000));
    let kept = alice.post("/notes", &[("text", &long)]);
    let name = server.visitor().post("/login", &[("username", "\"><script>alert(3)</script>")]);
    assert_eq!((kept.status, name.status), (422, 422));

    let page = alice.get("/");
    for body in [&page.body, &kept.body, &name.body] {
        assert!(
            !body.contains("<script") && !body.contains("<svg") && !body.contains("<img src=x"),
            "{body}"
        );
    }
    assert_eq!(ids(&mut alice).len(), payloads.len());
    assert!(page.body.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{}", page.body);
    assert!(page.body.contains("{{ 7 * 7 }}"));
    assert!(page.field("content-security-policy").unwrap().contains("script-src 'self'"));
    assert!(!page.body.contains("style=") && !page.body.contains("<style"), "nothing inline: {}", page.body);
}

#[test]
fn a_form_that_is_wrong_says_why_and_keeps_what_was_typed() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");

    let empty = alice.post("/notes", &[("text", " \r\n ")]);
    assert!(empty.status == 422 && empty.body.contains("Write something first."));
    let missing = alice.post("/notes", &[]);
    assert!(missing.status == 422 && missing.body.contains("Write something first."));

    // Each line break comes as two bytes and counts as one character, as `maxlength` has it in the browser.
    let lines = "ä\r\n".repeat(1000);
    assert_eq!(alice.post("/notes", &[("text", &lines)]).status, 303);
    let long = "ä".repeat(2001);
    let refused = alice.post("/notes", &[("text", &long)]);
    assert!(refused.status == 422 && refused.body.contains("at most 2,000 characters"));
    assert!(refused.body.contains(&long));
    assert_eq!(ids(&mut alice).len(), 1);
}

#[test]
fn nobody_fills_the_disk() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");
    for number in 0..200 {
        assert_eq!(alice.post("/notes", &[("text", &number.to_string())]).status, 303);
    }
    let refused = alice.post("/notes", &[("text", "one more")]);
    assert!(refused.status == 422 && refused.body.contains("200 notes") && refused.body.contains("one more"));
    assert_eq!(ids(&mut alice).len(), 200);
}

#[test]
fn only_small_forms_come_in() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");
    let large = encoded(&[("text", &"x".repeat(20_000))]);
    let same_origin = ("Sec-Fetch-Site", "same-origin");
    assert_eq!(alice.send("POST", "/notes", &[FORM, same_origin], &large).status, 413);
    let json = ("Content-Type", "application/json");
    assert_eq!(alice.send("POST", "/notes", &[json, same_origin], r#"{"text":"x"}"#).status, 415);
    // The widest note there can be does come in: 2,000 characters of twelve bytes each.
    assert_eq!(alice.post("/notes", &[("text", &"𝄞".repeat(2000))]).status, 303);
}

#[test]
fn notes_and_sessions_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &["--dev"], &[]);
    let mut alice = server.visitor();
    alice.sign_up("alice");
    alice.post("/notes", &[("text", "still here")]);
    assert!(server.stop().success());

    let server = Server::start(directory.path(), &["--dev"], &[]);
    let mut again = server.visitor();
    again.cookies = alice.cookies;
    assert!(again.get("/").body.contains("still here"));
}

/// The ids of the notes on somebody's page.
fn ids(visitor: &mut Visitor) -> Vec<u64> {
    let page = visitor.get("/");
    let parts = page.body.split("action=\"/notes/").skip(1);
    parts.map(|part| part.split('/').next().unwrap().parse().unwrap()).collect()
}
