//! Rules of the family `tls`.

use crate::rule::rules;

rules! { "tls";
    CERTIFICATE_INVALID = "tls.certificate-invalid" {
        title: "Certificate expired, not yet valid, wrong name, self-signed, weak key/signature,",
        severity: High,
        status: Stable,
        why: "Certificate expired, not yet valid, wrong name, self-signed, weak key/signature, chain incomplete, too long lived.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(295), Asvs("12.2.2")],
    }
    CIPHER_LEGACY = "tls.cipher-legacy" {
        title: "TLS 1.2 suites without forward secrecy or with CBC are offered",
        severity: Low,
        status: Stable,
        why: "TLS 1.2 suites without forward secrecy or with CBC are offered.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(327), Asvs("12.1.2")],
    }
    CIPHER_WEAK = "tls.cipher-weak" {
        title: "NULL, anon, EXPORT, RC4, 3DES, DES, no forward secrecy, CBC-SHA1",
        severity: High,
        status: Stable,
        why: "NULL, anon, EXPORT, RC4, 3DES, DES, no forward secrecy, CBC-SHA1.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(327), Asvs("12.1.2")],
    }
    COMPRESSION = "tls.compression" {
        title: "TLS compression (CRIME)",
        severity: Medium,
        status: Stable,
        why: "TLS compression (CRIME).",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(310), Asvs("12.1.1")],
    }
    FALLBACK_SCSV = "tls.fallback-scsv" {
        title: "No TLS_FALLBACK_SCSV",
        severity: Info,
        status: Stable,
        why: "No TLS_FALLBACK_SCSV.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(757), Asvs("12.1.1")],
    }
    IMPLEMENTATION_FLAW = "tls.implementation-flaw" {
        title: "Heartbleed, CCS injection, ROBOT, POODLE, ticketbleed",
        severity: Critical,
        status: Stable,
        why: "Heartbleed, CCS injection, ROBOT, POODLE, ticketbleed.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(119), Asvs("12.1.1")],
    }
    KEX_WEAK = "tls.kex-weak" {
        title: "DH < 2048, static RSA, odd curves",
        severity: Medium,
        status: Stable,
        why: "DH < 2048, static RSA, odd curves.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(326), Asvs("12.1.2")],
    }
    NO_13 = "tls.no-13" {
        title: "TLS 1.3 not offered",
        severity: Low,
        status: Stable,
        why: "TLS 1.3 not offered.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(327), Asvs("12.1.1")],
    }
    NO_PQ = "tls.no-pq" {
        title: "X25519MLKEM768 not offered",
        severity: Info,
        status: Stable,
        why: "X25519MLKEM768 not offered.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(327), Asvs("12.1.2")],
    }
    NO_REDIRECT = "tls.no-redirect" {
        title: "HTTP does not lead to HTTPS",
        severity: Medium,
        status: Stable,
        why: "HTTP does not lead to HTTPS.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Modern, Cwe(319), Asvs("4.1.2")],
    }
    PLAIN_HTTP = "tls.plain-http" {
        title: "Service reachable without TLS",
        severity: High,
        status: Stable,
        why: "Service reachable without TLS.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Mission(LiftSecurity), Mission(Safeguard), Cwe(319), Asvs("12.2.1")],
    }
    PROTOCOL_OLD = "tls.protocol-old" {
        title: "SSLv2, SSLv3, TLS 1.0 or 1.1 offered",
        severity: High,
        status: Stable,
        why: "SSLv2, SSLv3, TLS 1.0 or 1.1 offered.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(327), Asvs("12.1.1")],
    }
    REJECT_UNAUTHORIZED = "tls.reject-unauthorized" {
        title: "Outbound TLS verification off",
        severity: High,
        status: Stable,
        why: "Outbound TLS verification off.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(295), Asvs("12.3.2")],
    }
    RENEGOTIATION = "tls.renegotiation" {
        title: "Insecure or client-initiated renegotiation",
        severity: Medium,
        status: Stable,
        why: "Insecure or client-initiated renegotiation.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(310), Asvs("12.1.1")],
    }
}
