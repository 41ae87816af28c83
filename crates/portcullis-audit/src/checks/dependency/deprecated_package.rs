//! The project asks for no security package that was given up: by the list below, or by what its authors wrote in the
//! registry, which the lockfile of npm repeats. What other packages bring is not the project's choice.

use portcullis_rules::dependency::DEPRECATED_PACKAGE;

use crate::checks::Check;
use crate::evidence::project::Project;
use crate::quote::quoted;
use crate::verdict::{Observation, Verdict};

pub(in crate::checks) const CHECK: Check = Check::of_project(&DEPRECATED_PACKAGE, project);

/// Packages that old checklists recommend and nobody maintains, with what takes their place.
pub(crate) const REPLACEMENTS: [(&str, &str); 26] = [
    ("bcrypt-nodejs", "bcrypt, or argon2"),
    ("connect-flash", "req.session, which it wraps"),
    ("csrf", "csrf-csrf, or Sec-Fetch-Site and Origin"),
    ("csurf", "csrf-csrf, or Sec-Fetch-Site and Origin"),
    ("dont-sniff-mimetype", "helmet"),
    ("express-brute", "express-rate-limit, or rate-limiter-flexible"),
    ("express-csp", "helmet"),
    ("express-jwt-permissions", "a check of the claims"),
    ("express-limiter", "express-rate-limit"),
    ("express-sanitizer", "escaping in the template, and sanitize-html for HTML"),
    ("express-sslify", "a redirect where TLS ends"),
    ("express-xss-sanitizer", "escaping in the template"),
    ("frameguard", "helmet"),
    ("helmet-csp", "helmet"),
    ("hide-powered-by", "app.disable('x-powered-by')"),
    ("hpkp", "nothing: browsers dropped it"),
    ("hsts", "helmet"),
    ("ienoopen", "helmet"),
    ("lusca", "helmet and csrf-csrf"),
    ("nsp", "npm audit, or portcullis audit"),
    ("node-uuid", "crypto.randomUUID()"),
    ("request", "fetch, which Node.js has built in"),
    ("requiresafe", "npm audit, or portcullis audit"),
    ("x-xss-protection", "helmet, which turns the filter off"),
    ("xss-clean", "escaping in the template"),
    ("xss-filters", "escaping in the template"),
];

fn project(project: &Project) -> Verdict {
    let mut found = Vec::new();
    let mut asked = 0;
    for (index, manifest) in project.manifests.iter().enumerate() {
        for line in manifest.declared.iter().filter(|line| !line.kind.is_peer()) {
            asked += 1;
            let listed = REPLACEMENTS.iter().find(|(name, _)| *name == line.name);
            if let Some((name, instead)) = listed {
                found.push(Observation::in_file(&line.location, format!("{name}: use {instead}")));
                continue;
            }
            let given_up = project
                .installed
                .iter()
                .filter(|installed| installed.manifest == Some(index))
                .find_map(|installed| {
                    let root = installed.graph.packages.first()?;
                    let target =
                        root.dependencies.iter().find(|dependency| dependency.name == line.name)?.target?;
                    installed.graph.package(target)?.deprecated.as_deref()
                });
            if let Some(words) = given_up {
                let saw = format!("{}: its authors say: {}", line.name, quoted(words));
                found.push(Observation::in_file(&line.location, saw));
            }
        }
    }
    if asked == 0 {
        return Verdict::does_not_apply("no package is asked for");
    }
    Verdict::broken_if_any(
        found,
        Verdict::holds(format!("none of {asked} packages that are asked for is known to be given up")),
    )
}
