//! Rules of the family `cookie`.

use crate::rule::rules;

rules! { "cookie";
    CLIENT_SIDE_DATA = "cookie.client-side-data" {
        title: "cookie-session carries secrets",
        severity: Medium,
        status: Stable,
        why: "cookie-session carries secrets.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(312), Asvs("14.3")],
    }
    DOMAIN_BROAD = "cookie.domain-broad" {
        title: "Cookie Domain spans a parent domain",
        severity: Medium,
        status: Stable,
        why: "Cookie Domain spans a parent domain.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(1275), Asvs("3.3.3")],
    }
    EXPIRES_AT_BOOT = "cookie.expires-at-boot" {
        title: "expires computed once at start-up",
        severity: Medium,
        status: Stable,
        why: "expires computed once at start-up.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(672), Asvs("7.3.2")],
    }
    EXPIRY_MISSING = "cookie.expiry-missing" {
        title: "Session without maxAge/expires",
        severity: Low,
        status: Stable,
        why: "Session without maxAge/expires.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(Safeguard), Cwe(613), Asvs("7.3.2")],
    }
    HTTPONLY_MISSING = "cookie.httponly-missing" {
        title: "Session cookie without HttpOnly",
        severity: High,
        status: Stable,
        why: "Session cookie without HttpOnly.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(LiftSecurity), Mission(Safeguard), Cwe(1004), Asvs("3.3.4")],
    }
    LIFETIME_TOO_LONG = "cookie.lifetime-too-long" {
        title: "Session cookie lives longer than 30 days",
        severity: Medium,
        status: Stable,
        why: "Session cookie lives longer than 30 days.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(613), Asvs("7.3.2")],
    }
    MEMORY_STORE = "cookie.memory-store" {
        title: "Default in-memory session store in production",
        severity: High,
        status: Stable,
        why: "Default in-memory session store in production.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(Safeguard), Cwe(770), Asvs("7.2")],
    }
    PATH_BROAD = "cookie.path-broad" {
        title: "Cookie Path wider than the app mount",
        severity: Info,
        status: Stable,
        why: "Cookie Path wider than the app mount.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(1275), Asvs("3.3.3")],
    }
    PREFIX_MISSING = "cookie.prefix-missing" {
        title: "Session cookie without __Host- prefix",
        severity: Info,
        status: Stable,
        why: "Session cookie without __Host- prefix.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1275), Asvs("3.3.3")],
    }
    SAMESITE_MISSING = "cookie.samesite-missing" {
        title: "Cookie without SameSite",
        severity: Medium,
        status: Stable,
        why: "Cookie without SameSite.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(1275), Asvs("3.3.2")],
    }
    SAVE_UNINITIALIZED = "cookie.save-uninitialized" {
        title: "saveUninitialized/resave true or unset",
        severity: Low,
        status: Stable,
        why: "saveUninitialized/resave true or unset.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(384), Asvs("7.6.2")],
    }
    SECRET_HARDCODED = "cookie.secret-hardcoded" {
        title: "Session or cookie secret in source, or known example",
        severity: High,
        status: Stable,
        why: "Session or cookie secret in source, or known example.",
        fix: "Mend what this rule names.",
        references: [Mission(LiftSecurity), Mission(Safeguard), Cwe(798), Asvs("13.3.1")],
    }
    SECRET_WEAK = "cookie.secret-weak" {
        title: "The secret that signs cookies is short or guessable",
        severity: Medium,
        status: Stable,
        why: "The secret that signs cookies is short or guessable.",
        fix: "Mend what this rule names.",
        references: [Mission(LiftSecurity), Cwe(331), Asvs("11.2.3")],
    }
    SECURE_MISSING = "cookie.secure-missing" {
        title: "Cookie without Secure",
        severity: High,
        status: Stable,
        why: "Cookie without Secure.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(LiftSecurity), Mission(Safeguard), Cwe(614), Asvs("3.3.1")],
    }
    SESSION_DEFAULT_NAME = "cookie.session-default-name" {
        title: "Default session cookie name (connect.sid, session, koa.sess, express:sess)",
        severity: Low,
        status: Stable,
        why: "Default session cookie name (connect.sid, session, koa.sess, express:sess).",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(Safeguard), Cwe(200), Asvs("3.3.3")],
    }
    SESSION_FIXATION = "cookie.session-fixation" {
        title: "Session ID is not renewed at login",
        severity: High,
        status: Stable,
        why: "Session ID is not renewed at login.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(384), Asvs("7.2.4")],
    }
    TOO_LARGE = "cookie.too-large" {
        title: "Cookie near 4093 bytes",
        severity: Low,
        status: Stable,
        why: "Cookie near 4093 bytes.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(770), Asvs("3.3.5")],
    }
}
