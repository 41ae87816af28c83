//! Which form an error takes, by the request's `Accept` (RFC 9110, section 12.5.1).

use http::{HeaderMap, header};

/// The forms of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// `application/problem+json`, for programs, and where the request does not say.
    #[default]
    Problem,
    /// A small page, for people.
    Page,
}

impl Form {
    /// The form that the client would rather have. A page only if it wants HTML more than JSON, as browsers say and
    /// programs do not: `*/*` is a problem. Where it wants neither, an answer is still better than none.
    pub(super) fn of(head: &HeaderMap) -> Self {
        let mut wishes = Wishes::default();
        for field in head.get_all(header::ACCEPT) {
            let Ok(field) = field.to_str() else { continue };
            for ((kind, subtype), quality) in field.split(',').filter_map(media_range) {
                wishes.hear(kind, subtype, quality);
            }
        }
        let people = wishes.html.quality.max(wishes.xhtml.quality);
        let programs = wishes.problem.quality.max(wishes.json.quality);
        if people > programs { Self::Page } else { Self::Problem }
    }
}

/// What is known of the media types that count.
#[derive(Debug, Default)]
struct Wishes {
    problem: Preference,
    json: Preference,
    html: Preference,
    xhtml: Preference,
}

impl Wishes {
    fn hear(&mut self, kind: &str, subtype: &str, quality: u16) {
        let Self { problem, json, html, xhtml } = self;
        let is = |name: &str| subtype.eq_ignore_ascii_case(name);
        let (specificity, meant) = if kind.eq_ignore_ascii_case("application") {
            match () {
                () if is("json") => (3, [Some(json), None, None, None]),
                () if is("problem+json") => (3, [Some(problem), None, None, None]),
                () if is("xhtml+xml") => (3, [Some(xhtml), None, None, None]),
                () if is("*") => (2, [Some(json), Some(problem), Some(xhtml), None]),
                () => return,
            }
        } else if kind.eq_ignore_ascii_case("text") {
            match () {
                () if is("html") => (3, [Some(html), None, None, None]),
                () if is("*") => (2, [Some(html), None, None, None]),
                () => return,
            }
        } else if kind == "*" && is("*") {
            (1, [Some(json), Some(problem), Some(html), Some(xhtml)])
        } else {
            return;
        };
        for preference in meant.into_iter().flatten() {
            preference.weigh(specificity, quality);
        }
    }
}

/// What is known of one media type so far: the most specific range decides, of equals the one with more weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    specificity: u8,
    /// In thousandths.
    quality: u16,
}

impl Preference {
    fn weigh(&mut self, specificity: u8, quality: u16) {
        *self = (*self).max(Self { specificity, quality });
    }
}

/// A media range and its weight; `None` if it is neither. Parameters other than the weight are not told apart.
fn media_range(text: &str) -> Option<((&str, &str), u16)> {
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let mut quality = 1_000;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.eq_ignore_ascii_case("q") {
            quality = qvalue(value)?;
        }
    }
    Some(((kind, subtype), quality))
}

/// RFC 9110, section 12.4.2: `0` to `1` with at most three digits after the point.
fn qvalue(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths =
        fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn form(fields: &[&str]) -> Form {
        let mut head = HeaderMap::new();
        for field in fields {
            head.append(header::ACCEPT, HeaderValue::from_str(field).unwrap());
        }
        Form::of(&head)
    }

    #[test]
    fn browsers_get_a_page_and_programs_a_problem() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for people in [
            &[browser][..],
            &["text/html"],
            &["TEXT/HTML;level=1"],
            &["text/*"],
            &["application/json;q=0.5, text/html;q=0.501"],
            &["*/*;q=0.1", "text/html"],
            &["application/xhtml+xml"],
            &["application/*;q=0.2, text/html ; q=0.3"],
            &["*/*, application/json;q=0, application/problem+json;q=0"],
        ] {
            assert_eq!(form(people), Form::Page, "{people:?}");
        }
        for programs in [
            &[][..],
            &["*/*"],
            &[""],
            &["application/json"],
            &["application/problem+json, text/html"],
            &["application/json, text/plain, */*"],
            &["text/html;q=0.5, application/json;q=0.5"],
            &["text/html;q=0, */*;q=0.1"],
            &["image/png"],
            &["text/html;q=2"],
            &["text/html;q=0.0001"],
            &["garbage, ;;;, /, q=1"],
            &["text/html, */*"],
        ] {
            assert_eq!(form(programs), Form::Problem, "{programs:?}");
        }
    }
}
