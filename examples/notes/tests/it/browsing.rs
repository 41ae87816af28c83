//! The whole story in a real browser, where cookies, policies and forms are what browsers make of them.

use serde_json::{Value, json};

use crate::{browser::Browser, server::Server, visitor::PASSWORD};

#[test]
fn the_whole_story_works_in_a_browser_over_tls() {
    let server = Server::in_its_own_directory(&["--development-certificate"], &[]);
    let cookies = story(&server, "https");
    let [session] = &cookies[..] else { panic!("one cookie: {cookies:?}") };
    assert_eq!(session["name"], "__Host-sid");
    assert_eq!((&session["secure"], &session["httpOnly"]), (&json!(true), &json!(true)));
    assert_eq!((&session["sameSite"], &session["path"]), (&json!("Lax"), &json!("/")));
}

#[test]
fn the_whole_story_works_in_a_browser_in_development() {
    let server = Server::development();
    let cookies = story(&server, "http");
    let [session] = &cookies[..] else { panic!("one cookie: {cookies:?}") };
    assert_eq!((&session["name"], &session["httpOnly"]), (&json!("sid"), &json!(true)));
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let server = Server::in_its_own_directory(&["--development-certificate"], &[]);
    let browser = Browser::open();
    let home = format!("https://{}/", server.address);
    sign_up(&browser, &home);

    // A page of an opaque origin is another site, to cookies and to `Sec-Fetch-Site`.
    browser.go(&format!(
        "data:text/html,<form method=post action='{home}notes'><input name=text value=forged><button>win</button></form>"
    ));
    browser.submit("button");
    assert_eq!(
        browser.run("return performance.getEntriesByType('navigation')[0].responseStatus"),
        json!(403)
    );
    browser.go(&home);
    assert_eq!(browser.text("h1"), "Your notes", "she is still logged in");
    assert_eq!(browser.run("return document.querySelectorAll('.notes li').length"), json!(0));
}

/// Sign up, write, be attacked, delete, log out, log in, log out everywhere. Gives the cookies of a logged-in user.
fn story(server: &Server, scheme: &str) -> Vec<Value> {
    let browser = Browser::open();
    let home = format!("{scheme}://{}/", server.address);
    browser.go(&home);
    assert_eq!(browser.url(), format!("{home}login"));
    assert!(browser.cookies().is_empty());

    // A form that is wrong keeps the name and puts the focus where the problem is.
    browser.go(&format!("{home}signup"));
    let without_checks = "document.querySelector('form').noValidate = true";
    browser.run(without_checks);
    browser.fill("#username", "alice");
    browser.fill("#password", "too short");
    browser.submit("main button");
    assert!(browser.text(".problem#password-hint").contains("at least 15 characters"));
    assert_eq!(browser.run("return document.querySelector('#username').value"), json!("alice"));
    assert_eq!(browser.run("return document.activeElement.id"), json!("password"));
    browser.console(); // Chromium writes every 4xx into it

    sign_up(&browser, &home);
    let cookies = browser.cookies();
    assert_eq!(browser.run("return document.cookie"), json!(""), "scripts see no session");

    let payload = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">";
    browser.fill("#text", payload);
    browser.submit("main form button");
    assert_eq!(browser.text(".notes .text"), payload);
    assert_eq!(browser.run("return document.title"), json!("Your notes · Notes"));
    assert_eq!(browser.run("return document.querySelectorAll('.notes img, .notes script').length"), json!(0));

    // The style came through the policy.
    let display = browser.run("return getComputedStyle(document.querySelector('.notes')).display");
    assert_eq!(display, json!("grid"));
    let mut console = browser.console();
    // Chromium knows fewer features than the standards, and says so on every page.
    console.retain(|line| !line.contains("Permissions-Policy header: Unrecognized feature"));
    assert_eq!(console, Vec::<String>::new(), "no policy was broken");

    browser.submit(".notes button");
    assert_eq!(browser.text(".empty"), "Nothing yet. What is on your mind?");

    browser.submit("form[action='/logout'] button");
    assert_eq!(browser.url(), format!("{home}login"));
    assert!(browser.cookies().is_empty());
    browser.run("history.back()");
    browser.go(&home);
    assert_eq!(browser.url(), format!("{home}login"));

    browser.fill("#username", "alice");
    browser.fill("#password", PASSWORD);
    browser.submit("main button");
    assert_eq!(browser.text("h1"), "Your notes");
    browser.submit("form[action='/logout-everywhere'] button");
    assert_eq!(browser.url(), format!("{home}login"));
    cookies
}

fn sign_up(browser: &Browser, home: &str) {
    browser.go(&format!("{home}signup"));
    browser.fill("#username", "alice");
    browser.fill("#password", PASSWORD);
    browser.submit("main button");
    assert_eq!(browser.text("h1"), "Your notes");
}
