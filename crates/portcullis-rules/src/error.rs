//! Rules of the family `error`.

use crate::rule::rules;

rules! { "error";
    MESSAGE_LEAK = "error.message-leak" {
        title: "Internal error message reaches the client",
        severity: Low,
        status: Stable,
        why: "Internal error message reaches the client.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(209), Asvs("16.5.1")],
    }
    NO_HANDLER = "error.no-handler" {
        title: "No final error handler or async errors lost",
        severity: Low,
        status: Stable,
        why: "No final error handler or async errors lost.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(755), Asvs("16.5.3")],
    }
    NODE_ENV = "error.node-env" {
        title: "NODE_ENV is not production",
        severity: Medium,
        status: Stable,
        why: "NODE_ENV is not production.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(489), Asvs("13.4.2")],
    }
    PATH_LEAK = "error.path-leak" {
        title: "An error shows an absolute path of the server",
        severity: Low,
        status: Stable,
        why: "An error shows an absolute path of the server.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(209), Asvs("16.5.1")],
    }
    STACK_LEAK = "error.stack-leak" {
        title: "Stack trace reaches the client",
        severity: Medium,
        status: Stable,
        why: "Stack trace reaches the client.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(209), Asvs("16.5.1")],
    }
}
