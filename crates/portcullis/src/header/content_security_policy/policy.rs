//! A checked policy, and the header values made of it.

use http::HeaderValue;

use super::{Directive, Nonce, source::NONCE_PLACEHOLDER};
use crate::ConfigError;

/// Directives in the order in which they are sent; every word was checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy(Vec<(Directive, String)>);

impl Policy {
    /// Overrides in place, or adds at the end.
    pub(super) fn set<'a>(&mut self, directive: Directive, words: impl Iterator<Item = &'a str>) {
        let words = words.collect::<Vec<_>>().join(" ");
        match self.0.iter_mut().find(|(known, _)| *known == directive) {
            Some((_, value)) => *value = words,
            None => self.0.push((directive, words)),
        }
    }

    pub(super) fn remove(&mut self, directive: Directive) {
        self.0.retain(|(known, _)| *known != directive);
    }

    pub(super) fn contains(&self, directive: Directive) -> bool {
        self.0.iter().any(|(known, _)| *known == directive)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value for a page that came over plain HTTP: without `upgrade-insecure-requests`, which would send the page's
    /// own files to a TLS port that may not be there (a browser on `http://localhost`).
    pub(crate) fn without_upgrade(mut self) -> Self {
        self.remove(Directive::UpgradeInsecureRequests);
        self
    }

    /// The value; none if no directive is left.
    pub(crate) fn value(&self) -> Result<Option<PolicyValue>, ConfigError> {
        if self.is_empty() {
            return Ok(None);
        }
        let directives = self.0.iter().map(|(directive, words)| {
            if words.is_empty() { directive.to_string() } else { format!("{directive} {words}") }
        });
        // Compatible with helmet 8.3: no space after the semicolon.
        let text = directives.collect::<Vec<_>>().join(";");
        let fixed = |text: &str| {
            HeaderValue::try_from(text).map_err(|_| {
                ConfigError::new("content_security_policy", format_args!("{text:?}"), "visible ASCII")
            })
        };
        if text.contains(NONCE_PLACEHOLDER) {
            let without = fixed(&without_nonce(&text))?;
            let pieces = text.split(RANDOM).map(str::to_owned).collect();
            return Ok(Some(PolicyValue::PerRequest { pieces, without }));
        }
        fixed(&text).map(|value| Some(PolicyValue::Fixed(value)))
    }
}

/// A policy as it is sent.
#[derive(Debug, Clone)]
pub(crate) enum PolicyValue {
    Fixed(HeaderValue),
    PerRequest {
        /// The text around the nonces.
        pieces: Vec<String>,
        /// What is sent if there is no nonce: nothing is trusted by nonce then.
        without: HeaderValue,
    },
}

impl PolicyValue {
    pub(crate) fn with(&self, nonce: Option<Nonce>) -> HeaderValue {
        match (self, nonce) {
            (Self::Fixed(value), _) => value.clone(),
            (Self::PerRequest { pieces, without }, Some(nonce)) => {
                HeaderValue::try_from(pieces.join(nonce.as_str())).unwrap_or_else(|_| without.clone())
            }
            (Self::PerRequest { without, .. }, None) => without.clone(),
        }
    }
}

/// The text with no source in place of the nonce. A list that held nothing else becomes empty, which allows nothing.
fn without_nonce(text: &str) -> String {
    text.replace(&format!(" {NONCE_PLACEHOLDER}"), "")
}

/// The part of the placeholder that the nonce takes the place of.
const RANDOM: &str = "{random}";
