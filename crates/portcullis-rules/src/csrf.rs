//! Rules of the family `csrf`.

use crate::rule::rules;

rules! { "csrf";
    GET_STATE_CHANGE = "csrf.get-state-change" {
        title: "GET handler changes state",
        severity: Medium,
        status: Stable,
        why: "GET handler changes state.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(650), Asvs("3.5.3")],
    }
    IGNORED_METHODS = "csrf.ignored-methods" {
        title: "csurf value function or ignoreMethods too wide",
        severity: Medium,
        status: Stable,
        why: "csurf value function or ignoreMethods too wide.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(352), Asvs("3.5.1")],
    }
    MISSING = "csrf.missing" {
        title: "State-changing route on cookie session without CSRF protection",
        severity: High,
        status: Stable,
        why: "State-changing route on cookie session without CSRF protection.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Mission(LiftSecurity), Cwe(352), Asvs("3.5.1")],
    }
    WEBSOCKET_ORIGIN = "csrf.websocket-origin" {
        title: "A WebSocket is opened for any origin",
        severity: High,
        status: Stable,
        why: "A WebSocket is opened for any origin.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1385), Asvs("4.4.2")],
    }
}
