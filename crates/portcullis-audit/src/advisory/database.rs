//! One file of advisories with an index.
//!
//! ```text
//! "PORTADV1"            the format and its version
//! u32 u32               bytes of the description, entries of the index
//! description           JSON: see `Contents`
//! index                 for each package: u64 hash of its name, u64 place, u32 bytes; by hash
//! blocks                for each package: JSON: ecosystem, name, advisories
//! ```
//!
//! Numbers are little-endian. A look-up is a binary search in the index and one read; nothing else of the file is
//! touched. A file is replaced as a whole, by renaming a finished one over it.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::osv::Advisory;
use crate::date::Date;
use crate::evidence::lockfile::Ecosystem;

const MAGIC: &[u8; 8] = b"PORTADV1";
const HEAD_BYTES: usize = 16;
const ENTRY_BYTES: usize = 20;
/// The most that one package may take.
const MAX_BLOCK_BYTES: usize = 64 << 20;
const MAX_DESCRIPTION_BYTES: usize = 1 << 20;

/// The set that this program brings along.
static EMBEDDED: &[u8] = include_bytes!("../../data/advisories/embedded.advisories");

/// Advisories, looked up by package.
#[derive(Debug)]
pub struct Database {
    contents: Contents,
    index: Cow<'static, [u8]>,
    blocks: Blocks,
}

/// What a database holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contents {
    /// The day on which it was put together.
    pub made: Date,
    /// The day of the newest change of any record: the age of what it knows.
    pub newest: Date,
    /// Records taken, for each ecosystem by its OSV name.
    pub records: Vec<(String, usize)>,
    /// Packages with at least one advisory.
    pub packages: usize,
    /// Where the records come from, as the importer was told.
    pub sources: Vec<String>,
    /// The licences that the records name, sorted.
    pub licences: Vec<String>,
}

#[derive(Debug)]
enum Blocks {
    Embedded,
    File(Mutex<File>),
}

#[derive(Serialize, Deserialize)]
struct Block<'a> {
    #[serde(rename = "e")]
    ecosystem: Cow<'a, str>,
    #[serde(rename = "n")]
    name: Cow<'a, str>,
    #[serde(rename = "a")]
    advisories: Cow<'a, [Advisory]>,
}

impl Database {
    /// The advisories that this program brings along: those of a few hundred packages around Express.
    pub fn embedded() -> Result<Self, DatabaseError> {
        let mut bytes = EMBEDDED;
        let (contents, index_bytes) = read_head(&mut bytes, EMBEDDED.len())?;
        let index = bytes.get(..index_bytes).ok_or(DatabaseError::Broken("the index is cut short"))?;
        Ok(Self { contents, index: Cow::Borrowed(index), blocks: Blocks::Embedded })
    }

    /// Opens a file that [`Import`](super::Import) made.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let mut file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let (contents, index_bytes) = read_head(&mut file, length)?;
        let mut index = vec![0; index_bytes];
        file.read_exact(&mut index)?;
        Ok(Self { contents, index: Cow::Owned(index), blocks: Blocks::File(Mutex::new(file)) })
    }

    /// What it holds.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Whether it holds records of that ecosystem.
    pub fn covers(&self, ecosystem: Ecosystem) -> bool {
        self.contents.records.iter().any(|(name, count)| name == ecosystem.osv() && *count > 0)
    }

    /// The advisories of a package, withdrawn ones not among them.
    pub fn advisories(&self, ecosystem: Ecosystem, name: &str) -> Result<Vec<Advisory>, DatabaseError> {
        let hash = hash(ecosystem, name);
        let (entries, _) = self.index.as_chunks::<ENTRY_BYTES>();
        let first = entries.partition_point(|entry| Entry::read(entry).hash < hash);
        for entry in entries.iter().skip(first).map(Entry::read).take_while(|entry| entry.hash == hash) {
            let bytes = self.block(&entry)?;
            let block: Block<'_> = serde_json::from_slice(&bytes)
                .map_err(|_| DatabaseError::Broken("a block cannot be read"))?;
            if block.ecosystem == ecosystem.osv() && block.name == name {
                return Ok(block.advisories.into_owned());
            }
        }
        Ok(Vec::new())
    }

    fn block(&self, entry: &Entry) -> Result<Cow<'static, [u8]>, DatabaseError> {
        let length = usize::try_from(entry.length).unwrap_or(usize::MAX);
        if length > MAX_BLOCK_BYTES {
            return Err(DatabaseError::Broken("a block is larger than 64 MB"));
        }
        match &self.blocks {
            Blocks::Embedded => {
                let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
                let block = EMBEDDED.get(start..start.saturating_add(length));
                block.map(Cow::Borrowed).ok_or(DatabaseError::Broken("a block lies outside"))
            }
            Blocks::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(entry.offset))?;
                let mut block = vec![0; length];
                file.read_exact(&mut block)?;
                Ok(Cow::Owned(block))
            }
        }
    }

    /// Writes a database to `path`: to a file beside it first, which then takes its place. A reader sees the old
    /// one or the new one.
    pub(super) fn write(
        path: &Path,
        contents: &Contents,
        packages: &[(Ecosystem, &str, &[Advisory])],
    ) -> Result<(), DatabaseError> {
        let bytes = encode(contents, packages)?;
        let temporary = beside(path);
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        if let Err(error) = written.and_then(|()| std::fs::rename(&temporary, path)) {
            // What was not finished is of no use to anyone.
            let _ = std::fs::remove_file(&temporary);
            return Err(error.into());
        }
        Ok(())
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn encode(
    contents: &Contents,
    packages: &[(Ecosystem, &str, &[Advisory])],
) -> Result<Vec<u8>, DatabaseError> {
    let unwritable = |_| DatabaseError::Broken("a record cannot be written");
    let too_large = |_| DatabaseError::Broken("too large");
    let description = serde_json::to_vec(contents).map_err(unwritable)?;
    let start = HEAD_BYTES + description.len() + packages.len() * ENTRY_BYTES;
    let mut blocks = Vec::new();
    let mut entries = Vec::with_capacity(packages.len());
    for (ecosystem, name, advisories) in packages {
        let offset = u64::try_from(start + blocks.len()).map_err(too_large)?;
        let block = Block {
            ecosystem: Cow::Borrowed(ecosystem.osv()),
            name: Cow::Borrowed(name),
            advisories: Cow::Borrowed(advisories),
        };
        let block = serde_json::to_vec(&block).map_err(unwritable)?;
        let length = u32::try_from(block.len()).map_err(too_large)?;
        entries.push(Entry { hash: hash(*ecosystem, name), offset, length });
        blocks.extend(block);
    }
    entries.sort_by_key(|entry| (entry.hash, entry.offset));
    let mut bytes = Vec::with_capacity(start + blocks.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend(u32::try_from(description.len()).map_err(too_large)?.to_le_bytes());
    bytes.extend(u32::try_from(entries.len()).map_err(too_large)?.to_le_bytes());
    bytes.extend(description);
    for entry in entries {
        bytes.extend(entry.hash.to_le_bytes());
        bytes.extend(entry.offset.to_le_bytes());
        bytes.extend(entry.length.to_le_bytes());
    }
    bytes.extend(blocks);
    Ok(bytes)
}

/// Reads up to the index, and says how many bytes that has.
fn read_head(from: &mut impl Read, length: usize) -> Result<(Contents, usize), DatabaseError> {
    let mut magic = [0; 8];
    let mut sizes = [[0; 4]; 2];
    from.read_exact(&mut magic).map_err(|_| DatabaseError::NotOne)?;
    if &magic != MAGIC {
        return Err(DatabaseError::NotOne);
    }
    for size in &mut sizes {
        from.read_exact(size)?;
    }
    let [description, entries] =
        sizes.map(|bytes| usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX));
    let index = entries.saturating_mul(ENTRY_BYTES);
    if description > MAX_DESCRIPTION_BYTES
        || index.saturating_add(description).saturating_add(HEAD_BYTES) > length
    {
        return Err(DatabaseError::Broken("it is cut short"));
    }
    let mut json = vec![0; description];
    from.read_exact(&mut json)?;
    let contents =
        serde_json::from_slice(&json).map_err(|_| DatabaseError::Broken("its description cannot be read"))?;
    Ok((contents, index))
}

/// Where the block of a package lies.
struct Entry {
    hash: u64,
    offset: u64,
    length: u32,
}

impl Entry {
    fn read(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let (mut hash, mut offset, mut length) = ([0; 8], [0; 8], [0; 4]);
        let all = hash.iter_mut().chain(&mut offset).chain(&mut length);
        all.zip(bytes).for_each(|(to, from)| *to = *from);
        Self {
            hash: u64::from_le_bytes(hash),
            offset: u64::from_le_bytes(offset),
            length: u32::from_le_bytes(length),
        }
    }
}

/// FNV-1a of the package URL's parts, the same in every build. Names that share a hash are told apart by the block.
fn hash(ecosystem: Ecosystem, name: &str) -> u64 {
    let bytes = ecosystem.osv().bytes().chain([b'/']).chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Why a database could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The file cannot be read or written.
    Io(io::Error),
    /// The file is no database of advisories, or one of another version.
    NotOne,
    /// The file is damaged.
    Broken(&'static str),
}

impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotOne => {
                f.write_str("this is no database of advisories, or one of another version: make it again with `portcullis advisories import`")
            }
            Self::Broken(what) => {
                write!(f, "the database is damaged, {what}: make it again with `portcullis advisories import`")
            }
        }
    }
}

impl Error for DatabaseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::NotOne | Self::Broken(_) => None,
        }
    }
}
