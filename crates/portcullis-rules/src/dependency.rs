//! What the application is built from.

use crate::rule::rules;

rules! { "dependency";
    CLIENT_LIB_VULNERABLE = "dependency.client-lib-vulnerable" {
        title: "Library served to browsers has a known vulnerability",
        severity: Medium,
        status: Stable,
        why:
            "A copy of jQuery or Bootstrap under `public/` is in no lockfile: no tool updates it, and its \
             holes open in every user's browser.",
        fix:
            "Update the file, or better take it from npm and let the bundler include it, so that `npm audit` \
             sees it. Delete copies that no page loads.",
        references: [Modern, Cwe(1395), Asvs("15.2.1")],
    }

    DEPRECATED_PACKAGE = "dependency.deprecated-package" {
        title: "Security rests on a package that nobody maintains",
        severity: Medium,
        status: Stable,
        why:
            "The next hole in it will not be closed. The old checklists recommend several: `csurf`, `nsp`, \
             `requiresafe`, `express-limiter`, `hpkp`.",
        fix:
            "Replace them: `csurf` by `csrf-csrf`, `nsp` and `requiresafe` by `npm audit`, `express-limiter` \
             by `express-rate-limit`, `bcrypt-nodejs` by `bcrypt`, `request` by `fetch`, `xss-clean` by \
             escaping in the template; remove `hpkp`.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Modern, Cwe(1104), Asvs("15.2.1")],
    }

    EXPRESS_EOL = "dependency.express-eol" {
        title: "Express 2 or 3 is in use",
        severity: High,
        status: Stable,
        why:
            "No hole in it is closed any more, and several are known. It also brings `bodyParser` and a \
             Connect of its time.",
        fix:
            "Go to Express 5: `npm install express@5`. `app.configure`, `express.bodyParser` and \
             `express.createServer` are gone; the migration guides to 4 and to 5 list what takes their \
             place. The gate can stand in front meanwhile.",
        references: [Mission(StrongLoop), Mission(AuYeung), Mission(ExpressGuide), Cwe(1104), Asvs("15.2.1")],
    }

    EXPRESS_VULNERABLE = "dependency.express-vulnerable" {
        title: "Express, or a package it brings, has a published vulnerability",
        severity: High,
        status: Stable,
        why:
            "The hole is public together with the fix, scanners try it everywhere, and Express tells them by \
             its headers and error pages that it is there.",
        fix:
            "Run `npm install express@4` or `express@5` for the newest of the line you are on, then `npm ls \
             qs send body-parser path-to-regexp cookie` to see that the parts followed.",
        references: [Mission(StrongLoop), Mission(ExpressGuide), Cwe(1395), Asvs("15.2.1")],
    }

    INSTALL_SCRIPT = "dependency.install-script" {
        title: "Dependency runs a script when it is installed",
        severity: Info,
        status: Stable,
        why:
            "A package that was taken over runs its code on every developer's machine and in the build, with \
             their tokens, before anyone imports it.",
        fix:
            "Run `npm ci --ignore-scripts`, and `npm rebuild` for the packages that truly build something \
             native.",
        references: [Modern, Cwe(829), Asvs("15.2.4")],
    }

    LOCKFILE_INTEGRITY = "dependency.lockfile-integrity" {
        title: "Lockfile entry has no checksum, or comes from an unexpected place",
        severity: High,
        status: Stable,
        why:
            "What is installed can be swapped, on the way over plain HTTP or at a host that nobody chose, \
             and npm would not notice.",
        fix:
            "Delete the entry and run `npm install --package-lock-only` against your registry, then look at \
             each `resolved` that is not there. Git dependencies carry no checksum: pin the full commit.",
        references: [Modern, Cwe(494), Asvs("15.2.4")],
    }

    MALICIOUS = "dependency.malicious" {
        title: "Dependency is known malware",
        severity: Critical,
        status: Stable,
        why:
            "The package was published to steal: tokens, keys and environment of each machine that installed \
             it are to be taken as stolen.",
        fix:
            "Remove it, then change every secret that was on the machines where it was installed, from a \
             clean machine; search the lockfiles of the other services too.",
        references: [Modern, Cwe(506), Asvs("15.2.1")],
    }

    NO_LOCKFILE = "dependency.no-lockfile" {
        title: "No lockfile",
        severity: Medium,
        status: Stable,
        why:
            "Each build takes whatever was published last, also the version that was taken over an hour ago; \
             what was tested is not what runs.",
        fix:
            "Run `npm install --package-lock-only`, commit `package-lock.json`, and build with `npm ci`. A \
             library may do without one, a service may not.",
        references: [Mission(ExpressGuide), Mission(Safeguard), Cwe(1357), Asvs("15.2.4")],
    }

    NODE_EOL = "dependency.node-eol" {
        title: "Node.js release is past its end of life",
        severity: High,
        status: Stable,
        why:
            "Holes in HTTP, TLS and URL parsing are closed in maintained releases alone, and each advisory \
             tells attackers what stays open here.",
        fix:
            "Move to an LTS release that is maintained, Node.js 24 or 26, in `engines`, `.nvmrc`, Dockerfile \
             and CI alike. The image `node:20` of the checklist reached its end on 2026-04-30.",
        references: [Modern, Cwe(1104), Asvs("15.2.1")],
    }

    SBOM_MISSING = "dependency.sbom-missing" {
        title: "No list of components (SBOM) is kept",
        severity: Info,
        status: Stable,
        why:
            "When the next hole in a package is published, nobody can say in minutes which services contain \
             it.",
        fix:
            "Run `npx @cyclonedx/cyclonedx-npm --output-file sbom.json` in the build and keep the file with \
             each release.",
        references: [Mission(Safeguard), Cwe(1059), Asvs("15.1.2")],
    }

    UNPINNED = "dependency.unpinned" {
        title: "Dependency is taken from `latest`, `*`, a branch or a bare address",
        severity: Medium,
        status: Stable,
        why:
            "Anyone who can publish the package or push to the branch decides what runs here at the next \
             install.",
        fix:
            "Write a range, `^4.2.0`, with a lockfile beside it; for git the full commit: \
             `github:owner/name#` and its 40 digits. `workspace:` and `file:` are fine.",
        references: [Modern, Cwe(1357), Asvs("15.2.4")],
    }

    UNUSED_SECURITY_PACKAGE = "dependency.unused-security-package" {
        title: "Security package is installed and never used",
        severity: Medium,
        status: Stable,
        why:
            "`helmet` or a CSRF package in `package.json` looks like protection in every review, while no \
             request passes through it.",
        fix:
            "Add it to the chain, `app.use(helmet())`, before the routes, or remove it from `package.json`. \
             A line in a comment does not count.",
        references: [Modern, Cwe(1164), Asvs("15.2.1")],
    }

    VULNERABLE = "dependency.vulnerable" {
        title: "Dependency has a known vulnerability",
        severity: High,
        status: Stable,
        why:
            "The hole is public and scanners look for it; how bad it is depends on the advisory, and the \
             finding carries the severity of that one.",
        fix:
            "Run `npm audit fix`, or raise the direct dependency that brings it (`npm explain NAME` shows \
             which); use `overrides` in `package.json` when it has no release yet. `nsp`, which an old \
             checklist names, is gone: `npm audit` took its place.",
        references: [
            Mission(StrongLoop),
            Mission(ExpressGuide),
            Mission(Safeguard),
            Cwe(1395),
            Asvs("15.2.1"),
        ],
    }
}
