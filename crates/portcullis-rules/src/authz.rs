//! Rules of the family `authz`.

use crate::rule::rules;

rules! { "authz";
    IDOR = "authz.idor" {
        title: "Object reached by an id from the request without an owner test",
        severity: High,
        status: Stable,
        why: "Object reached by an id from the request without an owner test.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(639), Asvs("8.2.2")],
    }
    INTERNAL_ENDPOINT_EXPOSED = "authz.internal-endpoint-exposed" {
        title: "An internal endpoint is reachable from outside",
        severity: Medium,
        status: Stable,
        why: "An internal endpoint is reachable from outside.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(668), Asvs("13.4.5")],
    }
    MISSING_ROLE = "authz.missing-role" {
        title: "Admin function without a role test",
        severity: High,
        status: Stable,
        why: "Admin function without a role test.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(862), Asvs("8.2.1")],
    }
    PATH_CONFUSION = "authz.path-confusion" {
        title: "Another spelling of a path slips past an access rule",
        severity: High,
        status: Stable,
        why: "Another spelling of a path slips past an access rule.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(647), Asvs("8.3.1")],
    }
}
