//! Content-Security-Policy as a browser reads it (W3C CSP Level 3, 2.2).

use std::collections::BTreeMap;

/// One policy: directives in lower case with their sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentSecurityPolicy {
    directives: BTreeMap<String, Vec<String>>,
}

impl ContentSecurityPolicy {
    /// Reads the policies in a field's value: a comma separates one from the next.
    pub fn parse_list(value: &str) -> Vec<Self> {
        value.split(',').map(Self::parse).filter(|policy| !policy.directives.is_empty()).collect()
    }

    fn parse(text: &str) -> Self {
        let mut directives = BTreeMap::new();
        for directive in text.split(';') {
            let mut words = directive.split_ascii_whitespace();
            let Some(name) = words.next() else { continue };
            // Of two directives with one name, the first counts.
            directives.entry(name.to_ascii_lowercase()).or_insert_with(|| words.map(str::to_owned).collect());
        }
        Self { directives }
    }

    /// The sources of a directive, as written.
    pub fn directive(&self, name: &str) -> Option<&[String]> {
        self.directives.get(name).map(Vec::as_slice)
    }

    /// The sources that govern a fetch: the directive's own, or those of `default-src`.
    pub fn governing(&self, name: &str) -> Option<&[String]> {
        self.directive(name).or_else(|| self.directive("default-src"))
    }
}

/// Whether the sources allow nothing at all: empty or `'none'`.
pub fn allows_nothing(sources: &[String]) -> bool {
    sources.is_empty() || (sources.len() == 1 && has(sources, "'none'"))
}

/// Whether `keyword` is among the sources, in any letter case.
pub fn has(sources: &[String], keyword: &str) -> bool {
    sources.iter().any(|source| source.eq_ignore_ascii_case(keyword))
}

/// Whether a nonce, a hash or 'strict-dynamic' is there: browsers that know them ignore 'unsafe-inline'.
pub fn has_nonce_or_hash(sources: &[String]) -> bool {
    has(sources, "'strict-dynamic'")
        || sources.iter().any(|source| {
            let source = source.to_ascii_lowercase();
            ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].iter().any(|start| source.starts_with(start))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_equal_directives_counts_and_default_src_stands_in() {
        let policies = ContentSecurityPolicy::parse_list(
            "Default-Src 'self'; script-src 'none';script-src *, img-src x",
        );
        assert_eq!(policies.len(), 2);
        assert_eq!(policies[0].governing("script-src").unwrap(), ["'none'"]);
        assert_eq!(policies[0].governing("object-src").unwrap(), ["'self'"]);
        assert_eq!(policies[0].directive("base-uri"), None);
        assert_eq!(ContentSecurityPolicy::parse_list(" ; , "), []);
    }
}
