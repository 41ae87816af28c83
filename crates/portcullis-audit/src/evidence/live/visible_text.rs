//! The text of an HTML document, without its tags.

/// What a person would read: tags, comments, scripts and styles gone, `<br>` a line end, the entities that
/// error pages use decoded. Attribute values are gone with their tags, so a link is not taken for a path.
pub(crate) fn visible_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        push_decoded(&mut out, text);
        let name_end =
            tag.get(1..).and_then(|tag| tag.find(|c: char| !c.is_ascii_alphanumeric() && c != '/'));
        let name = tag.get(1..name_end.map_or(tag.len(), |end| end + 1)).unwrap_or_default();
        let name = name.trim_end_matches('/').to_ascii_lowercase();
        let end = if tag.starts_with("<!--") {
            tag.find("-->").map(|end| end + 3)
        } else if name == "script" || name == "style" {
            after_closing(tag, &name)
        } else if name.is_empty() && !tag.starts_with("<!") && !tag.starts_with("<?") {
            // A lone `<`, as in `at <anonymous>` that nobody escaped, is text.
            out.push('<');
            Some(1)
        } else if name == "anonymous" {
            out.push_str("<anonymous>");
            tag.find('>').map(|end| end + 1)
        } else {
            tag.find('>').map(|end| end + 1)
        };
        if matches!(name.as_str(), "br" | "p" | "/p" | "li" | "/li" | "div" | "/div" | "tr" | "pre" | "/pre")
        {
            out.push('\n');
        }
        rest = end.and_then(|end| tag.get(end..)).unwrap_or_default();
    }
    push_decoded(&mut out, rest);
    out
}

/// Where the text goes on after the element `name` that `tag` opens.
fn after_closing(tag: &str, name: &str) -> Option<usize> {
    let close = tag.match_indices("</").map(|(at, _)| at).find(|at| {
        tag.get(at + 2..at + 2 + name.len()).is_some_and(|closed| closed.eq_ignore_ascii_case(name))
    })?;
    tag.get(close..)?.find('>').map(|end| close + end + 1)
}

fn push_decoded(out: &mut String, text: &str) {
    const ENTITIES: [(&str, &str); 9] = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        out.push_str(before);
        let (encoded, decoded) =
            ENTITIES.into_iter().find(|(encoded, _)| entity.starts_with(encoded)).unwrap_or(("&", "&"));
        out.push_str(decoded);
        rest = entity.get(encoded.len()..).unwrap_or_default();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::visible_text;

    #[test]
    fn an_express_error_page_reads_as_a_stack() {
        let page = "<!DOCTYPE html><title>Error</title><pre>URIError: &#39;x&#39;<br> &nbsp; &nbsp;at f (/app/a.js:1:2)</pre>";
        assert_eq!(visible_text(page), "Error\nURIError: 'x'\n    at f (/app/a.js:1:2)\n");
    }

    #[test]
    fn attributes_scripts_and_comments_are_gone() {
        let page = "<a href=\"/home/x/app.js\">a</a><!-- /srv/x.js --><script>\"/app/y.js\"</script >b";
        assert_eq!(visible_text(page), "ab");
    }

    #[test]
    fn broken_markup_ends() {
        assert_eq!(visible_text("a < b & c &zz; <"), "a < b & c &zz; <");
        assert_eq!(visible_text("a<script>never closed"), "a");
        assert_eq!(visible_text("a<!-- open"), "a");
        assert_eq!(visible_text("\u{e9}<\u{e9}>"), "\u{e9}<\u{e9}>");
    }
}
