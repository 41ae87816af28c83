//! Makes a database of what others publish.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use super::database::{Contents, Database, DatabaseError};
use super::osv::{self, Advisory, Record};
use super::rustsec;
use crate::date::Date;
use crate::evidence::lockfile::Ecosystem;

/// The largest single record that is read, in bytes.
const MAX_RECORD_BYTES: u64 = 16 << 20;
/// The largest file of many records (JSON Lines, a JSON list) that is read, in bytes.
const MAX_FILE_BYTES: u64 = 2 << 30;
/// The most files in one folder tree or archive.
const MAX_FILES: usize = 2_000_000;
/// How deep folders may nest.
const MAX_DEPTH: usize = 32;

/// Collects records, then writes them as one database.
///
/// It reads single OSV records (`.json`), lists of them (`.json`, `.jsonl`), `RustSec`'s Markdown files (`.md`), folders
/// of those (a clone of `github/advisory-database` or `rustsec/advisory-db`), and archives of them (`.zip`, as OSV
/// publishes for each ecosystem). Files that hold no record are passed over and counted.
#[derive(Debug, Default)]
pub struct Import {
    packages: BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    records: BTreeMap<Ecosystem, usize>,
    newest: Option<Date>,
    sources: Vec<String>,
    licences: Vec<String>,
    withdrawn: usize,
    elsewhere: usize,
    unreadable: Vec<String>,
    unreadable_count: usize,
    unreadable_events: usize,
    files: usize,
}

impl Import {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a file, a folder or an archive.
    pub fn add(&mut self, path: &Path) -> Result<(), ImportError> {
        let name = path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        self.sources.push(name);
        self.add_path(path, 0)
    }

    /// Takes what was fetched from an address, an archive or a file of records; the address is named as its source.
    pub fn add_download(&mut self, url: &str, body: &[u8]) -> Result<(), ImportError> {
        self.sources.push(url.to_owned());
        if body.starts_with(b"PK") {
            return self.read_archive(url, io::Cursor::new(body));
        }
        match std::str::from_utf8(body) {
            Ok(text) => self.add_text(url, form(url).unwrap_or(Form::JsonLines), text),
            Err(error) => self.pass_over(format!("{url}: {error}")),
        }
        Ok(())
    }

    /// Records with at least one advisory.
    pub fn taken(&self) -> usize {
        self.records.values().sum()
    }

    /// Records that their authors took back.
    pub fn withdrawn(&self) -> usize {
        self.withdrawn
    }

    /// Records about other ecosystems than npm and crates.io.
    pub fn elsewhere(&self) -> usize {
        self.elsewhere
    }

    /// Files that could not be read as records, and why: how many, and the first twenty.
    pub fn unreadable(&self) -> (usize, &[String]) {
        (self.unreadable_count, &self.unreadable)
    }

    /// Ends of ranges that hold no version, and were passed over.
    pub fn unreadable_events(&self) -> usize {
        self.unreadable_events
    }

    /// Writes the database to `path`, in place of the one that is there. An import without a record is an error: it
    /// would leave an audit with nothing to find.
    pub fn write(mut self, path: &Path, made: Date) -> Result<Contents, ImportError> {
        if self.packages.is_empty() {
            return Err(ImportError::Nothing);
        }
        self.licences.sort();
        self.licences.dedup();
        let contents = Contents {
            made,
            newest: self.newest.unwrap_or(made),
            records: self
                .records
                .iter()
                .map(|(ecosystem, count)| (ecosystem.osv().to_owned(), *count))
                .collect(),
            packages: self.packages.len(),
            sources: self.sources,
            licences: self.licences,
        };
        let packages: Vec<(Ecosystem, &str, &[Advisory])> = self
            .packages
            .iter()
            .map(|((ecosystem, name), advisories)| (*ecosystem, name.as_str(), advisories.as_slice()))
            .collect();
        Database::write(path, &contents, &packages).map_err(ImportError::Database)?;
        Ok(contents)
    }

    fn add_path(&mut self, path: &Path, depth: usize) -> Result<(), ImportError> {
        let failed = |error| ImportError::Io { path: path.to_owned(), error };
        if std::fs::symlink_metadata(path).map_err(failed)?.is_symlink() && depth > 0 {
            return Ok(());
        }
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            if depth == MAX_DEPTH {
                return Ok(());
            }
            let mut entries = std::fs::read_dir(path)
                .and_then(|entries| {
                    entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
                })
                .map_err(failed)?;
            entries.sort();
            for entry in entries {
                let hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
                if !hidden {
                    self.add_path(&entry, depth + 1)?;
                }
            }
            return Ok(());
        }
        let name = path.display().to_string();
        match form(&name) {
            // What somebody names is read, whatever it is called.
            None if depth > 0 => Ok(()),
            Some(Form::Archive) => {
                let file = File::open(path).map_err(failed)?;
                self.read_archive(&name, io::BufReader::new(file))
            }
            form => {
                self.count()?;
                let file = File::open(path).map_err(failed)?;
                let text = read_text(file, MAX_FILE_BYTES).map_err(failed)?;
                self.add_text(&name, form.unwrap_or(Form::Json), &text);
                Ok(())
            }
        }
    }

    fn read_archive(&mut self, name: &str, archive: impl Read + Seek) -> Result<(), ImportError> {
        let broken = |error: zip::result::ZipError| ImportError::Archive {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        let mut archive = zip::ZipArchive::new(archive).map_err(broken)?;
        for index in 0..archive.len() {
            let file = archive.by_index(index).map_err(broken)?;
            let inner = file.name().map_err(broken)?.into_owned();
            let Some(form @ (Form::Json | Form::JsonLines | Form::Markdown)) =
                form(&inner).filter(|_| file.is_file())
            else {
                continue;
            };
            self.count()?;
            match read_text(file, MAX_RECORD_BYTES) {
                Ok(text) => self.add_text(&format!("{name}:{inner}"), form, &text),
                Err(error) => self.pass_over(format!("{name}:{inner}: {error}")),
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), ImportError> {
        self.files += 1;
        if self.files > MAX_FILES { Err(ImportError::TooMany) } else { Ok(()) }
    }

    fn add_text(&mut self, name: &str, form: Form, text: &str) {
        match form {
            Form::Markdown => match rustsec::parse(text) {
                Some(Ok(record)) => self.take(record),
                Some(Err(error)) => self.pass_over(format!("{name}: {error}")),
                // A README among the records.
                None => {}
            },
            _ if text.trim_start().starts_with('[') => {
                match serde_json::from_str::<Vec<&serde_json::value::RawValue>>(text) {
                    Ok(records) => records.into_iter().for_each(|record| self.take_osv(name, record.get())),
                    Err(error) => self.pass_over(format!("{name}: {error}")),
                }
            }
            Form::JsonLines => {
                text.lines()
                    .filter(|line| !line.trim().is_empty())
                    .for_each(|line| self.take_osv(name, line));
            }
            _ => self.take_osv(name, text),
        }
    }

    fn take_osv(&mut self, name: &str, text: &str) {
        match osv::parse(text) {
            Ok(record) => self.take(record),
            Err(error) => self.pass_over(format!("{name}: {error}")),
        }
    }

    fn take(&mut self, record: Record) {
        self.newest = self.newest.max(record.modified);
        self.unreadable_events += record.unreadable_events;
        if record.withdrawn {
            self.withdrawn += 1;
            return;
        }
        if record.advisories.is_empty() {
            self.elsewhere += 1;
            return;
        }
        for licence in record.licences {
            if !self.licences.contains(&licence) {
                self.licences.push(licence);
            }
        }
        let mut counted: Option<Ecosystem> = None;
        for (ecosystem, name, advisory) in record.advisories {
            let of_package = self.packages.entry((ecosystem, name)).or_default();
            // A record that comes twice, from a dump and from a clone, counts once.
            match of_package.iter_mut().find(|known| known.id == advisory.id) {
                Some(known) => *known = advisory,
                None => {
                    of_package.push(advisory);
                    if counted != Some(ecosystem) {
                        counted = Some(ecosystem);
                        *self.records.entry(ecosystem).or_default() += 1;
                    }
                }
            }
        }
    }

    fn pass_over(&mut self, why: String) {
        self.unreadable_count += 1;
        if self.unreadable.len() < 20 {
            self.unreadable.push(why);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    JsonLines,
    Markdown,
    Archive,
}

fn form(name: &str) -> Option<Form> {
    let extension = Path::new(name).extension()?.to_str()?;
    match extension.to_ascii_lowercase().as_str() {
        "json" => Some(Form::Json),
        "jsonl" | "ndjson" => Some(Form::JsonLines),
        "md" => Some(Form::Markdown),
        "zip" => Some(Form::Archive),
        _ => None,
    }
}

fn read_text(from: impl Read, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    let mut bounded = from.take(limit + 1);
    bounded.read_to_string(&mut text)?;
    if bounded.limit() == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("larger than {limit} bytes")));
    }
    Ok(text)
}

/// Why an import gave no database.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportError {
    /// A file or folder cannot be read.
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// An archive cannot be read.
    Archive {
        /// Which.
        name: String,
        /// Why not.
        reason: String,
    },
    /// There was no record about npm or crates.io.
    Nothing,
    /// More files than anyone publishes.
    TooMany,
    /// The database cannot be written.
    Database(DatabaseError),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Archive { name, reason } => write!(f, "{name}: {reason}"),
            Self::Nothing => {
                f.write_str("no advisory for npm or crates.io was found there; the old database stays")
            }
            Self::TooMany => write!(f, "more than {MAX_FILES} files"),
            Self::Database(error) => error.fmt(f),
        }
    }
}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Database(error) => Some(error),
            Self::Archive { .. } | Self::Nothing | Self::TooMany => None,
        }
    }
}
