//! Rules of the family `auth`.

use crate::rule::rules;

rules! { "auth";
    GUARD_DOES_NOT_RETURN = "auth.guard-does-not-return" {
        title: "Guard redirects and the handler goes on",
        severity: High,
        status: Stable,
        why: "Guard redirects and the handler goes on.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(698), Asvs("8.3.1")],
    }
    JWT_ALG_UNPINNED = "auth.jwt-alg-unpinned" {
        title: "JWT verify without algorithm list",
        severity: High,
        status: Stable,
        why: "JWT verify without algorithm list.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(347), Asvs("9.1.2")],
    }
    JWT_HARDCODED_SECRET = "auth.jwt-hardcoded-secret" {
        title: "JWT key in source or default fallback",
        severity: High,
        status: Stable,
        why: "JWT key in source or default fallback.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(798), Asvs("13.3.1")],
    }
    JWT_LIFETIME = "auth.jwt-lifetime" {
        title: "JWT valid longer than 24 h or without exp",
        severity: Low,
        status: Stable,
        why: "JWT valid longer than 24 h or without exp.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(613), Asvs("9.2.1")],
    }
    LOCKOUT_MISSING = "auth.lockout-missing" {
        title: "No lockout per user name and IP",
        severity: Medium,
        status: Stable,
        why: "No lockout per user name and IP.",
        fix: "Mend what this rule names.",
        references: [Mission(AuYeung), Mission(ExpressGuide), Cwe(307), Asvs("6.3.1")],
    }
    PASSWORD_PLAIN = "auth.password-plain" {
        title: "Password stored or compared in plain text",
        severity: Critical,
        status: Stable,
        why: "Password stored or compared in plain text.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(256), Asvs("11.4.2")],
    }
    PASSWORD_WEAK_HASH = "auth.password-weak-hash" {
        title: "Password hashed with md5/sha1/sha256 or low cost",
        severity: High,
        status: Stable,
        why: "Password hashed with md5/sha1/sha256 or low cost.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(916), Asvs("11.4.2")],
    }
    RATE_LIMIT_GLOBAL = "auth.rate-limit-global" {
        title: "No general rate limit on the API",
        severity: Medium,
        status: Stable,
        why: "No general rate limit on the API.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(Safeguard), Cwe(770), Asvs("2.4.1")],
    }
    RATE_LIMIT_KEY_SPOOFABLE = "auth.rate-limit-key-spoofable" {
        title: "Limiter key is a client header",
        severity: High,
        status: Stable,
        why: "Limiter key is a client header.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(348), Asvs("15.3.4")],
    }
    RATE_LIMIT_LOGIN = "auth.rate-limit-login" {
        title: "Login without rate limit",
        severity: High,
        status: Stable,
        why: "Login without rate limit.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(Safeguard), Cwe(307), Asvs("6.3.1")],
    }
    RATE_LIMIT_MEMORY_STORE = "auth.rate-limit-memory-store" {
        title: "Rate limiter keeps counts in memory",
        severity: Low,
        status: Stable,
        why: "Rate limiter keeps counts in memory.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(770), Asvs("2.4.1")],
    }
    SECRET_TIMING = "auth.secret-timing" {
        title: "Secret compared with ===",
        severity: Low,
        status: Stable,
        why: "Secret compared with ===.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(208), Asvs("11.2.4")],
    }
    USER_ENUMERATION = "auth.user-enumeration" {
        title: "Different answers for unknown user and wrong password",
        severity: Low,
        status: Stable,
        why: "Different answers for unknown user and wrong password.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(204), Asvs("6.3.8")],
    }
    WEAK_PASSWORD_POLICY = "auth.weak-password-policy" {
        title: "Password policy is weak",
        severity: Low,
        status: Stable,
        why: "Password policy is weak.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(521), Asvs("6.2.1")],
    }
    WEAK_TOKEN = "auth.weak-token" {
        title: "Reset or session token from md5(login) or Math.random",
        severity: High,
        status: Stable,
        why: "Reset or session token from md5(login) or Math.random.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(330), Asvs("11.5.1")],
    }
}
