//! No error answer shows an absolute path of the server's files, inside a stack trace or outside. The path of
//! the request itself, which many error pages repeat, does not count, nor do links.

use portcullis_rules::error::PATH_LEAK;

use super::on_error_texts;
use crate::checks::Check;
use crate::evidence::live::Evidence;
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&PATH_LEAK, live);

/// Folders at the root of a server that are no first segment of a URL in practice, or that a file below them
/// gives away.
const ROOTS: [&str; 20] = [
    "app",
    "builds",
    "code",
    "data",
    "etc",
    "export",
    "home",
    "mnt",
    "opt",
    "private",
    "root",
    "service",
    "src",
    "srv",
    "tmp",
    "usr",
    "Users",
    "var",
    "workspace",
    "www",
];

const EXTENSIONS: [&str; 22] = [
    "js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "json", "ejs", "pug", "hbs", "html", "njk", "php",
    "py", "rb", "java", "db", "sqlite", "env", "log",
];

fn live(evidence: &Evidence) -> Verdict {
    on_error_texts(
        evidence,
        |request, text| {
            text.split(|c: char| c.is_whitespace() || "\"'`(),;<>[]{}".contains(c))
                .filter(|word| *word != request.target.path())
                .find(|word| is_file_path(word))
                .map(str::to_owned)
        },
        "no error answer shows a path of the server",
    )
}

fn is_file_path(word: &str) -> bool {
    // JSON writes a backslash twice and may end a string with `\n`.
    let word = word.replace("\\\\", "\\");
    let word = word.split("\\n").next().unwrap_or_default();
    let path = word.strip_prefix("file://").unwrap_or(word);
    let without_position = path.split(':').next().unwrap_or_default();
    let is_absolute = without_position.strip_prefix('/').and_then(|path| path.split_once('/')).is_some_and(
        |(root, rest)| {
            ROOTS.contains(&root)
                && (rest.contains("node_modules/") || has_code_extension(rest) || is_home(root, rest))
        },
    );
    is_absolute || is_windows_path(path)
}

fn has_code_extension(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension.trim_end_matches('.')))
}

/// A folder below a user's home, as in "Failed to lookup view in `/home/deploy/shop/views`".
fn is_home(root: &str, rest: &str) -> bool {
    (matches!(root, "home" | "Users") && rest.split('/').filter(|segment| !segment.is_empty()).count() >= 2)
        || (matches!(root, "usr" | "var") && (rest.starts_with("src/") || rest.starts_with("www/")))
}

fn is_windows_path(path: &str) -> bool {
    let mut characters = path.chars();
    let (drive, colon, slash) = (characters.next(), characters.next(), characters.next());
    drive.is_some_and(|drive| drive.is_ascii_alphabetic())
        && colon == Some(':')
        && slash == Some('\\')
        && path.len() > 4
}

#[cfg(test)]
mod tests {
    use super::is_file_path;

    #[test]
    fn paths_of_files_are_known_from_paths_of_urls() {
        for path in [
            "/usr/src/app/node_modules/body-parser/lib/types/json.js:92:19",
            "/home/deploy/shop/views",
            "/app/server.js",
            "file:///srv/shop/server.mjs:1:2",
            "/var/www/shop/index",
            "C:\\shop\\server.js:1:2",
            "C:\\\\shop\\\\server.js",
            "/Users/ann/shop/a.ts",
        ] {
            assert!(is_file_path(path), "{path}");
        }
        for path in [
            "/",
            "/app/cart",
            "/home/",
            "/data/1",
            "https://shop.example/app/x.js",
            "/cart/a.js",
            "a/b.js",
            "C:",
        ] {
            assert!(!is_file_path(path), "{path}");
        }
    }
}
