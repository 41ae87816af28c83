//! Requests that another site makes in the name of the user.

use crate::rule::rules;

rules! { "csrf";
    GET_STATE_CHANGE = "csrf.get-state-change" {
        title: "GET changes something",
        severity: Medium,
        status: Preview,
        why:
            "A link, an image or a prefetch makes the change in the user's name: SameSite=Lax lets the \
             cookie through and CSRF tokens are not asked for. Crawlers and caches repeat it.",
        fix:
            "Use `app.post`, `app.put` or `app.delete` for what changes something, and a form or `fetch` on \
             the page; `app.all` catches GET as well.",
        references: [Modern, Cwe(650), Asvs("3.5.3"), Rfc(9110)],
    }

    IGNORED_METHODS = "csrf.ignored-methods" {
        title: "CSRF protection leaves out methods or routes that change something",
        severity: Medium,
        status: Stable,
        why:
            "`ignoreMethods` with POST in it, a `value` function that always finds a token, or a middleware \
             mounted after the router looks like protection and checks nothing.",
        fix:
            "Ignore `GET`, `HEAD` and `OPTIONS` alone, and mount the check after the session and before the \
             router.",
        references: [Modern, Cwe(352), Asvs("3.5.1")],
    }

    MISSING = "csrf.missing" {
        title: "Changes under a session cookie are accepted from any site",
        severity: High,
        status: Stable,
        why:
            "Any page the user visits sends a form to this application, the browser adds the cookie, and the \
             application acts in the user's name: changes the address, transfers, deletes.",
        fix:
            "Check `Sec-Fetch-Site` or Origin on every POST, PUT, PATCH and DELETE, and add a token bound to \
             the session: `csrf-csrf`, mounted after the session and before the router. `csurf` and \
             `express.csrf()` of the old checklists are no longer maintained. `sameSite: 'lax'` helps and is \
             not enough. An API with bearer tokens and no cookie needs none of this.",
        references: [
            Mission(StrongLoop),
            Mission(ExpressGuide),
            Mission(LiftSecurity),
            Cwe(352),
            Asvs("3.5.1"),
            Web("W3C Fetch Metadata Request Headers"),
        ],
    }

    WEBSOCKET_ORIGIN = "csrf.websocket-origin" {
        title: "WebSocket is opened for any origin",
        severity: High,
        status: Stable,
        why:
            "The same-origin policy does not hold for WebSockets: any page opens one with the user's cookie, \
             and reads and writes as the user.",
        fix:
            "Compare the Origin of the handshake with an exact list before the upgrade: `verifyClient` in \
             `ws`, `allowRequest` in Socket.IO (its `cors` option does not cover the WebSocket transport).",
        references: [Modern, Cwe(1385), Asvs("4.4.2"), Rfc(6455)],
    }
}
