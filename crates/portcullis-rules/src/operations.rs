//! Rules of the family `operations`.

use crate::rule::rules;

rules! { "operations";
    BASE_IMAGE_EOL = "operations.base-image-eol" {
        title: "Base image with EOL Node",
        severity: High,
        status: Stable,
        why: "Base image with EOL Node.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1104), Asvs("15.2.1")],
    }
    BASE_IMAGE_UNPINNED = "operations.base-image-unpinned" {
        title: "Base image without version or digest",
        severity: Low,
        status: Stable,
        why: "Base image without version or digest.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(1357), Asvs("15.2.4")],
    }
    COPY_ALL = "operations.copy-all" {
        title: "COPY . . without .dockerignore",
        severity: Low,
        status: Stable,
        why: "COPY . . without .dockerignore.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(538), Asvs("13.4.1")],
    }
    DEBUG_PORT = "operations.debug-port" {
        title: "Inspector port open",
        severity: High,
        status: Stable,
        why: "Inspector port open.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(489), Asvs("13.4.2")],
    }
    DIRECTORY_LISTING = "operations.directory-listing" {
        title: "Directory listing",
        severity: Medium,
        status: Stable,
        why: "Directory listing.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(548), Asvs("13.4.3")],
    }
    DISCLOSURE_POLICY_MISSING = "operations.disclosure-policy-missing" {
        title: "Nobody is told where to report a vulnerability",
        severity: Info,
        status: Stable,
        why: "Nobody is told where to report a vulnerability.",
        fix: "Mend what this rule names.",
        references: [Mission(ExpressGuide), Cwe(1059)],
    }
    DOCKER_NPM_INSTALL = "operations.docker-npm-install" {
        title: "npm install instead of npm ci in the image",
        severity: Low,
        status: Stable,
        why: "npm install instead of npm ci in the image.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(1357), Asvs("15.2.4")],
    }
    ENV_COMMITTED = "operations.env-committed" {
        title: ".env with values in the repository",
        severity: High,
        status: Stable,
        why: ".env with values in the repository.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(538), Asvs("13.3.1")],
    }
    GRACEFUL_SHUTDOWN_MISSING = "operations.graceful-shutdown-missing" {
        title: "No SIGTERM handling",
        severity: Info,
        status: Stable,
        why: "No SIGTERM handling.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(404)],
    }
    PRIVATE_KEY_COMMITTED = "operations.private-key-committed" {
        title: "Private key in the repository",
        severity: Critical,
        status: Stable,
        why: "Private key in the repository.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(321), Asvs("13.3.1")],
    }
    PRIVILEGE_DROP_ORDER = "operations.privilege-drop-order" {
        title: "setuid before setgid, or drop before listen",
        severity: High,
        status: Stable,
        why: "setuid before setgid, or drop before listen.",
        fix: "Mend what this rule names.",
        references: [Mission(LiftSecurity), Cwe(271), Asvs("13.2.2")],
    }
    PRIVILEGED_PORT = "operations.privileged-port" {
        title: "Binds < 1024 without privilege drop",
        severity: Medium,
        status: Stable,
        why: "Binds < 1024 without privilege drop.",
        fix: "Mend what this rule names.",
        references: [Mission(LiftSecurity), Cwe(250), Asvs("13.2.2")],
    }
    REVERSE_PROXY_MISSING = "operations.reverse-proxy-missing" {
        title: "No reverse proxy in front",
        severity: Info,
        status: Stable,
        why: "No reverse proxy in front.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(Safeguard), Cwe(693), Asvs("13.2")],
    }
    ROOT_USER = "operations.root-user" {
        title: "Process runs as root",
        severity: High,
        status: Stable,
        why: "Process runs as root.",
        fix: "Mend what this rule names.",
        references: [Mission(LiftSecurity), Mission(Safeguard), Cwe(250), Asvs("13.2.2")],
    }
    SECRET_HARDCODED = "operations.secret-hardcoded" {
        title: "Credential in source or config",
        severity: Critical,
        status: Stable,
        why: "Credential in source or config.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(798), Asvs("13.3.1")],
    }
    SECRET_LOGGED = "operations.secret-logged" {
        title: "Configuration or secrets printed",
        severity: Medium,
        status: Stable,
        why: "Configuration or secrets printed.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(532), Asvs("16.2.5")],
    }
    SECRET_NOT_REQUIRED = "operations.secret-not-required" {
        title: "The process starts without a secret it needs",
        severity: Low,
        status: Stable,
        why: "The process starts without a secret it needs.",
        fix: "Mend what this rule names.",
        references: [Mission(Safeguard), Cwe(636), Asvs("13.3.1")],
    }
    STATIC_DOTFILES = "operations.static-dotfiles" {
        title: "Static root exposes dotfiles or the project root",
        severity: High,
        status: Stable,
        why: "Static root exposes dotfiles or the project root.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(538), Asvs("13.4.1")],
    }
    STATIC_SYMLINK = "operations.static-symlink" {
        title: "Static files follow symbolic links out of their root",
        severity: Medium,
        status: Stable,
        why: "Static files follow symbolic links out of their root.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(59), Asvs("5.3.2")],
    }
    TRACE_ENABLED = "operations.trace-enabled" {
        title: "TRACE is answered",
        severity: Low,
        status: Stable,
        why: "TRACE is answered.",
        fix: "Mend what this rule names.",
        references: [Modern, Cwe(693), Asvs("13.4.4")],
    }
    TRUST_PROXY_MISSING = "operations.trust-proxy-missing" {
        title: "Secure cookie or limiter behind a proxy without trust proxy",
        severity: Medium,
        status: Stable,
        why: "Secure cookie or limiter behind a proxy without trust proxy.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(348), Asvs("15.3.4")],
    }
    TRUST_PROXY_UNSAFE = "operations.trust-proxy-unsafe" {
        title: "trust proxy is true",
        severity: Medium,
        status: Stable,
        why: "trust proxy is true.",
        fix: "Mend what this rule names.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Modern, Cwe(348), Asvs("15.3.4")],
    }
}
