//! Every security package that the project asks for is imported, and what it gives is used. Comments, strings and
//! imports that nothing follows do not count; a package that a framework loads by its name cannot be seen.

use portcullis_rules::dependency::UNUSED_SECURITY_PACKAGE;

use crate::checks::Check;
use crate::evidence::lockfile::DependencyKind;
use crate::evidence::project::Project;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&UNUSED_SECURITY_PACKAGE, project);

/// Middleware and libraries whose only purpose is to protect.
const SECURITY_PACKAGES: [&str; 40] = [
    "@dr.pogodin/csurf",
    "@fastify/helmet",
    "argon2",
    "bcrypt",
    "bcrypt-nodejs",
    "bcryptjs",
    "cors",
    "csrf",
    "csrf-csrf",
    "csrf-sync",
    "csurf",
    "dompurify",
    "dont-sniff-mimetype",
    "express-brute",
    "express-limiter",
    "express-mongo-sanitize",
    "express-rate-limit",
    "express-sanitizer",
    "express-slow-down",
    "express-validator",
    "express-xss-sanitizer",
    "frameguard",
    "helmet",
    "helmet-csp",
    "hide-powered-by",
    "hpkp",
    "hpp",
    "hsts",
    "ienoopen",
    "isomorphic-dompurify",
    "lusca",
    "mongo-sanitize",
    "rate-limiter-flexible",
    "sanitize-html",
    "tiny-csrf",
    "toobusy-js",
    "x-xss-protection",
    "xss",
    "xss-clean",
    "xss-filters",
];

fn project(project: &Project) -> Verdict {
    let declared: Vec<_> = project
        .manifests
        .iter()
        .flat_map(|manifest| &manifest.declared)
        .filter(|line| matches!(line.kind, DependencyKind::Normal | DependencyKind::Optional))
        .filter(|line| SECURITY_PACKAGES.contains(&line.name.as_str()))
        .collect();
    if declared.is_empty() {
        return Verdict::does_not_apply("no security package is asked for");
    }
    if project.imports.files == 0 {
        return Verdict::out_of_sight("there are no sources to look at");
    }
    let unused = declared.iter().filter(|line| !project.imports.uses(&line.name)).map(|line| {
        let saw = match project.imports.of(&line.name).iter().find(|import| !import.in_test) {
            Some(import) => format!("{} is imported at {} and not used", line.name, import.location),
            None if !project.imports.of(&line.name).is_empty() => format!("only tests import {}", line.name),
            None => format!("nothing imports {}", line.name),
        };
        Observation::in_file(&line.location, saw)
    });
    let unused: Vec<_> = unused.collect();
    let names: Vec<&str> = declared.iter().map(|line| line.name.as_str()).collect();
    Verdict::broken_if_any(unused, Verdict::holds(format!("imported and used: {}", names.join(", "))))
}
