//! Rules of the family `injection`.

use crate::rule::rules;

rules! { "injection";
    COMMAND = "injection.command" {
        title: "Shell command with request data",
        severity: Critical,
        status: Stable,
        why: "Shell command with request data.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(78), Asvs("1.2.5")],
    }
    DESERIALIZE = "injection.deserialize" {
        title: "Unsafe deserialisation",
        severity: Critical,
        status: Stable,
        why: "Unsafe deserialisation.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(502), Asvs("1.5.2")],
    }
    EVAL = "injection.eval" {
        title: "eval, Function, vm, setTimeout(string), mathjs/notevil on input",
        severity: Critical,
        status: Stable,
        why: "eval, Function, vm, setTimeout(string), mathjs/notevil on input.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(95), Asvs("1.3.2")],
    }
    HOST_HEADER = "injection.host-header" {
        title: "The Host field is believed without a check",
        severity: Medium,
        status: Stable,
        why: "The Host field is believed without a check.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(807), Asvs("4.1.3")],
    }
    HPP = "injection.hpp" {
        title: "Parameter pollution: string expected, array given",
        severity: Low,
        status: Stable,
        why: "Parameter pollution: string expected, array given.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(235), Asvs("15.3.7")],
    }
    LOG = "injection.log" {
        title: "Unsanitised input in log lines",
        severity: Low,
        status: Stable,
        why: "Unsanitised input in log lines.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(117), Asvs("16.4.1")],
    }
    MASS_ASSIGNMENT = "injection.mass-assignment" {
        title: "Whole body stored in a model",
        severity: Medium,
        status: Stable,
        why: "Whole body stored in a model.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(915), Asvs("15.3.3")],
    }
    NOSQL = "injection.nosql" {
        title: "NoSQL operator or $where injection",
        severity: High,
        status: Stable,
        why: "NoSQL operator or $where injection.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(943), Asvs("1.2.4")],
    }
    OPEN_REDIRECT = "injection.open-redirect" {
        title: "Redirect target from the request",
        severity: Medium,
        status: Stable,
        why: "Redirect target from the request.",
        fix: "Mend what this rule names.",
        references: [Mission(ExpressGuide), Modern, Cwe(601), Asvs("3.7.2")],
    }
    PATH_TRAVERSAL = "injection.path-traversal" {
        title: "File path from the request",
        severity: High,
        status: Stable,
        why: "File path from the request.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(22), Asvs("5.3.2")],
    }
    PROTO_POLLUTION = "injection.proto-pollution" {
        title: "Request object merged into an object",
        severity: High,
        status: Stable,
        why: "Request object merged into an object.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(1321), Asvs("15.3.6")],
    }
    REDOS = "injection.redos" {
        title: "Regular expression with super-linear backtracking",
        severity: High,
        status: Stable,
        why: "Regular expression with super-linear backtracking.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(1333), Asvs("1.3.12")],
    }
    REGEX_INPUT = "injection.regex-input" {
        title: "RegExp built from input",
        severity: Medium,
        status: Stable,
        why: "RegExp built from input.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(1333), Asvs("1.2.9")],
    }
    RENDER_OPTIONS = "injection.render-options" {
        title: "Request object given to res.render as options",
        severity: High,
        status: Stable,
        why: "Request object given to res.render as options.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(73), Asvs("1.3.7")],
    }
    RESPONSE_SPLITTING = "injection.response-splitting" {
        title: "A header field carries CR, LF or NUL",
        severity: Medium,
        status: Stable,
        why: "A header field carries CR, LF or NUL.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(113), Asvs("4.2.4")],
    }
    SQL = "injection.sql" {
        title: "SQL built from strings",
        severity: Critical,
        status: Stable,
        why: "SQL built from strings.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(89), Asvs("1.2.4")],
    }
    SSRF = "injection.ssrf" {
        title: "Server fetches a URL from the request",
        severity: High,
        status: Stable,
        why: "Server fetches a URL from the request.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(918), Asvs("1.3.6")],
    }
    SSTI = "injection.ssti" {
        title: "Template compiled from input",
        severity: Critical,
        status: Stable,
        why: "Template compiled from input.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1336), Asvs("1.3.7")],
    }
    XSS_REFLECTED = "injection.xss-reflected" {
        title: "res.send/res.write of request data as HTML",
        severity: High,
        status: Stable,
        why: "res.send/res.write of request data as HTML.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(79), Asvs("1.2.1")],
    }
    XSS_TEMPLATE = "injection.xss-template" {
        title: "Unescaped template output",
        severity: High,
        status: Stable,
        why: "Unescaped template output.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(79), Asvs("1.2.1")],
    }
    XXE = "injection.xxe" {
        title: "XML parser resolves entities",
        severity: High,
        status: Stable,
        why: "XML parser resolves entities.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(611), Asvs("1.5.1")],
    }
    ZIP_SLIP = "injection.zip-slip" {
        title: "Archive extracted without path check",
        severity: High,
        status: Stable,
        why: "Archive extracted without path check.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(22), Asvs("5.3.3")],
    }
}
