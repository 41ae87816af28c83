//! Rules of the family `limit`.

use crate::rule::rules;

rules! { "limit";
    BODY_LIMIT_EXPLICIT = "limit.body-limit-explicit" {
        title: "Body parser without an explicit limit",
        severity: Info,
        status: Stable,
        why: "Body parser without an explicit limit.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(770), Asvs("5.2.1")],
    }
    BODY_UNLIMITED = "limit.body-unlimited" {
        title: "Body parser limit removed or above 1 MB",
        severity: High,
        status: Stable,
        why: "Body parser limit removed or above 1 MB.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(770), Asvs("5.2.1")],
    }
    BODYPARSER_DEPRECATED = "limit.bodyparser-deprecated" {
        title: "bodyParser() / express.bodyParser() / multipart",
        severity: Medium,
        status: Stable,
        why: "bodyParser() / express.bodyParser() / multipart.",
        fix: "Mend what this rule names.",
        references: [Mission(LiftSecurity), Cwe(434), Asvs("5.2.1")],
    }
    CONNECTIONS_UNLIMITED = "limit.connections-unlimited" {
        title: "One client may open any number of connections",
        severity: Medium,
        status: Stable,
        why: "One client may open any number of connections.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(770), Asvs("15.2.2")],
    }
    HEADER_UNLIMITED = "limit.header-unlimited" {
        title: "The head of a request has no size limit",
        severity: Low,
        status: Stable,
        why: "The head of a request has no size limit.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(770), Asvs("15.2.2")],
    }
    HTTP2_RESET_FLOOD = "limit.http2-reset-flood" {
        title: "HTTP/2 streams may be opened and reset without end",
        severity: High,
        status: Stable,
        why: "HTTP/2 streams may be opened and reset without end.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(400), Asvs("15.2.2")],
    }
    INFLATION_UNLIMITED = "limit.inflation-unlimited" {
        title: "A compressed body is inflated without a limit",
        severity: Medium,
        status: Stable,
        why: "A compressed body is inflated without a limit.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(409), Asvs("5.2.3")],
    }
    QS_DEPTH = "limit.qs-depth" {
        title: "extended query/body parser with high depth or array limit",
        severity: Low,
        status: Stable,
        why: "extended query/body parser with high depth or array limit.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(674), Asvs("15.3.7")],
    }
    SLOW_CLIENT = "limit.slow-client" {
        title: "A slow client holds a connection as long as it likes",
        severity: Medium,
        status: Stable,
        why: "A slow client holds a connection as long as it likes.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(400), Asvs("15.2.2")],
    }
    SMUGGLING = "limit.smuggling" {
        title: "Ambiguous message framing is accepted",
        severity: High,
        status: Stable,
        why: "Ambiguous message framing is accepted.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(444), Asvs("4.2.1")],
    }
    TIMEOUTS_MISSING = "limit.timeouts-missing" {
        title: "No request/header timeout",
        severity: Low,
        status: Stable,
        why: "No request/header timeout.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(400), Asvs("13.2.6")],
    }
    UPLOAD_LIMIT = "limit.upload-limit" {
        title: "Upload without size and count limits",
        severity: Medium,
        status: Stable,
        why: "Upload without size and count limits.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(770), Asvs("5.2.1")],
    }
}
