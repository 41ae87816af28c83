//! Proves the rules of Portcullis on a running site and on a project's folder.
//!
//! [`audit_url`] asks a site the questions that its security checklist is about and judges the answers:
//! header fields, cookies, CORS, error pages, and as much of TLS as a handshake shows. It shares nothing with
//! the guards that enforce the same rules but the rules' names: an auditor that shares code with what it
//! audits proves nothing.
//!
//! [`audit_project`] reads lockfiles, manifests and sources of a project, puts them against known advisories, and says
//! what to do. It fetches nothing and runs nothing.
//!
//! - [`evidence::live`] says which requests are sent. None of them writes.
//! - [`evidence::project`] says which files are read, [`evidence::lockfile`] what they say of what is installed.
//! - [`advisory`] keeps known vulnerabilities and says whom they affect; [`priority`] weighs them; [`action`] makes a plan.
//! - [`checks`] holds one check for each rule: a pure function from [`Evidence`](evidence::live::Evidence) or
//!   a [`Project`] to a [`Verdict`].
//! - [`grade`] says how findings become a letter.
//! - [`report`] tells the outcome: on a terminal, as JSON, or two of them side by side.
//!
//! ```no_run
//! # async fn example() -> Result<(), portcullis_audit::AuditError> {
//! use portcullis_audit::{Options, audit_url};
//! use portcullis_audit::report::terminal::{self, Look};
//!
//! let report = audit_url("http://127.0.0.1:3000/", &Options::default()).await?;
//! let text = terminal::render(&report, Look::Plain);
//! assert!(text.contains("Grade"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod action;
pub mod advisory;
pub mod checks;
mod date;
pub mod evidence;
pub mod finding;
pub mod grade;
pub mod location;
pub mod priority;
mod quote;
pub mod report;
pub mod verdict;

use std::error::Error;
use std::fmt;
use std::path::Path;

use advisory::Database;
use evidence::live::{CollectError, FetchError, RootsError, TargetError, TooManyRedirects};

pub use action::{Action, Change};
pub use date::Date;
pub use evidence::live::{Options, Target};
pub use evidence::project::{Files, Project, ProjectError};
pub use finding::{Finding, Remark, Unknown};
pub use grade::{Grade, Letter};
pub use location::Location;
pub use priority::Priority;
pub use report::{Report, Subject};
pub use verdict::{Fault, Gap, Observation, Verdict};

/// Audits a running site from outside.
///
/// An error means that there is no report. A report may still be incomplete: see [`Report::is_complete`].
pub async fn audit_url(url: &str, options: &Options) -> Result<Report, AuditError> {
    let target = Target::parse(url).map_err(AuditError::Target)?;
    let evidence = evidence::live::collect(target, options).await.map_err(|error| match error {
        CollectError::Roots(error) => AuditError::Roots(error),
        CollectError::Origin(error) => AuditError::Target(error),
        CollectError::NoPage { url, error } => AuditError::NoPage { url, error },
        CollectError::TooManyRedirects(error) => AuditError::TooManyRedirects(error),
    })?;
    Ok(Report::new(&evidence))
}

/// Audits a project's folder: its lockfiles, what it asks for and imports, against known advisories.
///
/// `today` is the day by which ages are counted. Nothing is fetched and nothing is run.
///
/// ```
/// use portcullis_audit::advisory::Database;
/// use portcullis_audit::{Date, audit_project};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # std::fs::write(folder.path().join("package.json"), r#"{"dependencies": {"express": "4.16.4"}}"#).unwrap();
/// let report = audit_project(folder.path(), &Database::embedded()?, Date::today())?;
/// assert!(report.findings.iter().any(|finding| finding.rule.id.as_str() == "dependency.express-vulnerable"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit_project(root: &Path, database: &Database, today: Date) -> Result<Report, ProjectError> {
    let files = Files::read(root)?;
    let project = Project::new(&files, database, today)?;
    let asked = root.display().to_string();
    let target = root.canonicalize().map_or_else(|_| asked.clone(), |path| path.display().to_string());
    Ok(Report::of_project(&asked, &target, &project))
}

/// Why an audit of a site gave no report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditError {
    /// The URL cannot be audited.
    Target(TargetError),
    /// The extra roots cannot be used.
    Roots(RootsError),
    /// The page got no answer.
    NoPage {
        /// The URL that was asked, the last of its redirects.
        url: String,
        /// What happened.
        error: FetchError,
    },
    /// The page redirects again and again.
    TooManyRedirects(TooManyRedirects),
}

impl AuditError {
    /// Whether the caller asked for something impossible, in contrast to a site that could not be judged.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Target(_) | Self::Roots(_))
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(error) => error.fmt(f),
            Self::Roots(error) => error.fmt(f),
            Self::NoPage { url, error } => write!(f, "{url} could not be audited: {error}"),
            Self::TooManyRedirects(error) => error.fmt(f),
        }
    }
}

impl Error for AuditError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Target(error) => Some(error),
            Self::Roots(error) => Some(error),
            Self::NoPage { error, .. } => Some(error),
            Self::TooManyRedirects(error) => Some(error),
        }
    }
}
