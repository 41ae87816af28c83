//! `portcullis advisories`.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use portcullis_audit::{
    Date,
    advisory::{Contents, Database, DatabaseError, Import, ImportError},
};

use crate::{
    Outcome,
    terminal::{complain, print, say},
};

/// Options of `portcullis advisories`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the database anew of what others publish.
    Import(ImportArguments),
    /// Show what is known, how old it is, and where it is kept.
    Status(StatusArguments),
}

#[derive(Debug, Args)]
struct ImportArguments {
    /// OSV records (.json, .jsonl), an archive of them (.zip), a folder (a clone of github/advisory-database or
    /// rustsec/advisory-db), or the http(s) address of a file or archive.
    #[arg(required = true, value_name = "FILE|DIR|ZIP|URL")]
    from: Vec<String>,
    /// Write here, and not to the user's own database.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct StatusArguments {
    /// The database, if it is not the user's own.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis advisories status
  portcullis advisories import https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip
  portcullis advisories import npm.zip crates.io.zip
  portcullis advisories import advisory-database/advisories/github-reviewed

An import replaces what was imported before. Without one, audits know the advisories that came with this program.

Exit codes: 0 done, 2 wrong usage, 3 could not be read or written; the old database stays.";

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::Import(arguments) => import(arguments),
        Command::Status(arguments) => status(arguments),
    }
}

fn import(arguments: &ImportArguments) -> Outcome {
    let Some(to) = arguments.database.clone().or_else(own_path) else {
        complain("there is no home folder to keep the database in: name a file with --database");
        return Outcome::WrongUsage;
    };
    match import_to(&to, &arguments.from) {
        Ok(contents) => {
            print(&format!("{}\n{}", to.display(), page(&contents)));
            Outcome::Done
        }
        Err(error) => {
            complain(&error);
            Outcome::Incomplete
        }
    }
}

fn import_to(to: &Path, from: &[String]) -> Result<Contents, String> {
    let mut import = Import::new();
    for source in from {
        if source.starts_with("https://") || source.starts_with("http://") {
            let body = download(source)?;
            import.add_download(source, &body).map_err(|error| error.to_string())?;
        } else {
            import.add(Path::new(source)).map_err(|error: ImportError| error.to_string())?;
        }
    }
    let (unreadable, first) = import.unreadable();
    for why in first {
        say(&format!("passed over {why}"));
    }
    if unreadable > first.len() {
        say(&format!("passed over {} more", unreadable - first.len()));
    }
    say(&format!(
        "{} records taken, {} withdrawn by their authors, {} about other ecosystems, {unreadable} unreadable",
        import.taken(),
        import.withdrawn(),
        import.elsewhere()
    ));
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    import.write(to, Date::today()).map_err(|error| format!("{}: {error}", to.display()))
}

fn download(url: &str) -> Result<Vec<u8>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(portcullis_audit::advisory::download(url)).map_err(|error| error.to_string())
}

fn status(arguments: &StatusArguments) -> Outcome {
    let (place, database) = match open(arguments.database.as_deref()) {
        Ok(opened) => opened,
        Err(error) => {
            complain(&error);
            return Outcome::Incomplete;
        }
    };
    let contents = database.contents();
    if arguments.json {
        let records: serde_json::Map<_, _> =
            contents.records.iter().map(|(name, count)| (name.clone(), (*count).into())).collect();
        let value = serde_json::json!({
            "database": place.as_ref().map(|path| path.display().to_string()),
            "made": contents.made.to_string(),
            "newest": contents.newest.to_string(),
            "age_days": Date::today().days_since(contents.newest),
            "records": records,
            "packages": contents.packages,
            "sources": contents.sources,
            "licences": contents.licences,
        });
        print(&format!("{value:#}\n"));
    } else {
        let place =
            place.map_or("the set that came with this program".to_owned(), |path| path.display().to_string());
        print(&format!("{place}\n{}", page(contents)));
    }
    Outcome::Done
}

fn page(contents: &Contents) -> String {
    let mut out = String::new();
    for (ecosystem, count) in &contents.records {
        let _ = writeln!(out, "  {count} advisories for {ecosystem}");
    }
    let age = Date::today().days_since(contents.newest);
    let _ = writeln!(
        out,
        "  about {} packages, the newest of {} ({age} days ago)",
        contents.packages, contents.newest
    );
    let _ = writeln!(out, "  from {}", contents.sources.join(", "));
    if !contents.licences.is_empty() {
        let _ = writeln!(out, "  under {}", contents.licences.join(", "));
    }
    out
}

/// The database to judge by: the one named, else the user's own, else the set that this program brings along.
pub(crate) fn open(named: Option<&Path>) -> Result<(Option<PathBuf>, Database), String> {
    let own = own_path().filter(|path| path.exists());
    match named.map(Path::to_owned).or(own) {
        Some(path) => match Database::open(&path) {
            Ok(database) => Ok((Some(path), database)),
            Err(error) => Err(format!("{}: {error}", path.display())),
        },
        None => Database::embedded()
            .map(|database| (None, database))
            .map_err(|error: DatabaseError| error.to_string()),
    }
}

/// Where the user's own database is kept: the XDG base directories, on Windows the folder for local data.
fn own_path() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = folder("XDG_DATA_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| Some(folder("HOME")?.join(".local").join("share")))?;
    Some(data.join("portcullis").join("advisories.db"))
}
