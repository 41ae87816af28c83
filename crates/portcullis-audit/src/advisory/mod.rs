//! Known vulnerabilities: records in the format of OSV, which versions they affect, and where they are kept.
//!
//! - [`Advisory`] is what this crate keeps of a record. <https://ossf.github.io/osv-schema/>
//! - [`Affected`] says whether a version is affected, by the precedence of Semantic Versioning and not by npm's
//!   ranges: npm leaves prereleases out of a range, and would miss a fix that came in one.
//! - [`Database`] is one file with an index: a look-up reads the packages that are asked for and no others.
//! - [`Import`] makes such a file of OSV dumps, clones of the GitHub Advisory Database, and `RustSec`'s.
//! - [`matches`](find()) puts a graph against it.

mod affected;
mod cvss;
mod database;
mod download;
mod find;
mod import;
mod osv;
mod rustsec;

#[cfg(test)]
mod tests;

pub use affected::{Affected, Bound, Interval, version};
pub use cvss::{Cvss, base_score};
pub use database::{Contents, Database, DatabaseError};
pub use download::{DownloadError, download};
pub use find::{Match, find};
pub use import::{Import, ImportError};
pub use osv::{Advisory, Kind, OsvError};
