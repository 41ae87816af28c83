//! Copies of browser libraries among the files that a server hands out.

use super::{FileKind, Files};
use crate::location::Location;

/// A copy of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientLibrary {
    /// Its name in npm's registry.
    pub name: String,
    /// Its version, from the banner or the file's name.
    pub version: String,
    /// The file, and the line of the banner.
    pub location: Location,
}

/// Folders whose files servers hand out.
const SERVED: [&str; 8] = ["public", "static", "assets", "www", "vendor", "htdocs", "webroot", "wwwroot"];

/// What a library's banner begins with, and its name in npm's registry; the version follows.
const BANNERS: [(&str, &str); 20] = [
    ("jQuery JavaScript Library v", "jquery"),
    ("jQuery v", "jquery"),
    ("jQuery UI - v", "jquery-ui"),
    ("jQuery Migrate v", "jquery-migrate"),
    ("jQuery Migrate - v", "jquery-migrate"),
    ("jQuery Validation Plugin v", "jquery-validation"),
    ("Bootstrap v", "bootstrap"),
    ("bootstrap.js v", "bootstrap"),
    ("AngularJS v", "angular"),
    ("Vue.js v", "vue"),
    ("Handlebars.js ", "handlebars"),
    ("handlebars v", "handlebars"),
    ("Underscore.js ", "underscore"),
    ("Backbone.js ", "backbone"),
    ("moment.js version : ", "moment"),
    ("DOMPurify ", "dompurify"),
    ("marked v", "marked"),
    ("Mustache.js ", "mustache"),
    ("Chart.js v", "chart.js"),
    ("axios v", "axios"),
];

/// Names of files that carry a version: `jquery-3.2.1.min.js`.
const NAMES: [(&str, &str); 8] = [
    ("jquery-ui", "jquery-ui"),
    ("jquery-migrate", "jquery-migrate"),
    ("jquery", "jquery"),
    ("bootstrap", "bootstrap"),
    ("angular", "angular"),
    ("handlebars", "handlebars"),
    ("underscore", "underscore"),
    ("moment", "moment"),
];

/// Where banners end.
const HEAD_BYTES: usize = 2_048;

pub(super) fn find(files: &Files) -> Vec<ClientLibrary> {
    files
        .of(FileKind::Source)
        .filter(|(path, _)| path.split('/').any(|part| SERVED.contains(&part)))
        .filter_map(|(path, text)| by_banner(path, text).or_else(|| by_name(path)))
        .collect()
}

fn by_banner(path: &str, text: &str) -> Option<ClientLibrary> {
    let mut seen = 0;
    for (index, line) in text.lines().enumerate() {
        seen += line.len() + 1;
        let line = line.get(..line.len().min(HEAD_BYTES)).unwrap_or_default();
        for (banner, name) in BANNERS {
            let Some((before, after)) = line.split_once(banner) else { continue };
            // A banner begins its comment; words before it make it a remark about the library.
            if before.chars().any(char::is_alphanumeric) {
                continue;
            }
            if let Some(version) = leading_version(after) {
                let line_number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
                let location = Location::line(path, line_number);
                return Some(ClientLibrary { name: name.to_owned(), version, location });
            }
        }
        if seen > HEAD_BYTES {
            return None;
        }
    }
    None
}

fn by_name(path: &str) -> Option<ClientLibrary> {
    let file = path.rsplit('/').next()?;
    let (rest, name) = NAMES.iter().find_map(|(start, name)| Some((file.strip_prefix(start)?, *name)))?;
    let version = leading_version(rest.strip_prefix(['-', '.'])?.trim_start_matches('v'))?;
    Some(ClientLibrary { name: name.to_owned(), version, location: Location::file(path) })
}

/// `3.2.1` of `3.2.1.min.js`, `1.8` of `1.8 |`. At least two numbers.
fn leading_version(text: &str) -> Option<String> {
    let end =
        text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let numbers = text.get(..end)?.trim_end_matches('.');
    (numbers.split('.').count() >= 2 && crate::advisory::version(numbers).is_some())
        .then(|| numbers.to_owned())
}
