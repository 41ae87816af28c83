//! Which other origins may read what we answer.

use crate::rule::rules;

rules! { "cors";
    MAX_AGE_INEFFECTIVE = "cors.max-age-ineffective" {
        title: "Preflight is cached for longer than browsers allow, or not at all",
        severity: Info,
        status: Stable,
        why:
            "Browsers cap the time (Chromium at two hours, Firefox at a day), so `maxAge: 86400` of the \
             checklist holds in one of them only; without it each call costs two requests.",
        fix: "Set `maxAge: 7200` in the options of `cors`.",
        references: [Mission(Safeguard), Cwe(942), Asvs("3.4.2"), Web("WHATWG Fetch")],
    }

    REFLECT_ORIGIN = "cors.reflect-origin" {
        title: "Origins are let in that only look right, or any that asks",
        severity: High,
        status: Stable,
        why:
            "An unanchored expression or `endsWith('example.com')` also lets in `evil-example.com`, `null` \
             comes from any sandboxed frame, and `origin: true` lets in everybody. The attacker's page reads \
             what the user may read.",
        fix:
            "List the origins in full, with scheme: `cors({ origin: ['https://app.example.com'] })`. An \
             expression needs `^`, `$` and escaped dots; `'null'` is never right.",
        references: [Modern, Cwe(346), Asvs("3.4.2"), Rfc(6454)],
    }

    VARY_MISSING = "cors.vary-missing" {
        title: "Allow-Origin depends on the request and `Vary: Origin` is absent",
        severity: Low,
        status: Stable,
        why:
            "A cache keeps the answer for one origin and gives it to another: either the page breaks, or an \
             origin gets in that was never allowed.",
        fix:
            "Add `res.vary('Origin')` wherever Access-Control-Allow-Origin is chosen by the request, also \
             when the origin is refused; the `cors` package does so with a list.",
        references: [Modern, Cwe(525), Asvs("3.4.2"), Web("WHATWG Fetch")],
    }

    WILDCARD = "cors.wildcard" {
        title: "Any origin may read the answers",
        severity: Low,
        status: Stable,
        why:
            "Every page on the web reads these answers in the user's browser. That is fine for public data; \
             behind a firewall or on localhost it opens the inside to the web.",
        fix:
            "Name the origins: `cors({ origin: ['https://app.example.com'] })`; `cors()` alone means `*`. \
             Leave `*` on public, read-only routes alone.",
        references: [Mission(Safeguard), Cwe(942), Asvs("3.4.2"), Web("WHATWG Fetch")],
    }

    WILDCARD_CREDENTIALS = "cors.wildcard-credentials" {
        title: "Any origin may read the answers with the user's cookies",
        severity: High,
        status: Stable,
        why:
            "Every page the user visits reads everything the user may read here, CSRF tokens included. \
             Browsers refuse a literal `*` with credentials, so the true hole is `origin: true` or a \
             callback that says yes to all.",
        fix:
            "Name the origins in full beside `credentials: true`: `cors({ origin: \
             ['https://app.example.com'], credentials: true })`.",
        references: [Mission(Safeguard), Cwe(942), Asvs("3.4.2"), Web("WHATWG Fetch")],
    }
}
