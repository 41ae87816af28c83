//! Rules of the family `cors`.

use crate::rule::rules;

rules! { "cors";
    MAX_AGE_INEFFECTIVE = "cors.max-age-ineffective" {
        title: "Preflight cache longer than browsers allow or absent",
        severity: Info,
        status: Stable,
        why: "Preflight cache longer than browsers allow or absent.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(942), Asvs("3.4.2")],
    }
    REFLECT_ORIGIN = "cors.reflect-origin" {
        title: "Origin is reflected, suffix-matched or null is allowed",
        severity: High,
        status: Stable,
        why: "Origin is reflected, suffix-matched or null is allowed.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(346), Asvs("3.4.2")],
    }
    VARY_MISSING = "cors.vary-missing" {
        title: "Dynamic ACAO without Vary: Origin",
        severity: Low,
        status: Stable,
        why: "Dynamic ACAO without Vary: Origin.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(525), Asvs("3.4.2")],
    }
    WILDCARD = "cors.wildcard" {
        title: "Access-Control-Allow-Origin is *",
        severity: Low,
        status: Stable,
        why: "Access-Control-Allow-Origin is *.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(942), Asvs("3.4.2")],
    }
    WILDCARD_CREDENTIALS = "cors.wildcard-credentials" {
        title: "Any origin with credentials",
        severity: High,
        status: Stable,
        why: "Any origin with credentials.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(942), Asvs("3.4.2")],
    }
}
