//! The token of a request, for the page that is rendered.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use super::submitted::FIELD;
use crate::csrf::{Secret, double_submit::SignedTokens};

/// The token that a page's forms must send back. In the extensions of every request behind
/// [`TokenLayer`](super::TokenLayer); made when it is first asked for.
///
/// `Display` is [`CsrfToken::value`].
#[derive(Clone)]
pub struct CsrfToken(Arc<Issue>);

struct Issue {
    recipe: Recipe,
    value: OnceLock<String>,
}

/// How to make it.
pub(super) enum Recipe {
    /// csurf's.
    Salted { secret: Secret, salt: [u8; 8] },
    /// Bound to a session.
    Signed { tokens: Arc<SignedTokens>, session: String, random: String },
    /// The one that the client has.
    Known(String),
}

impl CsrfToken {
    pub(super) fn new(recipe: Recipe) -> Self {
        Self(Arc::new(Issue { recipe, value: OnceLock::new() }))
    }

    /// The token: ASCII without quotes, spaces and `<`, whatever the scheme. The same as long as the request lasts.
    pub fn value(&self) -> &str {
        self.0.value.get_or_init(|| match &self.0.recipe {
            Recipe::Salted { secret, salt } => secret.salted(*salt),
            Recipe::Signed { tokens, session, random } => tokens.create(session, random),
            Recipe::Known(token) => token.clone(),
        })
    }

    /// `<input type="hidden" name="_csrf" value="...">`, as `Display`, the value escaped for HTML.
    pub fn input(&self) -> HiddenInput<'_> {
        HiddenInput(self.value())
    }

    /// The token, if somebody asked for it.
    pub(super) fn issued(&self) -> Option<&str> {
        self.0.value.get().map(String::as_str)
    }
}

impl fmt::Display for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value())
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

/// A form's hidden field. It is HTML: a template that escapes by default must be told so (`{{ csrf.input()|safe }}`).
#[derive(Clone, Copy)]
pub struct HiddenInput<'a>(&'a str);

impl fmt::Display for HiddenInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<input type="hidden" name="{FIELD}" value=""#)?;
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                char => fmt::Write::write_char(f, char)?,
            }
        }
        f.write_str(r#"">"#)
    }
}

impl fmt::Debug for HiddenInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenInput(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_the_hidden_input() {
        let token = CsrfToken::new(Recipe::Known(r#""><script>'&"#.to_owned()));
        assert!(token.issued().is_none());
        assert_eq!(
            token.input().to_string(),
            r#"<input type="hidden" name="_csrf" value="&quot;&gt;&lt;script&gt;&#39;&amp;">"#
        );
        assert!(token.issued().is_some());
        assert!(!format!("{token:?}{:?}", token.input()).contains("script"));
    }
}
