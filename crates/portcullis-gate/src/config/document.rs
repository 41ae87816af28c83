//! The file's text, with the place of every value.

use std::path::Path;

use portcullis::{ConfigError, intake::path::canonical};
use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::error::{ConfigFileError, Problem};

/// Sections of the whole gate, and those that a route may have as well.
const GATE_SECTIONS: [&str; 6] = ["listen", "tls", "log", "serve", "client", "route"];
pub(super) const ROUTE_SECTIONS: [&str; 11] =
    ["upstream", "header", "error", "timeout", "cors", "access", "limit", "csrf", "cookie", "login", "body"];

/// A parsed file.
#[derive(Debug, Clone)]
pub(super) struct Document<'t> {
    path: &'t Path,
    text: &'t str,
    table: DeTable<'t>,
}

/// A table of the file, or the place where one would stand; what a route does not say, the whole gate says.
#[derive(Debug, Clone)]
pub(super) struct Section<'d, 't> {
    document: &'d Document<'t>,
    key: String,
    table: Option<Spanned<DeTable<'t>>>,
}

impl<'t> Document<'t> {
    pub(super) fn parse(path: &'t Path, text: &'t str) -> Result<Self, ConfigFileError> {
        match DeTable::parse(text) {
            Ok(table) => Ok(Self { path, text, table: table.into_inner() }),
            Err(error) => {
                let line = error.span().map(|span| line_of(text, span.start));
                let message = error.message().lines().collect::<Vec<_>>().join("; ");
                Err(ConfigFileError::new(path, vec![Problem { line, key: String::new(), message }]))
            }
        }
    }

    pub(super) fn directory(&self) -> &'t Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    pub(super) fn root(&self) -> Section<'_, 't> {
        Section { document: self, key: String::new(), table: Some(Spanned::new(0..0, self.table.clone())) }
    }

    /// The `[[route]]` tables, each laid over the gate's own sections.
    pub(super) fn routes(&self) -> Vec<Section<'_, 't>> {
        let Some(DeValue::Array(routes)) = self.table.get("route").map(Spanned::get_ref) else {
            return Vec::new();
        };
        let section = |(index, value): (usize, &Spanned<DeValue<'t>>)| {
            let DeValue::Table(route) = value.get_ref() else { return None };
            let mut table = DeTable::new();
            for name in ROUTE_SECTIONS.iter().chain(&["client"]) {
                if let Some((key, section)) = self.table.get_key_value(*name) {
                    table.insert(key.clone(), section.clone());
                }
            }
            lay_over(&mut table, route);
            Some(Section {
                document: self,
                key: format!("route[{index}]"),
                table: Some(Spanned::new(value.span(), table)),
            })
        };
        routes.iter().enumerate().filter_map(section).collect()
    }

    /// Sections that nobody reads.
    pub(super) fn check_keys(&self, problems: &mut Vec<Problem>) {
        let at_root: Vec<&str> = GATE_SECTIONS.iter().chain(&ROUTE_SECTIONS).copied().collect();
        self.check_keys_of(&self.table, "", &at_root, problems);
        match self.table.get("route").map(|value| (value.span(), value.get_ref())) {
            None => {}
            Some((_, DeValue::Array(routes))) => {
                let in_route: Vec<&str> =
                    ["path", "static_files"].iter().chain(&ROUTE_SECTIONS).copied().collect();
                for (index, route) in routes.iter().enumerate() {
                    match route.get_ref() {
                        DeValue::Table(table) => {
                            self.check_keys_of(table, &format!("route[{index}]."), &in_route, problems);
                        }
                        _ => problems.push(self.problem_at(
                            route.span().start,
                            format!("route[{index}]"),
                            "must be a table".to_owned(),
                        )),
                    }
                }
            }
            Some((span, _)) => problems.push(self.problem_at(
                span.start,
                "route".to_owned(),
                "must be a list of tables, as [[route]]".to_owned(),
            )),
        }
    }

    fn check_keys_of(&self, table: &DeTable<'_>, prefix: &str, known: &[&str], problems: &mut Vec<Problem>) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = format!("unknown; {}", expected(name, known));
                problems.push(self.problem_at(key.span().start, format!("{prefix}{name}"), message));
            }
        }
    }

    fn problem_at(&self, offset: usize, key: String, message: String) -> Problem {
        Problem { line: Some(line_of(self.text, offset)), key, message }
    }
}

impl Section<'_, '_> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.as_ref().is_some_and(|table| table.get_ref().contains_key(name))
    }

    /// A table in this one.
    pub(super) fn section(&self, name: &str) -> Self {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
        let value = self.table.as_ref().and_then(|table| table.get_ref().get(name));
        let table = value.and_then(|value| match value.get_ref() {
            DeValue::Table(table) => Some(Spanned::new(value.span(), table.clone())),
            _ => None,
        });
        Self { document: self.document, key, table }
    }

    /// Whether something of that name stands here that is no table.
    pub(super) fn not_a_table(&self, name: &str) -> Option<Problem> {
        let value = self.table.as_ref()?.get_ref().get(name)?;
        let key = self.section(name).key;
        (!value.get_ref().is_table()).then(|| {
            self.document.problem_at(
                value.span().start,
                key,
                format!("must be a table, as [{name}], and is {}", value.get_ref().type_str()),
            )
        })
    }

    /// Why the section is off: `{ off = "reason" }`, which stands alone.
    pub(super) fn off(&self, problems: &mut Vec<Problem>) -> Option<String> {
        let table = self.table.as_ref()?.get_ref();
        let off = table.get("off")?;
        let reason = off.get_ref().as_str().map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() {
            let message = "must be the reason, in words".to_owned();
            problems.push(self.document.problem_at(off.span().start, format!("{}.off", self.key), message));
        }
        Some(reason.unwrap_or_default().to_owned())
    }

    /// The section as `T`; where it cannot be, the default goes on, so that further problems are found.
    pub(super) fn read<T: DeserializeOwned + Default>(&self, problems: &mut Vec<Problem>) -> T {
        if self.table.is_none() {
            return T::default();
        }
        self.read_with(problems, |_| {}).unwrap_or_default()
    }

    /// The section as `T`, changed by `then`.
    ///
    /// A key that cannot be read is reported and left out, and the rest read again, so that all are found at once.
    pub(super) fn read_with<T: DeserializeOwned>(
        &self,
        problems: &mut Vec<Problem>,
        then: impl FnOnce(&mut T),
    ) -> Option<T> {
        let table = self.table.as_ref()?;
        let mut left = table.get_ref().clone();
        for _ in 0..=table.get_ref().len() {
            let value = Spanned::new(table.span(), DeValue::Table(left.clone()));
            let error = match T::deserialize(ValueDeserializer::from(value)) {
                Ok(mut read) => {
                    then(&mut read);
                    return Some(read);
                }
                Err(error) => error,
            };
            let start = error.span().map_or(table.span().start, |span| span.start);
            let wrong = key_at(&left, start);
            let key =
                wrong.as_ref().map_or_else(|| self.key.clone(), |wrong| format!("{}.{wrong}", self.key));
            problems.push(self.document.problem_at(start, key, with_suggestion(error.message())));
            left.remove(wrong?.as_str());
        }
        None
    }

    /// The path of a route.
    pub(super) fn read_path(&self, problems: &mut Vec<Problem>) -> String {
        let value = self.table.as_ref().and_then(|table| table.get_ref().get("path"));
        let path = value.and_then(|value| value.get_ref().as_str()).unwrap_or_default();
        if path.starts_with('/') && canonical(path).is_ok_and(|canonical| canonical.matched() == path) {
            return if path == "/" { path.to_owned() } else { path.trim_end_matches('/').to_owned() };
        }
        let shown = value.map_or_else(|| "absent".to_owned(), |_| format!("{path:?}"));
        problems.push(self.problem(&ConfigError::new(
            "path",
            shown,
            "a path such as \"/api\": the route is for it and everything below",
        )));
        "/".to_owned()
    }

    /// A guard's complaint, at the place it speaks of.
    pub(super) fn problem(&self, error: &ConfigError) -> Problem {
        let message = format!("is {}; must be {}", error.value(), error.right());
        let key = match (self.key.as_str(), error.path()) {
            ("", path) => path.to_owned(),
            (key, "") => key.to_owned(),
            (key, path) => format!("{key}.{path}"),
        };
        match &self.table {
            Some(table) => self.document.problem_at(offset_of(table, error.path()), key, message),
            None => Problem { line: None, key, message },
        }
    }
}

/// The key at or around `offset`.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    let here =
        table.iter().find(|(key, value)| key.span().contains(&offset) || value.span().contains(&offset));
    here.map(|(key, _)| key.get_ref().clone().into_owned())
}

/// The place of `a.b[1].c`, or of as much of it as stands in the file.
fn offset_of(table: &Spanned<DeTable<'_>>, path: &str) -> usize {
    let mut offset = table.span().start;
    let mut here = DeValue::Table(table.get_ref().clone());
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let next = match (&here, step.strip_suffix(']')) {
            (DeValue::Table(table), None) => {
                table.get_key_value(step).map(|(key, value)| (key.span().start, value))
            }
            (DeValue::Array(array), Some(index)) => index
                .parse::<usize>()
                .ok()
                .and_then(|index| array.get(index))
                .map(|value| (value.span().start, value)),
            _ => None,
        };
        let Some((start, value)) = next else { break };
        offset = start;
        here = value.get_ref().clone();
    }
    offset
}

/// Lays a route's tables over the gate's, key by key.
fn lay_over<'t>(base: &mut DeTable<'t>, over: &DeTable<'t>) {
    for (key, value) in over {
        match (base.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut), value.get_ref()) {
            // A guard that is off is on again where a route configures it, and the reverse.
            (Some(DeValue::Table(below)), DeValue::Table(above)) if !above.contains_key("off") => {
                below.remove("off");
                lay_over(below, above);
            }
            _ => {
                base.remove(key.get_ref().as_ref());
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.split(|byte| *byte == b'\n').count()
}

/// serde's "unknown field `x`, expected one of `a`, `b`", with a guess at what was meant.
fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown field") {
        return message.lines().collect::<Vec<_>>().join(" ");
    }
    let Some(wrong) = quoted.next() else { return message.to_owned() };
    let known: Vec<&str> = quoted.collect();
    format!("unknown key `{wrong}`; {}", expected(wrong, &known))
}

fn expected(wrong: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|name| (distance(wrong, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 2.max(name.len() / 3) => format!("did you mean `{name}`?"),
        _ => format!(
            "must be one of {}",
            known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Levenshtein's.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().take(64).enumerate() {
        let mut next = vec![index + 1];
        for ((b, above), diagonal) in other.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(a != *b)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
