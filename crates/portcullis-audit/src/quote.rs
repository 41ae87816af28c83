//! Text of the audited site, made fit to be shown.

/// `text` on one line, at most 160 characters, with control characters (terminal escapes among them) and
/// characters that change the reading direction written as escapes.
pub(crate) fn quoted(text: &str) -> String {
    const MAX_CHARACTERS: usize = 160;
    let mut out = String::with_capacity(text.len().min(MAX_CHARACTERS));
    for (count, character) in text.chars().enumerate() {
        if count == MAX_CHARACTERS {
            out.push_str("...");
            break;
        }
        if character.is_control() || reorders(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Bidirectional controls, line separators and zero-width characters.
fn reorders(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_terminal_escape_is_shown_and_not_sent() {
        assert_eq!(quoted("a\u{1b}[31mb\r\nc"), "a\\u{1b}[31mb\\r\\nc");
        assert_eq!(quoted("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(quoted(&"y".repeat(500)).len(), 163);
    }
}
