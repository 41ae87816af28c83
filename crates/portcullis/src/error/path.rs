//! Absolute paths of the server's file system.
//!
//! `/api/users` is a path, too. What tells the two apart: a root that applications do not route, a file of source code
//! with a line (see [`super::trace`]), or the words of an error about a file.

/// Whether a text shows an absolute path of the file system that the client did not send itself.
pub(super) fn shows_path(text: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    shows_unix_path(text, is_clients)
        || shows_windows_path(text, is_clients)
        || shows_file_error(text, is_clients)
        || ["node_modules/", "node_modules\\", "file:///"].iter().any(|words| {
            text.match_indices(words).any(|(at, _)| {
                let path = path_at(text, at);
                path.len() > words.len() && !is_clients(path)
            })
        })
}

fn shows_unix_path(text: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    text.match_indices('/').any(|(at, _)| {
        begins_path(text, at) && {
            let path = path_at(text, at);
            is_of_a_file_system(path) && !is_clients(path)
        }
    })
}

/// Whether the slash at `at` begins a path and is not inside of one, or of a URL.
fn begins_path(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().chars().next_back();
    before.is_none_or(|c| !(c.is_alphanumeric() || "_-./~%*\\<".contains(c)))
        && !text.get(at + 1..).unwrap_or_default().starts_with('/')
}

/// The path that begins at `at`, at most 1 KiB of it, without the punctuation that ends a sentence.
fn path_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let length = rest
        .bytes()
        .take(1_024)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-./\\@~+%$:".contains(byte))
        .count();
    rest.get(..length).unwrap_or_default().trim_end_matches(['.', ':', '\\', '-'])
}

/// Roots below which no application has its routes, each with what must follow.
fn is_of_a_file_system(path: &str) -> bool {
    let mut segments = path.split('/').skip(1).filter(|segment| !segment.is_empty());
    let (Some(root), Some(next)) = (segments.next(), segments.next()) else { return false };
    let deeper = segments.clone().next().is_some();
    match root {
        "etc" | "srv" | "root" | "mnt" | "tmp" | "private" | "snap" | "Users" | "Library"
        | "Applications" | "Volumes" | "System" | "rustc" => true,
        "usr" => [
            "src", "local", "lib", "lib32", "lib64", "libexec", "share", "bin", "sbin", "app", "include",
            "games",
        ]
        .contains(&next),
        "var" => [
            "www", "task", "lib", "log", "run", "tmp", "opt", "app", "cache", "spool", "folders", "runtime",
            "mail", "lock", "backups", "local", "db", "empty",
        ]
        .contains(&next),
        "opt" => deeper || is_file(next),
        "proc" => next == "self" || next.bytes().all(|byte| byte.is_ascii_digit()),
        "sys" => ["class", "kernel", "fs", "devices", "block", "bus", "module"].contains(&next),
        "dev" => ["shm", "fd", "mapper"].contains(&next),
        "nix" => next == "store",
        "vercel" => next.starts_with("path"),
        // `/home/settings` is a page. The home of a user that servers run as is not, nor is a file in a home.
        "home" => {
            deeper && HOMES.contains(&next)
                || segments.clone().any(|segment| segment.starts_with('.') || is_file(segment))
        }
        // Ordinary words, so only with a directory that no route is called.
        "app" | "code" | "workspace" | "usercode" | "function" | "builds" | "data" | "project" => {
            path.contains("/node_modules/") || path.contains("/site-packages/") || path.contains("/.git/")
        }
        _ => false,
    }
}

/// Users of images and hosts in common use.
const HOMES: &[&str] = &[
    "node",
    "ubuntu",
    "ec2-user",
    "debian",
    "admin",
    "centos",
    "fedora",
    "opc",
    "azureuser",
    "runner",
    "vagrant",
    "deploy",
    "deployer",
    "app",
    "www",
    "web",
    "site",
    "site_user",
    "vcap",
    "nonroot",
    "appuser",
    "heroku",
    "pi",
];

fn is_file(segment: &str) -> bool {
    segment.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty()
            && (1..=5).contains(&ending.len())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

/// `C:\srv\app`, `C:/srv/app.js`.
fn shows_windows_path(text: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    text.match_indices([':']).any(|(colon, _)| {
        let mut before = text.get(..colon).unwrap_or_default().chars().rev();
        let drive = before.next().is_some_and(|drive| drive.is_ascii_alphabetic())
            && before.next().is_none_or(|c| !(c.is_alphanumeric() || "_-.%".contains(c)));
        let rest = text.get(colon + 1..).unwrap_or_default();
        if !drive || !rest.starts_with(['\\', '/']) {
            return false;
        }
        let path = path_at(text, colon - 1);
        let mut segments = path.get(2..).unwrap_or_default().split(['\\', '/']).skip(1);
        let first = segments.next().unwrap_or_default();
        let second = segments.next();
        !first.is_empty()
            && (second.is_some_and(|second| !second.is_empty()) || is_file(first))
            && !is_clients(path)
    })
}

/// An error about a file names it whole, whatever its root: `ENOENT: no such file or directory, open '/app/x'`.
fn shows_file_error(text: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    FILE_ERRORS.iter().any(|words| {
        text.match_indices(words).any(|(at, _)| {
            let message = text.get(at..).unwrap_or_default();
            let end = message.bytes().take(300).position(|byte| byte == b'\n').unwrap_or(300);
            let message = message.get(..end).unwrap_or(message);
            message.match_indices(['\'', '"', '`']).any(|(quote, _)| {
                let path = path_at(message, quote + 1);
                path.starts_with('/') && path.len() > 1 && !path.starts_with("//") && !is_clients(path)
            })
        })
    })
}

/// What systems and runtimes say of a file, in their own spelling. "Permission denied" is not among them: applications
/// say it of their routes.
const FILE_ERRORS: &[&str] = &[
    "ENOENT",
    "EACCES",
    "EISDIR",
    "ENOTDIR",
    "EPERM",
    "EMFILE",
    "EROFS",
    "EEXIST",
    "[Errno ",
    "o such file or directory",
    "annot find module",
    "MODULE_NOT_FOUND",
    "views directory",
    "ailed to open stream",
];
