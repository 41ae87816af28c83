//! Rules of the family `validation`.

use crate::rule::rules;

rules! { "validation";
    MEDIA_TYPE_UNCHECKED = "validation.media-type-unchecked" {
        title: "A body is read whatever its media type or coding",
        severity: Low,
        status: Stable,
        why: "A body is read whatever its media type or coding.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(436), Asvs("3.5.2")],
    }
    MISSING = "validation.missing" {
        title: "Handler uses body/query/params with no schema",
        severity: Medium,
        status: Stable,
        why: "Handler uses body/query/params with no schema.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Mission(Safeguard), Cwe(20), Asvs("2.2.1")],
    }
}
