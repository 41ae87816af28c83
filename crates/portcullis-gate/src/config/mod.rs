//! One file says all of a gate.
//!
//! Everything in it is checked before anything starts, and every error is reported, not the first alone. Each names file,
//! line and key, and what would be right.

mod document;
mod error;
mod guards;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use portcullis::{
    ConfigError, checklist, serve,
    static_files::{self, StaticFiles},
};
use serde::{Deserialize, Deserializer};

use self::document::{Document, Section};
pub use self::error::{ConfigFileError, Problem};
use crate::upstream;

/// All of a gate, read but not yet built.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where it listens.
    pub listen: Listen,
    /// With which certificate.
    pub tls: Tls,
    /// What it writes.
    pub log: Log,
    /// The bounds of its connections.
    pub serve: serve::Config,
    /// Routes; the first is for every path that no other covers.
    pub routes: Vec<Route>,
}

/// Where a gate listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Listen {
    /// For TLS, as `0.0.0.0:8443`. With port 0 the system chooses.
    pub https: Option<SocketAddr>,
    /// For plain HTTP: answers with a redirect to `https`.
    pub http: Option<SocketAddr>,
    /// Serve the application on the plain listener, too: what is said there can be read and changed on the way.
    pub dangerous_plain_http: bool,
    /// The port that redirects name, where it is another one than `https` listens on: behind a port mapping.
    pub https_port: Option<u16>,
    /// Accept loops, each with a thread of its own. Default: one per core.
    pub workers: Option<usize>,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            https: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8443))),
            http: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            dangerous_plain_http: false,
            https_port: None,
            workers: None,
        }
    }
}

/// A gate's certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Tls {
    /// PEM, leaf first. Relative to the file that names it.
    pub certificate: Option<PathBuf>,
    /// PEM, its private key.
    pub key: Option<PathBuf>,
    /// Make a certificate for localhost on the spot that no browser trusts.
    pub development: bool,
}

/// What a gate writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Log {
    /// A line for each request. Default: yes.
    pub access: bool,
    /// A file that is written once the gate listens, as JSON: `{"http": ADDR, "https": ADDR, "pid": N}`.
    pub ready_file: Option<PathBuf>,
}

impl Default for Log {
    fn default() -> Self {
        Self { access: true, ready_file: None }
    }
}

/// What happens to the requests of a path.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Route {
    /// This path and everything below it; `/` is everything.
    pub path: String,
    /// The guards before it.
    pub guards: checklist::Config,
    /// What is behind them.
    pub target: Target,
}

/// What answers a route.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// The application.
    Upstream(upstream::Config),
    /// Files.
    Files(static_files::Config),
}

impl Config {
    /// A gate before the application at `to`, for trying it out: a certificate made on the spot, listeners on this machine
    /// only.
    pub fn before(to: impl Into<String>) -> Self {
        let mut guards = checklist::Config::default();
        guards.access_log = true;
        Self {
            listen: Listen::default(),
            tls: Tls { development: true, ..Tls::default() },
            log: Log::default(),
            serve: serve::Config::default(),
            routes: vec![Route {
                path: "/".to_owned(),
                guards,
                target: Target::Upstream(upstream::Config::new(to)),
            }],
        }
    }

    /// Reads a file.
    pub fn from_file(path: &Path) -> Result<Self, ConfigFileError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigFileError::unreadable(path, &error))?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file; `path` is for messages and for the paths in it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigFileError> {
        let document = Document::parse(path, text)?;
        let mut problems = Vec::new();
        document.check_keys(&mut problems);
        let root = document.root();
        let listen = root.section("listen").read::<Listen>(&mut problems);
        let mut tls = root.section("tls").read::<Tls>(&mut problems);
        for file in [&mut tls.certificate, &mut tls.key].into_iter().flatten() {
            *file = document.directory().join(&*file);
        }
        let log = root.section("log").read::<Log>(&mut problems);
        let serve = root.section("serve").read::<serve::Config>(&mut problems);
        if let Err(error) = serve.check() {
            problems.push(root.section("serve").problem(&error));
        }
        let routes = read_routes(&document, log.access, &mut problems);
        let config = Self { listen, tls, log, serve, routes };
        config.check_listeners(&root, &mut problems);
        ConfigFileError::unless_empty(path, problems).map(|()| config)
    }

    /// What cannot be true together.
    fn check_listeners(&self, root: &Section<'_, '_>, problems: &mut Vec<Problem>) {
        let listen = root.section("listen");
        if self.listen.https.is_none() && self.listen.http.is_none() {
            problems.push(listen.problem(&ConfigError::new(
                "https",
                "absent",
                "set, or `http` with `dangerous_plain_http`: there is no listener",
            )));
        }
        if self.listen.https.is_none() && self.listen.http.is_some() && !self.listen.dangerous_plain_http {
            let right = "set: a plain listener redirects to it (or ask for `dangerous_plain_http = true`)";
            problems.push(listen.problem(&ConfigError::new("https", "absent", right)));
        }
        if self.listen.https.is_some()
            && self.listen.https == self.listen.http
            && self.listen.https.is_some_and(|address| address.port() != 0)
        {
            problems.push(listen.problem(&ConfigError::new(
                "http",
                format!("{:?}", self.listen.http),
                "another address than `https`",
            )));
        }
        if self.listen.workers == Some(0) {
            problems.push(listen.problem(&ConfigError::new(
                "workers",
                0,
                "at least 1, or absent for one per core",
            )));
        }
        let tls = root.section("tls");
        match (&self.tls.certificate, &self.tls.key, self.tls.development) {
            (None, None, false) if self.listen.https.is_some() => {
                let right = "set, with `key` (or `development = true` to try it out): `listen.https` needs a certificate";
                problems.push(tls.problem(&ConfigError::new("certificate", "absent", right)));
            }
            (Some(_), None, _) => {
                problems.push(tls.problem(&ConfigError::new("key", "absent", "set: `certificate` needs it")));
            }
            (None, Some(_), _) => {
                problems.push(tls.problem(&ConfigError::new("certificate", "absent", "set: `key` needs it")));
            }
            (Some(_), Some(_), true) => {
                problems.push(tls.problem(&ConfigError::new(
                    "development",
                    true,
                    "absent where there is a certificate",
                )));
            }
            _ => {}
        }
    }

    /// Everything that is unsafe and was asked for by name, for the start.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.listen.dangerous_plain_http {
            warnings.push("listen.dangerous_plain_http: the application is served without TLS".to_owned());
        }
        if self.tls.development {
            warnings.push("tls.development: no browser trusts this certificate".to_owned());
        }
        for route in &self.routes {
            guards::warnings(route, &mut warnings);
        }
        warnings
    }

    /// Every guard only counts and logs what it would refuse.
    pub fn report_only(&mut self) {
        for route in &mut self.routes {
            guards::report_only(&mut route.guards);
        }
    }

    /// The application's own errors are shown.
    pub fn expose_errors(&mut self) {
        for route in &mut self.routes {
            if let checklist::Switch::On(error) = &mut route.guards.error {
                error.dangerous_expose = true;
            }
        }
    }
}

fn read_routes(document: &Document<'_>, access_log: bool, problems: &mut Vec<Problem>) -> Vec<Route> {
    let root = document.root();
    let upstream = root.section("upstream");
    let target = Target::Upstream(upstream.read::<upstream::Config>(problems));
    let mut routes =
        vec![Route { path: "/".to_owned(), guards: guards::read(&root, access_log, problems), target }];
    let mut has_other_root = false;
    for section in document.routes() {
        let path = section.read_path(problems);
        let mut guards = guards::read(&section, access_log, problems);
        if let (Some(Route { guards: whole, .. }), checklist::Switch::On(limit)) =
            (routes.first(), &mut guards.limit)
            && !matches!(&whole.limit, checklist::Switch::On(whole) if whole == limit)
        {
            // A limit of the route's own has counters of its own.
            limit.scope = format!("{path} ");
        }
        let target = if section.has("static_files") {
            let files = section.section("static_files");
            files
                .read_with(problems, |files: &mut static_files::Config| {
                    path.clone_into(&mut files.prefix);
                    files.root = document.directory().join(&files.root);
                })
                .map(Target::Files)
        } else {
            Some(Target::Upstream(section.section("upstream").read::<upstream::Config>(problems)))
        };
        let Some(target) = target else { continue };
        check_built(
            &Route { path: path.clone(), guards: guards.clone(), target: target.clone() },
            &section,
            problems,
        );
        if path == "/" {
            has_other_root = true;
            routes.splice(..1, [Route { path, guards, target }]);
        } else if routes.iter().any(|route| route.path.eq_ignore_ascii_case(&path)) {
            let right = "a path that no other route has";
            problems.push(section.problem(&ConfigError::new("path", format!("{path:?}"), right)));
        } else {
            routes.push(Route { path, guards, target });
        }
    }
    if !has_other_root && let Some(route) = routes.first() {
        check_built(route, &root, problems);
    }
    routes
}

/// What can only be seen by building it: a pattern, a directive, a directory.
fn check_built(route: &Route, section: &Section<'_, '_>, problems: &mut Vec<Problem>) {
    if let Err(errors) = route.guards.clone().build() {
        problems.extend(errors.iter().map(|error| section.problem(error)));
    }
    let target = match &route.target {
        Target::Upstream(upstream) => {
            upstream.authority().map(drop).map_err(|error| error.within("upstream"))
        }
        Target::Files(files) => {
            StaticFiles::new(files.clone()).map(drop).map_err(|error| error.within("static_files"))
        }
    };
    if let Err(error) = target {
        problems.push(section.problem(&error));
    }
}

/// `"10s"`, as everywhere in the file.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    portcullis::duration::deserialize(deserializer)
}

#[cfg(test)]
mod tests;
