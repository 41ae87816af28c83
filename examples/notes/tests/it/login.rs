//! Sessions begin at the login and end at the logout.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    server::{SECRET, Server},
    visitor::PASSWORD,
};

#[test]
fn a_visitor_gets_no_session() {
    let server = Server::development();
    let mut visitor = server.visitor();
    for path in ["/login", "/signup", "/", "/style.css", "/icon.svg", "/nowhere"] {
        assert_eq!(visitor.get(path).field("set-cookie"), None, "{path}");
    }
    visitor.log_in("nobody");
    assert!(visitor.cookies.is_empty());
}

#[test]
fn the_session_cookie_has_every_protection() {
    let proxy = [("NOTES_TRUST_PROXY", "127.0.0.1")];
    let server = Server::in_its_own_directory(&[], &proxy);
    let mut alice = server.visitor();
    alice.fields.push(("X-Forwarded-Proto", "https".to_owned()));
    let answer = alice.sign_up("alice");
    let cookie = answer.field("set-cookie").unwrap();
    let mut parts = cookie.split("; ");
    assert!(parts.next().unwrap().starts_with("__Host-sid=s%3A"), "{cookie}");
    let attributes: Vec<&str> = parts.filter(|part| !part.starts_with("Expires=")).collect();
    assert_eq!(attributes, ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]);
    assert!(cookie.contains("Expires="));
    assert!(answer.field("strict-transport-security").is_some());
    assert!(alice.is_signed_in());

    // Without TLS on the client's side it is withheld.
    let mut plain = server.visitor();
    let answer = plain.log_in("alice");
    assert_eq!(answer.status, 303);
    assert!(answer.fields("set-cookie").all(|cookie| !cookie.starts_with("__Host-sid")));
}

#[test]
fn the_login_gives_the_session_another_id() {
    let server = Server::development();
    server.visitor().sign_up("alice");
    server.visitor().sign_up("bob");

    let mut visitor = server.visitor();
    visitor.log_in("alice");
    let before = visitor.session();
    visitor.log_in("bob");
    assert_ne!(visitor.session(), before);
    let mut with_the_old_one = server.visitor();
    with_the_old_one.cookies.insert("sid".to_owned(), before);
    assert!(!with_the_old_one.is_signed_in(), "the old id is worth nothing");
    assert!(visitor.get("/").body.contains("bob"));
}

#[test]
fn a_planted_id_is_not_taken_over() {
    let server = Server::development();
    server.visitor().sign_up("alice");
    // An id that is signed well, but ended: what somebody who knows a valid cookie could plant.
    let mut mallory = server.visitor();
    mallory.log_in("alice");
    let planted = mallory.session();
    mallory.post("/logout", &[]);

    for planted in [planted, "s%3Aguessed.signature".to_owned()] {
        let mut victim = server.visitor();
        victim.cookies.insert("sid".to_owned(), planted.clone());
        victim.log_in("alice");
        assert_ne!(victim.session(), planted);
        let mut thief = server.visitor();
        thief.cookies.insert("sid".to_owned(), planted);
        assert!(!thief.is_signed_in());
    }
}

#[test]
fn logging_out_ends_the_session_for_whoever_has_the_cookie() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");
    let stolen = alice.session();
    let answer = alice.post("/logout", &[]);
    assert_eq!(answer.field("location"), Some("/login"));
    assert!(answer.field("set-cookie").unwrap().starts_with("sid=;"), "the browser forgets it");
    let mut thief = server.visitor();
    thief.cookies.insert("sid".to_owned(), stolen);
    assert!(!thief.is_signed_in());
    assert_ne!(server.visitor().get("/logout").status, 303, "a link cannot log anybody out");
}

#[test]
fn logging_out_everywhere_ends_the_sessions_of_other_browsers() {
    let server = Server::development();
    let (mut here, mut there, mut bob) = (server.visitor(), server.visitor(), server.visitor());
    here.sign_up("alice");
    there.log_in("alice");
    bob.sign_up("bob");
    assert!(there.is_signed_in());
    here.post("/logout-everywhere", &[]);
    assert!(!here.is_signed_in() && !there.is_signed_in());
    assert!(bob.is_signed_in());
}

#[test]
fn a_failed_login_does_not_tell_who_exists() {
    let server = Server::in_its_own_directory(&[], &[("NOTES_TRUST_PROXY", "127.0.0.1")]);
    server.visitor().sign_up("alice");
    let mut attempts = 0;
    let mut attempt = |name: &str| {
        attempts += 1;
        let mut visitor = server.visitor();
        visitor.fields.push(("X-Forwarded-For", format!("203.0.113.{attempts}"))); // no limit by address is met
        let begun = Instant::now();
        let answer = visitor.post("/login", &[("username", name), ("password", "something else entirely")]);
        (begun.elapsed(), answer)
    };
    let (_, known) = attempt("alice");
    let (_, unknown) = attempt("carol");
    assert_eq!((known.status, unknown.status), (422, 422));
    assert!(known.body.contains("Wrong name or password."));
    assert_eq!(known.body.replace("alice", "carol"), unknown.body);
    assert!(!known.body.contains("something else entirely"), "passwords are not sent back");

    // The shortest of some attempts, taken in turn: what else the machine does can only make one longer.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..15 {
        known = known.min(attempt("alice").0);
        unknown = unknown.min(attempt("carol").0);
    }
    // Without the hash of nobody an unknown user is answered some twenty times faster.
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{known:?} and {unknown:?}");
}

#[test]
fn guessing_passwords_comes_to_an_end_and_the_owner_still_gets_in() {
    let server = Server::in_its_own_directory(&[], &[("NOTES_TRUST_PROXY", "127.0.0.1")]);
    let visitor_at = |address: &str| {
        let mut visitor = server.visitor();
        visitor.fields.push(("X-Forwarded-For", address.to_owned()));
        visitor.fields.push(("X-Forwarded-Proto", "https".to_owned()));
        visitor
    };
    visitor_at("203.0.113.1").sign_up("alice");
    let guess = |number: u32| {
        let password = format!("a wrong password, number {number}");
        visitor_at("203.0.113.9").post("/login", &[("username", "alice"), ("password", &password)])
    };
    let guesses: Vec<_> = (0..12).map(guess).collect();
    let reached = guesses.iter().filter(|answer| answer.status == 422).count();
    assert!(reached <= 5, "{reached} guesses were looked at");
    let refused = guesses.last().unwrap();
    assert!(refused.status == 429 && refused.field("retry-after").is_some());
    assert_eq!(visitor_at("203.0.113.1").log_in("alice").status, 303);
}

#[test]
fn many_logins_at_once_do_not_hold_up_other_pages() {
    let server = Server::in_its_own_directory(&[], &[("NOTES_TRUST_PROXY", "127.0.0.1")]);
    thread::scope(|scope| {
        let attempt = |number: usize| {
            let mut visitor = server.visitor();
            // Everybody for themselves, so that no limit is met.
            visitor.fields.push(("X-Forwarded-For", format!("2001:db8:{number:x}::1")));
            visitor.log_in(&format!("nobody-{number}")).status
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let attempts: Vec<_> =
            (0..(20 * cores).min(400)).map(|number| scope.spawn(move || attempt(number))).collect();
        thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        assert_eq!(server.visitor().get("/signup").status, 200);
        let waited = begun.elapsed();
        assert!(attempts.iter().any(|attempt| !attempt.is_finished()), "the flood was over too soon");
        assert!(waited < Duration::from_millis(500), "{waited:?}");
        for attempt in attempts {
            let status = attempt.join().unwrap();
            assert!([422, 503].contains(&status), "{status}");
        }
    });
}

#[test]
fn the_sign_up_says_what_is_wrong_and_keeps_the_name() {
    let server = Server::development();
    let mut visitor = server.visitor();
    let answer = visitor.post("/signup", &[("username", "Not A Name"), ("password", "too short")]);
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("Use 3 to 32 letters") && answer.body.contains("Use at least 15 characters")
    );
    assert!(answer.body.contains("value=\"Not A Name\"") && !answer.body.contains("too short"));
    assert!(answer.body.contains("autocomplete=\"new-password\""));

    visitor.sign_up("alice");
    let taken = server.visitor().sign_up("ALICE");
    assert!(taken.status == 422 && taken.body.contains("This name is taken"));
    assert!(server.visitor().log_in("alice").status == 303, "and the first one's password stays");
    // Fifteen characters are counted, not bytes, and a password may hold anything.
    let short = server.visitor().post("/signup", &[("username", "dora"), ("password", "ääääääääääääää")]);
    let right = server.visitor().post("/signup", &[("username", "dora"), ("password", "ääääääääääääää ")]);
    assert_eq!((short.status, right.status), (422, 303));
}

#[test]
fn of_two_who_want_one_name_one_gets_it() {
    let server = Server::development();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let both = [0, 1].map(|_| scope.spawn(|| server.visitor().sign_up("alice").status));
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses == [303, 422] || statuses == [422, 303], "{statuses:?}");
}

#[test]
fn a_replaced_secret_logs_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &["--dev"], &[]);
    let mut alice = server.visitor();
    alice.sign_up("alice");
    drop(server);

    let fresh = "Zk3uYw8LrT1mXc6VbN9pQs2DfG5hJ7aE";
    let rotated = [("NOTES_SESSION_SECRET", fresh), ("NOTES_SESSION_SECRET_PREVIOUS", SECRET)];
    for (environment, is_signed_in) in [(&rotated[..], true), (&rotated[..1], false)] {
        let server = Server::start(directory.path(), &["--dev"], environment);
        let mut again = server.visitor();
        again.cookies = alice.cookies.clone();
        assert_eq!(again.is_signed_in(), is_signed_in);
    }
}

#[test]
fn the_log_tells_no_secret() {
    let server = Server::development();
    let mut alice = server.visitor();
    alice.sign_up("alice");
    alice.post("/notes", &[("text", "deep secret")]);
    alice.post("/login", &[("username", "alice"), ("password", "a wrong password")]);
    let session = alice.session();
    let id = session.trim_start_matches("s%3A").split('.').next().unwrap();
    alice.get(&format!("/?q={id}"));
    let log = server.log();
    assert!(log.contains("path=\"/notes\""), "{log}");
    for secret in [PASSWORD, "a wrong password", "deep secret", id, SECRET] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
