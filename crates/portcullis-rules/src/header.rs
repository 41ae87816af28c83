//! Rules of the family `header`.

use crate::rule::rules;

rules! { "header";
    CACHE_SENSITIVE = "header.cache-sensitive" {
        title: "Authenticated or Set-Cookie response may be cached",
        severity: Medium,
        status: Stable,
        why: "Authenticated or Set-Cookie response may be cached.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(LiftSecurity), Cwe(525), Asvs("14.3.2")],
    }
    CSP_MISSING = "header.csp-missing" {
        title: "No Content-Security-Policy on HTML",
        severity: Medium,
        status: Stable,
        why: "No Content-Security-Policy on HTML.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(Safeguard), Cwe(1021), Asvs("3.4.3")],
    }
    CSP_WEAK = "header.csp-weak" {
        title: "CSP allows unsafe-inline/eval, * or data: in script-src, lacks object-src/base-u",
        severity: Medium,
        status: Stable,
        why: "CSP allows unsafe-inline/eval, * or data: in script-src, lacks object-src/base-uri/frame-ancestors.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(693), Asvs("3.4.3")],
    }
    FRAME_MISSING = "header.frame-missing" {
        title: "No clickjacking protection",
        severity: Medium,
        status: Stable,
        why: "No clickjacking protection.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(LiftSecurity), Mission(Safeguard), Cwe(1021), Asvs("3.4.6")],
    }
    HELMET_MISSING = "header.helmet-missing" {
        title: "No security header middleware",
        severity: High,
        status: Stable,
        why: "No security header middleware.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(LiftSecurity), Mission(Safeguard), Cwe(693), Asvs("3.4")],
    }
    HELMET_PARTIAL = "header.helmet-partial" {
        title: "Only some helmet parts are used",
        severity: Medium,
        status: Stable,
        why: "Only some helmet parts are used.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(LiftSecurity), Cwe(693), Asvs("3.4")],
    }
    HPKP = "header.hpkp" {
        title: "Public-Key-Pins is sent",
        severity: Low,
        status: Stable,
        why: "Public-Key-Pins is sent.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Cwe(693), Asvs("3.4")],
    }
    HSTS_MISSING = "header.hsts-missing" {
        title: "No or short Strict-Transport-Security",
        severity: Medium,
        status: Stable,
        why: "No or short Strict-Transport-Security.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(Safeguard), Cwe(319), Asvs("3.4.1")],
    }
    ISOLATION_MISSING = "header.isolation-missing" {
        title: "No COOP/CORP/Origin-Agent-Cluster",
        severity: Low,
        status: Stable,
        why: "No COOP/CORP/Origin-Agent-Cluster.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(346), Asvs("3.4.8")],
    }
    LEGACY_MISSING = "header.legacy-missing" {
        title: "X-DNS-Prefetch-Control, X-Download-Options, X-Permitted-Cross-Domain-Policies ab",
        severity: Info,
        status: Stable,
        why: "X-DNS-Prefetch-Control, X-Download-Options, X-Permitted-Cross-Domain-Policies absent.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(Safeguard), Cwe(693), Asvs("3.4")],
    }
    NOSNIFF_MISSING = "header.nosniff-missing" {
        title: "No X-Content-Type-Options: nosniff",
        severity: Low,
        status: Stable,
        why: "No X-Content-Type-Options: nosniff.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(LiftSecurity), Mission(Safeguard), Cwe(693), Asvs("3.4.4")],
    }
    PERMISSIONS_POLICY_MISSING = "header.permissions-policy-missing" {
        title: "No Permissions-Policy",
        severity: Info,
        status: Stable,
        why: "No Permissions-Policy.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(693), Asvs("3.4")],
    }
    REFERRER_POLICY_MISSING = "header.referrer-policy-missing" {
        title: "No Referrer-Policy",
        severity: Low,
        status: Stable,
        why: "No Referrer-Policy.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(200), Asvs("3.4.5")],
    }
    SERVER_BANNER = "header.server-banner" {
        title: "Server/Via/X-AspNet header reveals versions",
        severity: Low,
        status: Stable,
        why: "Server/Via/X-AspNet header reveals versions.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(200), Asvs("13.4.6")],
    }
    X_POWERED_BY = "header.x-powered-by" {
        title: "X-Powered-By reveals Express",
        severity: Low,
        status: Stable,
        why: "X-Powered-By reveals Express.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(Safeguard), Cwe(200), Asvs("13.4.6")],
    }
    XSS_PROTECTION_ON = "header.xss-protection-on" {
        title: "X-XSS-Protection is switched on",
        severity: Low,
        status: Stable,
        why: "X-XSS-Protection is switched on.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(LiftSecurity), Cwe(79), Asvs("3.4")],
    }
}
