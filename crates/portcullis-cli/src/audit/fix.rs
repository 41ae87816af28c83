//! `portcullis audit --fix`: shows what would change, asks, writes all or nothing.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use portcullis_audit::{
    Files, Report,
    action::{FileChange, fix},
};

use crate::{
    Outcome,
    terminal::{complain, print, say},
};

/// Carries out what the report says, in the manifests below `root`. `yes` answers the question.
pub(super) fn run(root: &Path, report: &Report, yes: bool) -> Outcome {
    let changes = Files::read(root)
        .map_err(|error| error.to_string())
        .and_then(|files| fix(&files, &report.actions).map_err(|error| error.to_string()));
    let changes = match changes {
        Ok(changes) => changes,
        Err(error) => {
            complain(&error);
            return Outcome::Incomplete;
        }
    };
    if changes.is_empty() {
        say("Nothing in package.json is changed: what is left takes a command above, or a decision.");
        return Outcome::Done;
    }
    for change in &changes {
        print(&diff(change));
    }
    let far = report.actions.iter().filter(|action| action.is_far()).count();
    if far > 0 {
        say(&format!(
            "{far} actions go to another major version, and are left to you: their commands stand above."
        ));
    }
    if !yes && !asked() {
        say("Nothing was written.");
        return Outcome::Done;
    }
    if let Err(error) = write_all(root, &changes) {
        complain(&format!("{error}; nothing was written"));
        return Outcome::Incomplete;
    }
    say("Written. Now run the install of your package manager, so that the lockfile follows, and the tests.");
    Outcome::Done
}

/// Asks at the terminal; where there is none, the answer is no.
fn asked() -> bool {
    if !io::stdin().is_terminal() {
        say("Nobody to ask: pass --yes to write this.");
        return false;
    }
    eprint!("Write this? [y/N] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// The lines that differ, as `diff` writes them, without context.
fn diff(change: &FileChange) -> String {
    let before: Vec<&str> = change.before.lines().collect();
    let after: Vec<&str> = change.after.lines().collect();
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let rest = before.len().min(after.len()) - start;
    let end = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take(rest)
        .take_while(|(one, other)| one == other)
        .count();
    let mut out = format!("--- {}\n+++ {}\n@@ line {} @@\n", change.file, change.file, start + 1);
    for (sign, lines) in [('-', &before), ('+', &after)] {
        for line in lines.get(start..lines.len() - end).unwrap_or_default() {
            out.push(sign);
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Writes every file beside its place first, then moves them all there; if one cannot be moved, those before it are put
/// back as they were.
fn write_all(root: &Path, changes: &[FileChange]) -> Result<(), String> {
    let mut ready: Vec<(PathBuf, PathBuf, &FileChange)> = Vec::new();
    let outcome = changes.iter().try_for_each(|change| {
        let path = root.join(&change.file);
        let beside = path.with_file_name(format!(".package.json.{}.new", std::process::id()));
        ready.push((beside.clone(), path.clone(), change));
        let now = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if now != change.before {
            return Err(format!("{} was changed meanwhile", path.display()));
        }
        let permissions = fs::metadata(&path).map(|metadata| metadata.permissions());
        fs::write(&beside, &change.after)
            .and_then(|()| fs::File::open(&beside)?.sync_all())
            .and_then(|()| fs::set_permissions(&beside, permissions?))
            .map_err(|error| format!("{}: {error}", beside.display()))
    });
    let moved = outcome.and_then(|()| {
        for (index, (beside, path, _)) in ready.iter().enumerate() {
            if let Err(error) = fs::rename(beside, path) {
                for (_, path, change) in ready.iter().take(index) {
                    let _ = fs::write(path, &change.before);
                }
                return Err(format!("{}: {error}", path.display()));
            }
        }
        Ok(())
    });
    if moved.is_err() {
        for (beside, ..) in &ready {
            let _ = fs::remove_file(beside);
        }
    }
    moved
}
