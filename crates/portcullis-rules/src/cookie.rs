//! What a cookie must not be, and the session that hangs on it.

use crate::rule::rules;

rules! { "cookie";
    CLIENT_SIDE_DATA = "cookie.client-side-data" {
        title: "Secrets or personal data in a session that is kept in the cookie",
        severity: Medium,
        status: Preview,
        why:
            "`cookie-session` signs its content and does not encrypt it: whoever holds the cookie, or sees \
             it in a log, decodes it with base64. A copied cookie also stays valid until the key changes, \
             because the server keeps nothing that it could end.",
        fix:
            "Keep only an id in the cookie: use `express-session` with a store, or leave tokens, passwords \
             and personal data out of `req.session`.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(312), Asvs("14.3.3")],
    }

    DOMAIN_BROAD = "cookie.domain-broad" {
        title: "Cookie with a Domain is sent to every subdomain",
        severity: Medium,
        status: Stable,
        why:
            "With `Domain=example.com` the cookie goes to every host below it, and the weakest of them, or a \
             subdomain somebody took over, reads the session. The old checklists set `domain` without saying \
             that this widens it.",
        fix:
            "Leave out `domain`: without it the cookie belongs to the one host that set it. Where single \
             sign-on needs it, give that one cookie alone the parent domain, and keep the session cookie on \
             its host.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Cwe(668),
            Asvs("3.3.3"),
            Rfc(6265),
        ],
    }

    EXPIRES_AT_BOOT = "cookie.expires-at-boot" {
        title: "Expiry date of a cookie is computed once, at start",
        severity: Medium,
        status: Stable,
        why:
            "`expires: new Date(Date.now() + 3600000)` in the options is evaluated when the process starts, \
             so an hour later every new session is born expired and nobody can log in until a restart. The \
             old checklists show it this way.",
        fix: "Use `maxAge: 3600000`, which counts from each response, in place of `expires`.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(672), Asvs("7.3.2")],
    }

    EXPIRY_MISSING = "cookie.expiry-missing" {
        title: "Session has no end",
        severity: Low,
        status: Stable,
        why:
            "Neither the cookie nor the store ends the session, so a cookie copied once, from a shared \
             computer or a backup, works for as long as the store keeps it; browsers that restore tabs keep \
             session cookies as well.",
        fix:
            "Set `cookie: { maxAge: 3600000 }` in `express-session` (one hour), or `maxAge` at the top level \
             in `cookie-session`, and let the store expire entries after the same time.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(Safeguard),
            Cwe(613),
            Asvs("7.3.2"),
        ],
    }

    HTTPONLY_MISSING = "cookie.httponly-missing" {
        title: "Session cookie without HttpOnly is readable by scripts",
        severity: Medium,
        status: Stable,
        why:
            "One injected script reads `document.cookie` and sends the session elsewhere, where it works \
             without the victim's browser.",
        fix:
            "Set `httpOnly: true`: it is the default of `express-session` and `cookie-session`, and it is \
             not that of `res.cookie(name, value, { httpOnly: true })`. Cookies that a script must read, \
             such as a CSRF token, stay readable on purpose. The `cookie` guard adds HttpOnly to session \
             cookies.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(LiftSecurity),
            Mission(Safeguard),
            Cwe(1004),
            Asvs("3.3.4"),
            Rfc(6265),
        ],
    }

    LIFETIME_TOO_LONG = "cookie.lifetime-too-long" {
        title: "Session cookie lives longer than 30 days",
        severity: Medium,
        status: Stable,
        why:
            "A stolen cookie is worth as much as its remaining life, and a user who forgot to log out on \
             another machine stays logged in for months.",
        fix:
            "Set `maxAge` to hours, 30 days at most. For remember-me use a second cookie with a token of its \
             own that can be withdrawn, and ask for the password again before anything that matters.",
        references: [Modern, Cwe(613), Asvs("7.3.2")],
    }

    MEMORY_STORE = "cookie.memory-store" {
        title: "Sessions are kept in the memory of the process",
        severity: High,
        status: Stable,
        why:
            "`MemoryStore`, the default of `express-session`, never frees an expired session unless somebody \
             asks for it: anyone who requests pages without a cookie fills the memory until the process \
             dies. A restart logs everybody out, and a second process does not know the sessions of the \
             first.",
        fix:
            "Give `session({ store: ... })` a real store, such as `new RedisStore({ client })` of \
             `connect-redis` (since version 8: `const { RedisStore } = require('connect-redis')`; the \
             `.default` that older guides import is gone), or `connect-pg-simple`.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(Safeguard),
            Cwe(770),
            Asvs("7.2"),
        ],
    }

    PATH_BROAD = "cookie.path-broad" {
        title: "Cookie path is wider than the application, or invalid",
        severity: Info,
        status: Stable,
        why:
            "Another application under the same host receives the cookie as well. A path without a leading \
             slash, `foo/bar` as the old checklists write it, is invalid: browsers ignore it and use the \
             directory of the request instead.",
        fix:
            "Set `path` to where the application is mounted, with the leading slash: `path: '/shop'`. Path \
             is no protection between applications on one host (their scripts reach each other): give each a \
             host of its own, and then `/` is right.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Cwe(668),
            Asvs("3.3.3"),
            Rfc(6265),
        ],
    }

    PREFIX_MISSING = "cookie.prefix-missing" {
        title: "Session cookie has no `__Host-` prefix",
        severity: Info,
        status: Stable,
        why:
            "Any subdomain, and anyone who can answer for the host over plain HTTP, can plant a cookie of \
             the same name; the server cannot tell it from its own and may continue the attacker's session.",
        fix:
            "Set `name: '__Host-id'` with `secure: true`, `path: '/'` and no `domain`: browsers then take \
             the cookie only from this host over TLS. The `cookie` guard adds the prefix to default session \
             names where these conditions hold, and takes it off again towards the application.",
        references: [Modern, Cwe(565), Asvs("3.3.3")],
    }

    SAMESITE_MISSING = "cookie.samesite-missing" {
        title: "Cookie has no SameSite, or None without Secure",
        severity: Medium,
        status: Stable,
        why:
            "Browsers differ in what they assume where SameSite is absent. Where none is assumed, any other \
             site can make the browser send requests with this cookie; `SameSite=None` without Secure is \
             rejected outright.",
        fix:
            "Set `sameSite: 'lax'`, or `'strict'` where nobody arrives by a link from elsewhere. Only a \
             cookie that another site must send, such as in a POST back from single sign-on, is `'none'` \
             with `secure: true`. The `cookie` guard adds `SameSite=Lax` where nothing is set.",
        references: [Mission(Safeguard), Cwe(1275), Asvs("3.3.2")],
    }

    SAVE_UNINITIALIZED = "cookie.save-uninitialized" {
        title: "Session is stored and its cookie set for every anonymous visitor",
        severity: Low,
        status: Stable,
        why:
            "With `saveUninitialized: true`, the default, each request without a cookie makes a new entry in \
             the store, so a loop of requests fills it; visitors get a cookie they never asked for. `resave: \
             true` writes old data back over that of a parallel request.",
        fix:
            "Set `saveUninitialized: false` and `resave: false` in `express-session`; the session is then \
             stored when something is first put into it.",
        references: [Mission(Safeguard), Cwe(770), Asvs("7.6.2")],
    }

    SECRET_HARDCODED = "cookie.secret-hardcoded" {
        title: "Secret that signs cookies stands in the source, or is a known example",
        severity: High,
        status: Stable,
        why:
            "Who reads the source, or guesses `keyboard cat`, `s3Cur3` or `secret`, signs cookies of any \
             content: with `cookie-session` that is a login as anybody, with `express-session` a session id \
             of the attacker's choice.",
        fix:
            "Use `secret: process.env.SESSION_SECRET` with no fallback, made by `openssl rand -base64 32`. \
             The old one is public now: put the new one first, `secret: [fresh, old]`, for the few hours \
             that a change needs, then drop the old one.",
        references: [Mission(LiftSecurity), Mission(Safeguard), Cwe(798), Asvs("13.3.1")],
    }

    SECRET_WEAK = "cookie.secret-weak" {
        title: "Secret that signs cookies is short or guessable",
        severity: Medium,
        status: Preview,
        why:
            "The signature travels with each cookie, so guesses can be tried offline, billions in an hour, \
             without one request to the server. A word or a short password falls, and then any cookie can be \
             signed.",
        fix:
            "Use at least 32 random bytes: `openssl rand -base64 32`, held in the environment or a file that \
             only the service reads.",
        references: [Mission(LiftSecurity), Cwe(331), Asvs("11.2.3")],
    }

    SECURE_MISSING = "cookie.secure-missing" {
        title: "Cookie without Secure is sent over plain HTTP too",
        severity: High,
        status: Stable,
        why:
            "One request to `http://`, which a link or an image on any page can cause, sends the cookie in \
             clear; whoever shares the network reads it and is logged in.",
        fix:
            "Set `cookie: { secure: true }` in `express-session`, and behind a proxy also `app.set('trust \
             proxy', 1)`. In `cookie-session` write `secure: true` at the top level: the nested `cookie: { \
             ... }` of the old checklists is silently ignored there. The `cookie` guard adds Secure.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(LiftSecurity),
            Mission(Safeguard),
            Cwe(614),
            Asvs("3.3.1"),
            Rfc(6265),
        ],
    }

    SESSION_DEFAULT_NAME = "cookie.session-default-name" {
        title: "Session cookie has its package's default name",
        severity: Low,
        status: Stable,
        why:
            "`connect.sid`, `session`, `koa.sess` or `express:sess` tells a scanner which framework answers \
             and which attacks to try first.",
        fix:
            "Set `name: '__Host-id'` in the options of `express-session` or `cookie-session`; the name \
             `session` that the old checklists write out is a default as well. The `cookie` guard renames \
             default names both ways, and the application does not notice.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(Safeguard),
            Cwe(200),
            Asvs("3.3.3"),
        ],
    }

    SESSION_FIXATION = "cookie.session-fixation" {
        title: "Session id stays the same at login",
        severity: High,
        status: Preview,
        why:
            "An attacker who plants a session id in a browser, by a link, a subdomain or a shared computer, \
             waits until its user logs in and then holds a logged-in session.",
        fix:
            "Call `req.session.regenerate(callback)` after the password was checked, and write the user into \
             the new session inside the callback. Passport does it from version 0.6 on.",
        references: [Modern, Cwe(384), Asvs("7.2.4")],
    }

    TOO_LARGE = "cookie.too-large" {
        title: "Cookie is larger than 4093 bytes",
        severity: Low,
        status: Stable,
        why:
            "Browsers drop it without a word: the user is logged out, or a setting never sticks, and nothing \
             shows in a log. Large cookies also travel with each request.",
        fix:
            "Keep an id in the cookie and the data on the server, with `express-session` and a store. The \
             `cookie` guard reports each cookie of more than 4093 bytes.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Cwe(770),
            Asvs("3.3.5"),
            Rfc(6265),
        ],
    }
}
