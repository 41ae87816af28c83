//! Rules of the family `dependency`.

use crate::rule::rules;

rules! { "dependency";
    CLIENT_LIB_VULNERABLE = "dependency.client-lib-vulnerable" {
        title: "Vendored client library with known vulnerability",
        severity: Medium,
        status: Stable,
        why: "Vendored client library with known vulnerability.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1395), Asvs("15.2.1")],
    }
    DEPRECATED_PACKAGE = "dependency.deprecated-package" {
        title: "Deprecated or abandoned security package (csurf, xss-clean, request, express-lim",
        severity: Medium,
        status: Stable,
        why: "Deprecated or abandoned security package (csurf, xss-clean, request, express-limiter, hpkp, nsp, requiresafe, bcrypt-nodejs).",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Modern, Cwe(1104), Asvs("15.2.1")],
    }
    EXPRESS_EOL = "dependency.express-eol" {
        title: "Express 2.x/3.x is end of life",
        severity: High,
        status: Stable,
        why: "Express 2.x/3.x is end of life.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(1104), Asvs("15.2.1")],
    }
    EXPRESS_VULNERABLE = "dependency.express-vulnerable" {
        title: "Express version with a published advisory",
        severity: High,
        status: Stable,
        why: "Express version with a published advisory.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(1395), Asvs("15.2.1")],
    }
    INSTALL_SCRIPT = "dependency.install-script" {
        title: "Dependency runs install scripts",
        severity: Info,
        status: Stable,
        why: "Dependency runs install scripts.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(829), Asvs("15.2.4")],
    }
    LOCKFILE_INTEGRITY = "dependency.lockfile-integrity" {
        title: "Lockfile entry without integrity or from an unexpected registry",
        severity: High,
        status: Stable,
        why: "Lockfile entry without integrity or from an unexpected registry.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(494), Asvs("15.2.4")],
    }
    MALICIOUS = "dependency.malicious" {
        title: "Known malicious package version",
        severity: Critical,
        status: Stable,
        why: "Known malicious package version.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(506), Asvs("15.2.1")],
    }
    NO_LOCKFILE = "dependency.no-lockfile" {
        title: "No lockfile",
        severity: Medium,
        status: Stable,
        why: "No lockfile.",
        fix: "Mend what this rule names.",
        references: [Mission(ExpressGuide), Mission(Safeguard), Cwe(1357), Asvs("15.2.4")],
    }
    NODE_EOL = "dependency.node-eol" {
        title: "Node.js release is end of life",
        severity: High,
        status: Stable,
        why: "Node.js release is end of life.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1104), Asvs("15.2.1")],
    }
    SBOM_MISSING = "dependency.sbom-missing" {
        title: "No SBOM is produced",
        severity: Info,
        status: Stable,
        why: "No SBOM is produced.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(1059), Asvs("15.1.2")],
    }
    UNPINNED = "dependency.unpinned" {
        title: "Dependency on latest, *, git or http tarball",
        severity: Medium,
        status: Stable,
        why: "Dependency on latest, *, git or http tarball.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1357), Asvs("15.2.4")],
    }
    UNUSED_SECURITY_PACKAGE = "dependency.unused-security-package" {
        title: "Security middleware is declared and never used",
        severity: Medium,
        status: Stable,
        why: "Security middleware is declared and never used.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1164), Asvs("15.2.1")],
    }
    VULNERABLE = "dependency.vulnerable" {
        title: "Dependency with a known vulnerability",
        severity: High,
        status: Stable,
        why: "Dependency with a known vulnerability.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Mission(Safeguard), Cwe(1395), Asvs("15.2.1")],
    }
}
