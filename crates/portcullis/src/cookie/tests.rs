use http::header::{COOKIE, SET_COOKIE};

use super::*;

fn guard(change: impl FnOnce(&mut Config)) -> CookieGuard {
    let mut config = Config::default();
    change(&mut config);
    CookieGuard::new(config).unwrap()
}

fn defaults() -> CookieGuard {
    guard(|_| {})
}

fn request(cookies: &[&str]) -> Request<()> {
    let mut request = Request::new(());
    for cookie in cookies {
        request.headers_mut().append(COOKIE, cookie.parse().unwrap());
    }
    request
}

fn fields(headers: &http::HeaderMap, name: http::HeaderName) -> Vec<&str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

/// The `Cookie` fields that the application gets.
fn inwards(guard: &CookieGuard, cookies: &[&str]) -> Vec<String> {
    let mut request = request(cookies);
    guard.request(&mut request).unwrap();
    fields(request.headers(), COOKIE).into_iter().map(str::to_owned).collect()
}

/// The `Set-Cookie` fields that the browser gets, after a request with `cookies`.
fn exchange(guard: &CookieGuard, mut request: Request<()>, set_cookies: &[&str]) -> Vec<String> {
    let seen = guard.request(&mut request).unwrap();
    let mut response = Response::new(());
    for cookie in set_cookies {
        response.headers_mut().append(SET_COOKIE, cookie.parse().unwrap());
    }
    guard.response(seen, &mut response);
    fields(response.headers(), SET_COOKIE).into_iter().map(str::to_owned).collect()
}

fn outwards(guard: &CookieGuard, set_cookie: &str) -> String {
    exchange(guard, Request::new(()), &[set_cookie]).pop().unwrap_or_default()
}

#[test]
fn missing_attributes_are_added_and_those_there_are_kept() {
    for (from, to) in [
        ("theme=dark", "theme=dark; Secure; SameSite=Lax"),
        ("my_session=1", "my_session=1; Secure; HttpOnly; SameSite=Lax"),
        ("a=1; secure; samesite=strict", "a=1; secure; samesite=strict"),
        ("a=1; SameSite=None; Partitioned", "a=1; SameSite=None; Partitioned; Secure"),
        ("a=1; SameSite=Sometimes; X-New=y", "a=1; X-New=y; Secure; SameSite=Lax"),
        ("a=1; SameSite=Lax; SameSite=nonsense; Secure", "a=1; Secure; SameSite=Lax"),
        (
            "a=1;Path=/x;Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=1; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
        ),
        ("XSRF-TOKEN=1; Path=/", "XSRF-TOKEN=1; Path=/; Secure; SameSite=Lax"),
        ("__Host-own=1; Path=/", "__Host-own=1; Path=/; Secure; SameSite=Lax"),
    ] {
        assert_eq!(outwards(&defaults(), from), to);
    }
}

#[test]
fn every_set_cookie_of_a_response_is_mended_in_order() {
    let sent = exchange(
        &defaults(),
        Request::new(()),
        &["a=1", "b=2; Secure; SameSite=Lax", "=nameless", "flag", "c=3"],
    );
    assert_eq!(sent, ["a=1; Secure; SameSite=Lax", "b=2; Secure; SameSite=Lax", "c=3; Secure; SameSite=Lax"]);
}

#[test]
fn host_prefix_is_given_where_its_rules_allow_it() {
    for (attributes, prefix) in [
        ("; Path=/", "__Host-"),
        ("; Path=/x; path=/", "__Host-"),
        ("", "__Secure-"),
        ("; Path=/app", "__Secure-"),
        ("; Path=/; Domain=example.com", "__Secure-"),
    ] {
        let sent =
            outwards(&defaults(), &format!("connect.sid=1{attributes}; Secure; HttpOnly; SameSite=Lax"));
        assert_eq!(sent, format!("{prefix}sid-1=1{attributes}; Secure; HttpOnly; SameSite=Lax"));
    }
}

#[test]
fn keygrip_pairs_stay_pairs() {
    let pair = ["session=e30=; path=/; httponly", "session.sig=abc; path=/; httponly"];
    let sent = exchange(&defaults(), Request::new(()), &pair);
    assert!(
        sent[0].starts_with("__Host-sid-2=e30=; ") && sent[1].starts_with("__Host-sid-2.sig=abc; "),
        "{sent:?}"
    );
    let back = inwards(&defaults(), &["__Host-sid-2=e30=; __Host-sid-2.sig=abc"]);
    assert_eq!(back, ["session=e30=; session.sig=abc"]);
}

#[test]
fn deletion_deletes_the_renamed_cookie() {
    let sent = outwards(&defaults(), "connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert!(sent.starts_with("__Host-sid-1=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "{sent}");
}

#[test]
fn planted_sessions_are_dropped_and_the_strongest_spelling_counts() {
    for (sent, seen) in [
        ("connect.sid=evil", ""),
        ("a=1; connect.sid=evil;b=2", "a=1; b=2"),
        ("connect.sid=evil; __Host-sid-1=mine", "connect.sid=mine"),
        ("__Secure-sid-1=evil; __Host-sid-1=mine", "connect.sid=mine"),
        ("__Secure-sid-1=evil; __Secure-sid-1=mine; a=1", "a=1"),
        ("__Secure-sid-1=same; __Secure-sid-1=same", "connect.sid=same"),
        ("sid-1=x; __host-sid-1=y; flag", "sid-1=x; __host-sid-1=y; flag"),
        ("__Host-sid-1=\"q q\"", "connect.sid=\"q q\""),
    ] {
        assert_eq!(inwards(&defaults(), &[sent]).join("|"), seen, "{sent}");
    }
}

#[test]
fn sibling_hosts_can_be_shut_out() {
    let guard = guard(|config| {
        config.require_host_prefix = true;
        config.rename.insert("sso".into(), NewName::Name("__Secure-sso".into()));
    });
    let sent = ["__Secure-sid-1=evil; __Secure-sso=wanted; a=1"];
    assert_eq!(inwards(&guard, &sent), ["sso=wanted; a=1"]);
    assert_eq!(inwards(&guard, &["__Host-sid-1=mine"]), ["connect.sid=mine"]);
}

#[test]
fn several_cookie_fields_become_one() {
    assert_eq!(inwards(&defaults(), &["a=1", "__Host-sid-1=x", "b=2;"]), ["a=1; connect.sid=x; b=2"]);
    assert_eq!(inwards(&defaults(), &["a=1", "b=2"]), ["a=1; b=2"]);
}

#[test]
fn untouched_fields_go_on_byte_for_byte() {
    assert_eq!(inwards(&defaults(), &["a=1;b=2 ;; c"]), ["a=1;b=2 ;; c"]);
    assert_eq!(outwards(&defaults(), "a=1;Secure;SameSite=None;  X"), "a=1;Secure;SameSite=None;  X");
}

#[test]
fn a_migration_keeps_old_sessions_and_ends_with_a_logout() {
    let guard = guard(|config| config.accept_original_names = true);
    assert_eq!(inwards(&guard, &["connect.sid=old"]), ["connect.sid=old"]);
    assert_eq!(inwards(&guard, &["connect.sid=old; __Host-sid-1=new"]), ["connect.sid=new"]);
    let logout = "connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let sent = exchange(&guard, request(&["connect.sid=old"]), &[logout]);
    assert_eq!(
        sent[0],
        "connect.sid=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    );
    assert!(sent[1].starts_with("__Host-sid-1=; Path=/; "), "{sent:?}");
    assert_eq!(exchange(&guard, request(&["a=1"]), &[logout]).len(), 1);
}

#[test]
fn names_are_renamed_as_configured() {
    let guard = guard(|config| {
        config.rename.insert("connect.sid".into(), NewName::Name("__Host-sid".into()));
        config.rename.insert("session".into(), NewName::Keep(false));
        config.rename.insert("shop".into(), NewName::Name("s".into()));
    });
    assert!(outwards(&guard, "connect.sid=1; Path=/").starts_with("__Host-sid=1"));
    assert!(outwards(&guard, "connect.sid=1; Path=/; Domain=a.example").starts_with("__Secure-sid=1"));
    assert!(outwards(&guard, "session=1; Path=/").starts_with("session=1"));
    assert!(outwards(&guard, "shop=1; Path=/").starts_with("s=1; Path=/; Secure; HttpOnly"));
    assert_eq!(
        inwards(&guard, &["s=1; session=2; shop=3; __Host-sid=4"]),
        ["shop=1; session=2; connect.sid=4"]
    );
}

#[test]
fn scripts_may_read_what_the_configuration_names() {
    let guard = guard(|config| config.http_only = HttpOnly::AllBut(vec!["theme".into()]));
    assert_eq!(outwards(&guard, "theme=1"), "theme=1; Secure; SameSite=Lax");
    assert_eq!(outwards(&guard, "cart=1"), "cart=1; Secure; HttpOnly; SameSite=Lax");

    let guard = self::guard(|config| config.http_only = HttpOnly::SessionsBut(vec!["login_hint".into()]));
    assert_eq!(outwards(&guard, "login_hint=1"), "login_hint=1; Secure; SameSite=Lax");
    assert_eq!(outwards(&guard, "login=1"), "login=1; Secure; HttpOnly; SameSite=Lax");
}

#[test]
fn plain_http_is_left_alone_only_where_that_is_allowed() {
    let plain = || {
        let mut request = request(&["sid-1=x; __Host-sid-1=y"]);
        request.extensions_mut().insert(Connection::UNKNOWN);
        request
    };
    let allowing = guard(|config| config.dangerous_allow_insecure = true);
    assert_eq!(
        exchange(&allowing, plain(), &["connect.sid=1; Path=/"]),
        ["sid-1=1; Path=/; HttpOnly; SameSite=Lax"]
    );
    let mut behind = plain();
    allowing.request(&mut behind).unwrap();
    assert_eq!(fields(behind.headers(), COOKIE), ["connect.sid=x; __Host-sid-1=y"]);

    let mut over_tls = plain();
    over_tls.extensions_mut().insert(Connection { tls: true, ..Connection::UNKNOWN });
    for (guard, request) in [(&defaults(), plain()), (&allowing, over_tls)] {
        let sent = exchange(guard, request, &["connect.sid=1; Path=/"]);
        assert_eq!(sent, ["__Host-sid-1=1; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    }
}

#[test]
fn report_mode_changes_nothing_and_counts() {
    let reported = |rule: &Rule| {
        let counts = crate::tally::snapshot();
        counts.iter().find(|(id, _)| *id == rule.id.as_str()).map_or(0, |(_, count)| count.reported)
    };
    let guard = guard(|config| config.mode = Mode::Report);
    let before = ENFORCES.iter().map(|rule| reported(rule)).collect::<Vec<_>>();
    let fields = ["connect.sid=1", "=x", "flag"];
    assert_eq!(exchange(&guard, Request::new(()), &fields), fields);
    assert_eq!(inwards(&guard, &["connect.sid=1", "__Host-sid-1=2"]), ["connect.sid=1", "__Host-sid-1=2"]);
    for (rule, before) in ENFORCES.iter().zip(before) {
        assert!(reported(rule) > before, "{}", rule.id.as_str());
    }
}

#[test]
fn cookies_over_the_limit_are_counted_and_sent() {
    let too_large = || {
        let counts = crate::tally::snapshot();
        counts
            .iter()
            .find(|(id, _)| *id == cookie::TOO_LARGE.id.as_str())
            .map_or(0, |(_, count)| count.reported)
    };
    let of_length = |length: usize| {
        let attributes = "; Secure; SameSite=Lax";
        format!("a={}{attributes}", "x".repeat(length - 2 - attributes.len()))
    };
    let before = too_large();
    assert_eq!(outwards(&defaults(), &of_length(4093)).len(), 4093);
    assert_eq!(too_large(), before);
    assert_eq!(outwards(&defaults(), &of_length(4094)).len(), 4094);
    assert_eq!(too_large(), before + 1);
}

/// Random bytes, most of them those that mean something here.
fn noise(state: &mut u64) -> Vec<u8> {
    const ALPHABET: &[u8] =
        b"=;; \t,\"%\\aZ09\x00\x7f\xff\r\n-_.%41Path=/Domain=__Host-sid-1connect.sid.sigSameSiteSecure";
    let mut next = || {
        // xorshift64
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        usize::try_from(*state >> 33).unwrap()
    };
    (0..next() % 60)
        .map(|_| {
            if next() % 8 == 0 {
                u8::try_from(next() % 256).unwrap()
            } else {
                ALPHABET[next() % ALPHABET.len()]
            }
        })
        .collect()
}

#[test]
fn no_bytes_make_the_parsers_panic_and_what_is_written_reads_the_same() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let guard = guard(|config| config.accept_original_names = true);
    let (mut cookies_read, mut fields_guarded) = (0, 0);
    for _ in 0..100_000 {
        let bytes = noise(&mut state);
        let _ = Cookies::parse(&bytes).iter().filter_map(|(_, value)| json(value)).count();
        let _ = looks_like_session(&bytes);
        if let Ok(cookie) = SetCookie::parse(&bytes) {
            cookies_read += 1;
            let written = cookie.to_bytes();
            let again = SetCookie::parse(&written).unwrap();
            assert_eq!(again, cookie, "{:?}", bytes.escape_ascii().to_string());
            assert_eq!(again.to_bytes(), written);
        }
        if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
            fields_guarded += 1;
            let mut request = Request::new(());
            request.headers_mut().append(COOKIE, value.clone());
            let seen = guard.request(&mut request).unwrap();
            let mut response = Response::new(());
            response.headers_mut().append(SET_COOKIE, value);
            guard.response(seen, &mut response);
            for field in response.headers().get_all(SET_COOKIE) {
                assert!(SetCookie::parse(field.as_bytes()).unwrap().has("Secure"), "{field:?}");
            }
        }
    }
    assert!(cookies_read > 1000 && fields_guarded > 1000, "{cookies_read} {fields_guarded}");
}
