//! The files of a project that say something: read once, every number bounded.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::evidence::lockfile::MAX_LOCKFILE_BYTES;
use crate::evidence::manifest::MAX_MANIFEST_BYTES;

/// The most files that are looked at.
const MAX_FILES: usize = 100_000;
/// How deep folders are followed.
const MAX_DEPTH: usize = 32;
/// What is read of one source file. Longer ones are generated, and their head tells what they are.
const MAX_SOURCE_BYTES: usize = 1 << 20;
/// What is read of all source files together.
const MAX_SOURCES_BYTES: usize = 256 << 20;
/// Folders that hold what was fetched or built. Hidden ones but `.github` are left out as well.
const SKIPPED: [&str; 8] =
    ["node_modules", "bower_components", "dist", "build", "out", "coverage", "target", "__pycache__"];

/// The files of a project by their paths, relative to its root, with `/` between the parts.
#[derive(Clone, Debug, Default)]
pub struct Files {
    root: String,
    texts: BTreeMap<String, (FileKind, String)>,
    notes: Vec<String>,
}

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `package.json`.
    Manifest,
    /// A lockfile of npm, yarn, pnpm, bun or Cargo.
    Lockfile,
    /// JavaScript or TypeScript.
    Source,
    /// Names a release of Node.js: `Dockerfile`, `.nvmrc`, a workflow.
    Runtime,
    /// `pnpm-workspace.yaml`.
    PnpmWorkspace,
    /// A bill of materials. Its text is not read.
    Bill,
}

impl Files {
    /// Reads a folder. Links are not followed.
    pub fn read(root: &Path) -> Result<Self, FilesError> {
        let mut files = Self { root: root.display().to_string(), ..Self::default() };
        let mut walk = Walk { seen: 0, source_bytes: 0 };
        if !root.is_dir() {
            let error =
                io::Error::new(io::ErrorKind::NotADirectory, "is no folder: name the folder of a project");
            return Err(FilesError { path: root.to_owned(), error });
        }
        files.read_folder(root, "", 0, &mut walk)?;
        Ok(files)
    }

    /// Takes files from memory, as if they had been read from a folder.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let texts = texts
            .into_iter()
            .filter_map(|(path, text)| Some((path.to_owned(), (kind(path)?, text.to_owned()))));
        Self { root: ".".to_owned(), texts: texts.collect(), notes: Vec::new() }
    }

    /// The folder that was read.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// What was left out, and why.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(|(_, text)| text.as_str())
    }

    /// Path and text of each file of a kind, by path.
    pub fn of(&self, kind: FileKind) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .filter(move |(_, (of, _))| *of == kind)
            .map(|(path, (_, text))| (path.as_str(), text.as_str()))
    }

    /// Path and text of each lockfile, by path. Those below folders of tests are samples, and are left out.
    pub fn lockfiles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.of(FileKind::Lockfile).filter(|(path, _)| !is_of_tests(path))
    }

    /// How many lockfiles are left out as samples.
    pub(super) fn samples(&self) -> usize {
        self.of(FileKind::Lockfile).filter(|(path, _)| is_of_tests(path)).count()
    }

    pub(super) fn bills(&self) -> Vec<String> {
        let mut bills: Vec<String> = self.of(FileKind::Bill).map(|(path, _)| path.to_owned()).collect();
        let makers = ["cyclonedx", "spdx", "sbom", "syft"];
        let mentions = self.of(FileKind::Runtime).chain(self.of(FileKind::Manifest)).filter(|(_, text)| {
            let lower = text.to_ascii_lowercase();
            makers.iter().any(|maker| lower.contains(maker))
        });
        bills.extend(mentions.map(|(path, _)| path.to_owned()));
        bills
    }

    /// Folder and pattern of each workspace that a `pnpm-workspace.yaml` names.
    pub(super) fn pnpm_workspaces(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (path, text) in self.of(FileKind::PnpmWorkspace) {
            let base = super::folder(path);
            let mut inside = false;
            for line in text.lines() {
                if !line.starts_with([' ', '-', '#']) {
                    inside = line.trim_end() == "packages:";
                } else if inside && let Some(item) = line.trim_start().strip_prefix("- ") {
                    all.push((base.to_owned(), item.trim().trim_matches(['"', '\'']).to_owned()));
                }
            }
        }
        all
    }

    fn read_folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        depth: usize,
        walk: &mut Walk,
    ) -> Result<(), FilesError> {
        let failed = |path: &Path, error| FilesError { path: path.to_owned(), error };
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) if depth > 0 => {
                self.notes.push(format!("{prefix} was not read: {error}"));
                return Ok(());
            }
            Err(error) => return Err(failed(folder, error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // A name that is not UTF-8 names none of the files that are read.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            let Ok(kind_of_entry) = entry.file_type() else { continue };
            walk.seen += 1;
            if walk.seen > MAX_FILES {
                if walk.seen == MAX_FILES + 1 {
                    self.notes.push(format!("only the first {MAX_FILES} files were looked at"));
                }
                return Ok(());
            }
            if kind_of_entry.is_dir() {
                let hidden = name.starts_with('.') && name != ".github";
                if depth < MAX_DEPTH && !hidden && !SKIPPED.contains(&name.as_str()) {
                    self.read_folder(&entry.path(), &path, depth + 1, walk)?;
                }
            } else if kind_of_entry.is_file()
                && let Some(kind) = kind(&path)
            {
                let text = self.read_file(&entry.path(), &path, kind, walk)?;
                self.texts.insert(path, (kind, text));
            }
        }
        Ok(())
    }

    fn read_file(
        &mut self,
        file: &Path,
        path: &str,
        kind: FileKind,
        walk: &mut Walk,
    ) -> Result<String, FilesError> {
        let limit = match kind {
            FileKind::Bill => return Ok(String::new()),
            FileKind::Lockfile => MAX_LOCKFILE_BYTES,
            FileKind::Manifest => MAX_MANIFEST_BYTES,
            FileKind::Source => MAX_SOURCE_BYTES.min(MAX_SOURCES_BYTES.saturating_sub(walk.source_bytes)),
            FileKind::Runtime | FileKind::PnpmWorkspace => MAX_SOURCE_BYTES,
        };
        let mut bytes = Vec::new();
        let read = fs::File::open(file)
            .and_then(|file| file.take(u64::try_from(limit).unwrap_or(u64::MAX) + 1).read_to_end(&mut bytes));
        let must = matches!(kind, FileKind::Lockfile | FileKind::Manifest);
        if let Err(error) = read {
            if must {
                return Err(FilesError { path: file.to_owned(), error });
            }
            self.notes.push(format!("{path} was not read: {error}"));
            return Ok(String::new());
        }
        if bytes.len() > limit {
            if must {
                let error = io::Error::new(io::ErrorKind::InvalidData, format!("larger than {limit} bytes"));
                return Err(FilesError { path: file.to_owned(), error });
            }
            bytes.truncate(limit);
        }
        if kind == FileKind::Source {
            walk.source_bytes += bytes.len();
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(error) if must => {
                let line = error
                    .as_bytes()
                    .iter()
                    .take(error.utf8_error().valid_up_to())
                    .filter(|byte| **byte == b'\n')
                    .count()
                    + 1;
                let error = io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"));
                Err(FilesError { path: file.to_owned(), error })
            }
            Err(error) => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        }
    }
}

struct Walk {
    seen: usize,
    source_bytes: usize,
}

/// Whether a file lies below a folder of tests.
fn is_of_tests(path: &str) -> bool {
    const FOLDERS: [&str; 6] = ["test", "tests", "__tests__", "fixtures", "__fixtures__", "testdata"];
    path.split('/').any(|part| FOLDERS.contains(&part))
}

/// What a file is read for, by its name.
fn kind(path: &str) -> Option<FileKind> {
    let name = path.rsplit('/').next()?;
    let lower = name.to_ascii_lowercase();
    match name {
        "package.json" => return Some(FileKind::Manifest),
        "package-lock.json"
        | "npm-shrinkwrap.json"
        | "yarn.lock"
        | "pnpm-lock.yaml"
        | "bun.lock"
        | "Cargo.lock" => {
            return Some(FileKind::Lockfile);
        }
        ".nvmrc" | ".node-version" | ".tool-versions" => return Some(FileKind::Runtime),
        "pnpm-workspace.yaml" => return Some(FileKind::PnpmWorkspace),
        _ => {}
    }
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    if lower.starts_with("dockerfile") || extension == "dockerfile" || lower == "containerfile" {
        return Some(FileKind::Runtime);
    }
    if path.starts_with(".github/workflows/") && matches!(extension, "yml" | "yaml") {
        return Some(FileKind::Runtime);
    }
    let stem = lower.strip_suffix(extension).unwrap_or(&lower).trim_end_matches('.');
    let named = matches!(stem.rsplit('.').next(), Some("bom" | "sbom" | "cdx" | "spdx"));
    if extension == "spdx" || (named && matches!(extension, "json" | "xml")) {
        return Some(FileKind::Bill);
    }
    matches!(extension, "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx")
        .then_some(FileKind::Source)
}

/// A file or folder that cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct FilesError {
    /// Which.
    pub path: PathBuf,
    /// Why not.
    pub error: io::Error,
}

impl fmt::Display for FilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl Error for FilesError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
