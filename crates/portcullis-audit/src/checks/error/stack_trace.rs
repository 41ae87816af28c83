//! Stack traces, as the common runtimes write them.

/// The first line of a stack trace in `text`.
///
/// In JSON a trace stands in one string, with `\n` written out, or in a list of strings.
pub(super) fn first_frame(text: &str) -> Option<String> {
    text.split('\n')
        // With a space behind it: `C:\node_modules` has the same two letters.
        .flat_map(|line| line.split("\\n "))
        .flat_map(|line| line.split("\",\""))
        .map(|line| line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '[' | ']' | '\\')))
        .find(|line| is_frame(line))
        .map(str::to_owned)
}

fn is_frame(line: &str) -> bool {
    is_javascript(line) || is_java_or_dotnet(line) || is_python(line) || is_php(line)
}

/// V8: `at name (file:line:column)`, `at file:line:column`, `at Array.map (<anonymous>)`.
fn is_javascript(line: &str) -> bool {
    let Some(frame) = line.strip_prefix("at ") else { return false };
    let place = match frame.split_once('(') {
        Some((_, place)) => place.split(')').next().unwrap_or_default(),
        None => frame.split_whitespace().last().unwrap_or_default(),
    };
    let mut parts = place.rsplitn(3, ':');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let positioned = number(parts.next()) && number(parts.next());
    let file = parts.next().unwrap_or_default();
    (positioned && is_file(file)) || (place == "<anonymous>" && frame.contains('('))
}

/// A path, a `file:` or `node:` URL, or at least a name with an extension; not the clock time of a sentence.
fn is_file(file: &str) -> bool {
    file.starts_with("node:") || file.contains(['/', '\\', '.']) || file == "<anonymous>"
}

/// `at com.shop.Cart.add(Cart.java:12)`, `at Shop.Cart.Add() in C:\shop\Cart.cs:line 12`.
fn is_java_or_dotnet(line: &str) -> bool {
    line.starts_with("at ")
        && ((line.contains(".java:") || line.contains(".kt:") || line.contains(".scala:"))
            && line.ends_with(')')
            || line.contains(":line "))
}

/// `Traceback (most recent call last):`, `File "/srv/app.py", line 12, in add`.
fn is_python(line: &str) -> bool {
    line.starts_with("Traceback (most recent call last)")
        || (line.starts_with("File ") && line.contains(".py") && line.contains(", line "))
}

/// `#0 /var/www/cart.php(12): add()`.
fn is_php(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|frame| {
        frame.starts_with(|c: char| c.is_ascii_digit()) && frame.contains(".php(") && frame.contains("):")
    })
}

#[cfg(test)]
mod tests {
    use super::first_frame;

    #[test]
    fn frames_of_each_runtime_are_found() {
        for frame in [
            "at JSON.parse (<anonymous>)",
            "at parse (/usr/src/app/node_modules/body-parser/lib/types/json.js:92:19)",
            "at /home/deploy/shop/server.js:12:9",
            "at async file:///srv/shop/server.mjs:12:9",
            "at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
            "at Layer.handle [as handle_request] (C:\\shop\\node_modules\\express\\lib\\router\\layer.js:95:5)",
            "at com.shop.Cart.add(Cart.java:12)",
            "at Shop.Cart.Add() in C:\\shop\\Cart.cs:line 12",
            "Traceback (most recent call last):",
            "#0 /var/www/cart.php(12): add()",
        ] {
            assert_eq!(first_frame(&format!("Error: x\n    {frame}\n")).as_deref(), Some(frame));
        }
    }

    #[test]
    fn a_trace_inside_json_is_found() {
        let string = r#"{"stack":"Error: x\n    at f (/app/a.js:1:2)\n    at g (/app/b.js:3:4)"}"#;
        assert_eq!(first_frame(string).as_deref(), Some("at f (/app/a.js:1:2)"));
        let list = r#"{"stack":["Error: x","at f (/app/a.js:1:2)","at g (/app/b.js:3:4)"]}"#;
        assert_eq!(first_frame(list).as_deref(), Some("at f (/app/a.js:1:2)"));
    }

    #[test]
    fn sentences_are_no_frames() {
        for text in [
            "We open at 10:30:00",
            "at our shop (see map)",
            "at noon",
            "Cannot GET /at/10:30:00",
            "at 127:0:1",
            "#1 in sales",
            "{\"error\":\"not found\",\"at\":\"2026-01-01T10:30:00Z\"}",
        ] {
            assert_eq!(first_frame(text), None, "{text}");
        }
    }
}
