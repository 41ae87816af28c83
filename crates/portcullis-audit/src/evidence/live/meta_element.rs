//! `meta` elements of an HTML document.

/// The `content` of the first `meta` whose `attribute` (`name` or `http-equiv`) is `value`, in any letter
/// case.
pub(crate) fn meta_content(html: &str, attribute: &str, value: &str) -> Option<String> {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..)?;
        if rest.starts_with("!--") {
            rest = rest.get(rest.find("-->")?..)?;
        } else if rest.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("meta")) {
            let (attributes, after) = attributes(rest.get(4..)?);
            rest = after;
            let find = |wanted: &str| {
                attributes.iter().find(|(name, _)| name == wanted).map(|(_, content)| content.as_str())
            };
            if find(attribute).is_some_and(|found| found.trim().eq_ignore_ascii_case(value)) {
                return find("content").map(str::to_owned);
            }
        }
    }
    None
}

/// Names in lower case and values without their quotes up to the end of the tag, and what follows it.
fn attributes(tag: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = tag.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
    while !rest.is_empty() && !rest.starts_with('>') {
        let name_end = rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => value_of(value.trim_start()),
            None => ("", after),
        };
        if name.is_empty() && value.is_empty() && after.len() == rest.len() {
            break;
        }
        found.push((name.to_ascii_lowercase(), value.to_owned()));
        rest = after.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
    }
    (found, rest)
}

fn value_of(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::meta_content;

    #[test]
    fn the_content_is_found_in_any_spelling() {
        for html in [
            "<head><meta name=\"referrer\" content=\"no-referrer\">",
            "<META content='no-referrer' NAME=Referrer />",
            "<meta charset=utf-8><meta\nname = referrer\ncontent=no-referrer>",
        ] {
            assert_eq!(meta_content(html, "name", "referrer").as_deref(), Some("no-referrer"), "{html}");
        }
    }

    #[test]
    fn comments_and_broken_tags_are_no_meta() {
        for html in
            ["<!-- <meta name=referrer content=x> -->", "<meta name=referrer", "<meta = = >", "<meta", "<"]
        {
            assert_eq!(meta_content(html, "name", "referrer"), None, "{html}");
        }
    }
}
