//! Stack traces and what database drivers say, in the words of the languages that servers are written in.
//!
//! Everything here is told by its form (`file.js:1:2`, `File "x.py", line 3`), never by words that people use.

/// Whether a text shows a stack trace or the place of a line in source code.
pub(super) fn shows_trace(text: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    FIRST_WORDS.iter().any(|words| text.contains(words))
        || shows_source_line(text, is_clients)
        || shows_place_after(text, "node:", is_clients)
        || shows_python_line(text)
        || shows_go_routine(text)
        || shows_managed_frames(text)
}

/// Whether a text repeats what a database, its driver or a socket towards it said.
pub(super) fn shows_driver(text: &str) -> bool {
    DRIVERS.iter().any(|words| text.contains(words))
        || ["ER_", "SQLITE_"].iter().any(|prefix| shows_code(text, prefix))
        || text.match_indices("ORA-").any(|(at, words)| starts_with_digits(after(text, at, words), 5))
}

/// A code such as `ER_PARSE_ERROR: ` or `SQLITE_BUSY: `.
fn shows_code(text: &str, prefix: &str) -> bool {
    text.match_indices(prefix).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().bytes().next_back();
        let name = after(text, at, prefix);
        let length =
            name.bytes().take(64).take_while(|byte| byte.is_ascii_uppercase() || *byte == b'_').count();
        !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && length > 2
            && name.get(length..).is_some_and(|message| message.starts_with(": "))
    })
}

/// Words with which only a runtime begins.
const FIRST_WORDS: &[&str] = &[
    "Traceback (most recent call last)",             // Python
    "Exception in thread \"",                        // Java
    "\tat java.",                                    // Java, Kotlin, Scala
    "PHP Fatal error:",                              // PHP
    "Fatal error: Uncaught ",                        // PHP
    "Stack trace:\n#0 ",                             // PHP
    "stack backtrace:\n",                            // Rust
    "panic: runtime error:",                         // Go
    "   --- End of inner exception stack trace ---", // .NET
];

const DRIVERS: &[&str] = &[
    "SQLSTATE[",                                          // PDO
    "You have an error in your SQL syntax;",              // MySQL
    "syntax error at or near \"",                         // PostgreSQL
    "invalid input syntax for type ",                     // PostgreSQL
    "duplicate key value violates unique constraint \"",  // PostgreSQL
    "E11000 duplicate key error collection: ",            // MongoDB
    "Unclosed quotation mark after the character string", // SQL Server
    "connect ECONNREFUSED ",                              // Node
    "connect ETIMEDOUT ",                                 // Node
    "getaddrinfo ENOTFOUND ",                             // Node
];

/// Endings of source files. Those of one letter are left out: too many abbreviations look like them.
const SOURCES: &[&str] = &[
    "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "coffee", "vue", "svelte", "ejs", "pug", "hbs",
    "py", "rb", "erb", "php", "java", "kt", "scala", "groovy", "clj", "go", "rs", "cs", "vb", "fs", "cshtml",
    "cpp", "cc", "swift", "ex", "exs", "erl", "pl", "pm", "lua",
];

/// `name.ext:12:5`, `name.ext:12:in`, `name.ext(12,5)`, `name.ext(12)`, `name.ext on line 12`, `name.ext", line 12`,
/// `name.ext line 12.`, and with an absolute path before it `/name.ext:12`.
fn shows_source_line(text: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    text.match_indices('.').any(|(dot, _)| {
        let ending = after(text, dot, ".");
        let length = ending.bytes().take(7).position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(7);
        let (Some(extension), Some(place)) = (ending.get(..length), ending.get(length..)) else {
            return false;
        };
        if !SOURCES.contains(&extension) {
            return false;
        }
        // The cheap half is done: few texts come as far as this.
        let Some(exact) = line_number(place) else { return false };
        let name = path_before(text, dot);
        let start = dot - name.len();
        let shown = exact
            || name.contains(['/', '\\'])
            // `(App.java:12)`
            || (text.get(..start).unwrap_or_default().ends_with('(') && closes_call(place));
        shown
            && name.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && !is_clients(text.get(start..dot + 1 + length).unwrap_or_default())
    })
}

/// Whether a place in a file follows, and if so whether only a runtime would put it so.
fn line_number(place: &str) -> Option<bool> {
    if let Some(line) = place.strip_prefix(":line ") {
        return starts_with_digits(line, 1).then_some(true);
    }
    if let Some(line) = place.strip_prefix(':') {
        let rest = without_digits(line)?;
        let column = rest.strip_prefix(':').unwrap_or_default();
        return Some(starts_with_digits(column, 1) || column.starts_with("in ") || rest.starts_with(" +0x"));
    }
    if let Some(line) = place.strip_prefix('(') {
        let rest = without_digits(line)?;
        let rest = rest.strip_prefix(',').map_or(Some(rest), without_digits)?;
        return rest.starts_with(')').then_some(true);
    }
    let line = [" on line ", "\", line ", " line "].iter().find_map(|words| place.strip_prefix(words))?;
    starts_with_digits(line, 1).then_some(true)
}

fn closes_call(place: &str) -> bool {
    place.strip_prefix(':').and_then(without_digits).is_some_and(|rest| rest.starts_with(')'))
}

/// `node:internal/process/task_queues:95:5`, which has no ending.
fn shows_place_after(text: &str, scheme: &str, is_clients: &mut impl FnMut(&str) -> bool) -> bool {
    text.match_indices(scheme).any(|(at, _)| {
        let module = after(text, at, scheme);
        let length = module
            .bytes()
            .take(200)
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"_-/.".contains(&byte)))
            .unwrap_or(0);
        let place = module.get(length..).unwrap_or_default();
        length > 0
            && line_number(place) == Some(true)
            && !is_clients(module.get(..length).unwrap_or_default())
    })
}

/// `File "x", line 3, in f`, also for files without an ending, such as `<string>`.
fn shows_python_line(text: &str) -> bool {
    text.match_indices("File \"").any(|(at, words)| {
        let name = after(text, at, words);
        let end = name.bytes().take(500).position(|byte| byte == b'"' || byte == b'\n');
        let place = end.and_then(|end| name.get(end..)).unwrap_or_default();
        place.strip_prefix("\", line ").is_some_and(|line| starts_with_digits(line, 1))
    })
}

/// `goroutine 1 [running]:`
fn shows_go_routine(text: &str) -> bool {
    text.match_indices("goroutine ").any(|(at, words)| {
        without_digits(after(text, at, words)).is_some_and(|state| state.starts_with(" ["))
    })
}

/// Frames without a place: `at a.b.C.d(Native Method)` once, or two lines such as `   at A.B.C(String d)` in a row.
fn shows_managed_frames(text: &str) -> bool {
    let mut before = false;
    text.lines().any(|line| {
        let frame = line.trim_start().strip_prefix("at ").filter(|_| line.len() < 1_000).and_then(call);
        let certain =
            frame.is_some_and(|inside| matches!(inside, "Native Method" | "Unknown Source" | "<anonymous>"));
        let shown = certain || (frame.is_some() && before);
        before = frame.is_some();
        shown
    })
}

/// What stands in the parentheses of `a.b.c(…)`, if the text is such a call.
fn call(text: &str) -> Option<&str> {
    let (name, inside) = text.trim_end().split_once('(')?;
    let dotted = name.contains('.') && !name.starts_with('.');
    let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.$<>`+/@[], ".contains(&byte))
        && !name.contains(". ");
    if dotted && named { inside.strip_suffix(')') } else { None }
}

/// The path that ends at the byte `end`, at most 300 bytes of it.
fn path_before(text: &str, end: usize) -> &str {
    let before = text.get(..end).unwrap_or_default();
    let length = before
        .bytes()
        .rev()
        .take(300)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || b"_-./\\@~+%$#[]!".contains(byte) || !byte.is_ascii()
        })
        .count();
    // A cut through a character leaves nothing, which is no path either.
    before.get(end - length..).unwrap_or_default()
}

fn after<'a>(text: &'a str, at: usize, words: &str) -> &'a str {
    text.get(at + words.len()..).unwrap_or_default()
}

/// What follows one to seven digits.
fn without_digits(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=7).contains(&digits) { text.get(digits..) } else { None }
}

fn starts_with_digits(text: &str, at_least: usize) -> bool {
    text.bytes().take_while(u8::is_ascii_digit).count() >= at_least
}
