//! Response fields that browsers act on: missing, weak, or telling too much.

use crate::rule::rules;

rules! { "header";
    CACHE_SENSITIVE = "header.cache-sensitive" {
        title: "Response with a cookie or private data may be cached",
        severity: Medium,
        status: Stable,
        why:
            "A shared cache stores the page or the Set-Cookie of one user and hands it to the next, who is \
             then logged in as the first; on a shared computer the back button shows what was private.",
        fix:
            "Set `res.set('Cache-Control', 'no-store')` on every answer to a logged-in user; static files \
             with a hash in their name may still be cached for ever. The `header` guard adds `no-store` \
             where a cookie is set.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(LiftSecurity),
            Cwe(525),
            Asvs("14.3.2"),
            Rfc(9111),
        ],
    }

    CSP_MISSING = "header.csp-missing" {
        title: "HTML without a Content-Security-Policy",
        severity: Medium,
        status: Stable,
        why:
            "Nothing stands between one forgotten escape and a script that runs as the user: the browser \
             loads and runs whatever the page names.",
        fix:
            "Use `app.use(helmet())`, then name the sources the pages really need; start with `reportOnly: \
             true` on an application that is live. The `header` guard sends a policy without \
             `unsafe-inline`, with nonces for inline scripts, and can begin as report-only.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(Safeguard),
            Cwe(693),
            Asvs("3.4.3"),
            Web("W3C Content Security Policy Level 3"),
        ],
    }

    CSP_WEAK = "header.csp-weak" {
        title: "Content-Security-Policy lets injected scripts run",
        severity: Medium,
        status: Stable,
        why:
            "`unsafe-inline`, `unsafe-eval`, `*` or `data:` among the script sources lets an injected script \
             run as if there were no policy; without `object-src`, `base-uri` or `frame-ancestors` it comes \
             in by a plug-in, a changed base address or a frame.",
        fix:
            "Replace `'unsafe-inline'` by a nonce for each response, add `objectSrc: [\"'none'\"]`, \
             `baseUri: [\"'none'\"]` and `frameAncestors: [\"'none'\"]`. The `header` guard has all of these \
             by default, and refuses a policy with a malformed directive at start.",
        references: [Mission(Safeguard), Cwe(693), Asvs("3.4.3"), Web("W3C Content Security Policy Level 3")],
    }

    FRAME_MISSING = "header.frame-missing" {
        title: "Page may be framed by any site",
        severity: Medium,
        status: Stable,
        why:
            "Another site lays the page, invisible, over its own buttons, and the user's clicks delete, buy \
             or grant something here (clickjacking).",
        fix:
            "Use `app.use(helmet())`, which sends X-Frame-Options and `frame-ancestors 'self'`; where \
             partners embed a page, name them in `frame-ancestors` on that page alone. The `header` guard \
             sends `frame-ancestors 'none'` and `X-Frame-Options: DENY`.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(LiftSecurity),
            Mission(Safeguard),
            Cwe(1021),
            Asvs("3.4.6"),
            Rfc(7034),
        ],
    }

    HELMET_MISSING = "header.helmet-missing" {
        title: "No security header is set at all",
        severity: Medium,
        status: Stable,
        why:
            "Each protection that browsers offer is off: scripts from anywhere, framing by any site, type \
             sniffing, full addresses sent to third parties, plain HTTP on the next visit.",
        fix:
            "Add `app.use(helmet())` before every route, so that errors and static files get the headers as \
             well. The `header` guard sets them on each answer, refusals included; its `helmet` preset sends \
             exactly what helmet 8 does.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(LiftSecurity),
            Mission(Safeguard),
            Cwe(693),
            Asvs("3.4"),
        ],
    }

    HELMET_PARTIAL = "header.helmet-partial" {
        title: "Only some of the security headers are set",
        severity: Low,
        status: Stable,
        why:
            "Single calls such as `helmet.xframe()` or `helmet.hsts()` leave the rest off, and the headers \
             that browsers learnt since, CSP and the isolation policies, never arrive.",
        fix:
            "Replace the single calls by `app.use(helmet())` and switch off by name what does not fit; \
             `helmet.xframe()`, `iexss()` and `cacheControl()` of the old checklists no longer exist. The \
             `header` guard sets the whole set.",
        references: [Mission(StrongLoop), Mission(LiftSecurity), Cwe(693), Asvs("3.4")],
    }

    HPKP = "header.hpkp" {
        title: "Public-Key-Pins is sent",
        severity: Low,
        status: Stable,
        why:
            "Browsers removed key pinning: the field protects nobody, and where an old client still reads it \
             a lost key, or a pin that an intruder set, locks its users out for weeks. The old checklists \
             recommend it.",
        fix:
            "Remove the `hpkp` middleware. Against false certificates use a CAA record in DNS and watch the \
             Certificate Transparency logs. The `header` guard never sends the field and has no setting for \
             it.",
        references: [Mission(StrongLoop), Mission(AuYeung), Cwe(693), Rfc(7469)],
    }

    HSTS_MISSING = "header.hsts-missing" {
        title: "No Strict-Transport-Security over HTTPS, or less than a year",
        severity: Medium,
        status: Stable,
        why:
            "The first request after each typed address or old link goes out over plain HTTP; whoever shares \
             the network answers it, keeps the user there and reads everything.",
        fix:
            "Use `app.use(helmet())`, or send `Strict-Transport-Security: max-age=63072000; \
             includeSubDomains` over HTTPS once every subdomain has TLS. Over plain HTTP the field means \
             nothing. The `header` guard sends two years, over TLS only.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(Safeguard),
            Cwe(319),
            Asvs("3.4.1"),
            Rfc(6797),
        ],
    }

    ISOLATION_MISSING = "header.isolation-missing" {
        title: "Page is not isolated from other origins",
        severity: Low,
        status: Stable,
        why:
            "Without COOP and CORP another site keeps a handle on the window it opened, and can pull \
             responses into its own process, where side channels of the Spectre kind read them.",
        fix:
            "Use `app.use(helmet())`: it sends `Cross-Origin-Opener-Policy: same-origin`, \
             `Cross-Origin-Resource-Policy: same-origin` and `Origin-Agent-Cluster: ?1`. Pages that log in \
             through a popup need `same-origin-allow-popups`, and public files `cross-origin`. The `header` \
             guard sends all three.",
        references: [
            Mission(Safeguard),
            Cwe(346),
            Asvs("3.4.8"),
            Web("WHATWG HTML, cross-origin opener policies"),
        ],
    }

    LEGACY_MISSING = "header.legacy-missing" {
        title: "Headers for old browsers and plug-ins are absent",
        severity: Info,
        status: Stable,
        why:
            "X-DNS-Prefetch-Control, X-Download-Options and X-Permitted-Cross-Domain-Policies close small \
             holes in browsers and plug-ins that hardly anybody runs any more; nothing is open without them \
             today.",
        fix:
            "Use `app.use(helmet())`, which sends them; nothing else is worth the work. The `header` guard \
             sends them too.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(Safeguard), Cwe(693), Asvs("3.4")],
    }

    NOSNIFF_MISSING = "header.nosniff-missing" {
        title: "No `X-Content-Type-Options: nosniff`",
        severity: Low,
        status: Stable,
        why:
            "A browser may read an uploaded text or image as script or HTML when its content looks like it, \
             and run it on this origin.",
        fix:
            "Use `app.use(helmet())` before `express.static`, so that files and error pages carry it as \
             well; also send the true Content-Type. The `header` guard sets it on each response.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(LiftSecurity),
            Mission(Safeguard),
            Cwe(693),
            Asvs("3.4.4"),
            Web("WHATWG Fetch"),
        ],
    }

    PERMISSIONS_POLICY_MISSING = "header.permissions-policy-missing" {
        title: "No Permissions-Policy",
        severity: Info,
        status: Stable,
        why:
            "A script or frame that got into the page may ask for camera, microphone, position or payment in \
             the name of the site.",
        fix:
            "Send `res.set('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=()')`: \
             helmet has no option for it. The `header` guard sends one that switches off what a site seldom \
             needs.",
        references: [Modern, Cwe(693), Asvs("3.4"), Web("W3C Permissions Policy")],
    }

    REFERRER_POLICY_MISSING = "header.referrer-policy-missing" {
        title: "No Referrer-Policy",
        severity: Low,
        status: Stable,
        why:
            "Depending on the browser, the full address of the page, with what stands in its query such as a \
             reset token, goes to every site it links to or loads from.",
        fix:
            "Use `app.use(helmet())`, which sends `Referrer-Policy: no-referrer`; \
             `strict-origin-when-cross-origin` is right where partners count visits. The `header` guard \
             sends it. Keep tokens out of addresses all the same.",
        references: [Mission(Safeguard), Cwe(200), Asvs("3.4.5"), Web("W3C Referrer Policy")],
    }

    SERVER_BANNER = "header.server-banner" {
        title: "Server, Via or another field reveals product and version",
        severity: Low,
        status: Stable,
        why:
            "A scanner compares the version with lists of known holes and knows at once which exploit to \
             try; a list of such servers is kept ready for the next hole.",
        fix:
            "Remove the field where it is made (`server_tokens off` in nginx), and the likes of \
             X-AspNet-Version. The `header` guard removes Server from what the application sends.",
        references: [Modern, Cwe(200), Asvs("13.4.6"), Rfc(9110)],
    }

    X_POWERED_BY = "header.x-powered-by" {
        title: "X-Powered-By reveals Express",
        severity: Low,
        status: Stable,
        why:
            "The field says that Express answers, so that attacks made for it can be chosen. It helps nobody \
             else.",
        fix:
            "Add `app.disable('x-powered-by')`, on each sub-application that is mounted as well, or use \
             `app.use(helmet())`. The `header` guard removes it from every response.",
        references: [
            Mission(StrongLoop),
            Mission(AuYeung),
            Mission(ExpressGuide),
            Mission(Safeguard),
            Cwe(200),
            Asvs("13.4.6"),
        ],
    }

    XSS_PROTECTION_ON = "header.xss-protection-on" {
        title: "X-XSS-Protection is switched on",
        severity: Low,
        status: Stable,
        why:
            "The filter it steered is gone from today's browsers; in the old ones it could be made to cut \
             single scripts out of a page, and so opened holes. The old checklists ask for `1`, which is \
             wrong today.",
        fix:
            "Send `X-XSS-Protection: 0`, as helmet does since version 4, or nothing; a \
             Content-Security-Policy does what the filter was meant for. The `header` guard sends `0` and \
             has no setting for `1`.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(LiftSecurity), Cwe(79), Asvs("3.4")],
    }
}
