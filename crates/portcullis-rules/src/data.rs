//! Rules of the family `data`.

use crate::rule::rules;

rules! { "data";
    SENSITIVE_PLAIN = "data.sensitive-plain" {
        title: "Sensitive field stored in clear",
        severity: Medium,
        status: Stable,
        why: "Sensitive field stored in clear.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(312), Asvs("14.2")],
    }
}
