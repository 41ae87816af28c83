//! Which requests are meant: by path, method and client address.

use std::net::IpAddr;

use http::{Extensions, Method};
use ipnet::IpNet;
use serde::Deserialize;

use crate::{ConfigError, Connection, client::Client, intake::path::canonical};

/// One line of a list. What is absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// `/admin` is that path and everything below it; `/admin*` is every path that begins so; `*` alone is every path.
    pub path: Option<String>,
    /// Methods, as `["POST", "PUT"]`.
    pub methods: Vec<String>,
    /// Client addresses and networks, as `["10.0.0.0/8", "::1"]`.
    pub clients: Vec<String>,
}

impl Rule {
    /// A rule on a path alone.
    pub fn path(path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }
}

/// A checked [`Rule`].
#[derive(Debug, Clone)]
pub(crate) struct CompiledRule {
    path: PathPattern,
    methods: Vec<Method>,
    clients: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathPattern {
    Any,
    /// The path and everything below it; without a slash at the end.
    Tree(String),
    /// Everything that begins so.
    Prefix(String),
}

impl CompiledRule {
    pub(crate) fn new(rule: &Rule, case_sensitive: bool) -> Result<Self, ConfigError> {
        if rule.path.is_none() && rule.methods.is_empty() && rule.clients.is_empty() {
            return Err(ConfigError::new(
                "",
                "{}",
                "a rule with at least one of `path`, `methods`, `clients`",
            ));
        }
        let path = match rule.path.as_deref() {
            None | Some("*" | "/*") => PathPattern::Any,
            Some(path) => PathPattern::parse(path, case_sensitive)?,
        };
        let methods = rule.methods.iter().map(|text| {
            let method = Method::from_bytes(text.as_bytes())
                .ok()
                .filter(|_| text.bytes().all(|byte| !byte.is_ascii_lowercase()));
            method.ok_or_else(|| ConfigError::new("methods", text, "a method in capitals, such as \"POST\""))
        });
        let clients = rule.clients.iter().map(|text| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| {
                ConfigError::new("clients", text, "an address or a network, such as \"10.0.0.0/8\"")
            })
        });
        Ok(Self {
            path,
            methods: methods.collect::<Result<_, _>>()?,
            clients: clients.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the rule means such a request. `path` is asked for last, since it costs most: the path in its widest reading
    /// (see [`crate::intake::path`]), or `None` where it has more than one.
    pub(crate) fn matches<'p>(
        &self,
        method: &Method,
        client: Option<IpAddr>,
        case_sensitive: bool,
        path: impl FnOnce() -> Option<&'p str>,
    ) -> Option<bool> {
        let (any_method, any_client) = (self.methods.is_empty(), self.clients.is_empty());
        let is_theirs = (any_method || self.methods.contains(method))
            && (any_client
                || client.is_some_and(|address| self.clients.iter().any(|net| net.contains(&address))));
        match (is_theirs, &self.path) {
            (false, _) => Some(false),
            (true, PathPattern::Any) => Some(true),
            (true, pattern) => path().map(|path| pattern.matches(path, case_sensitive)),
        }
    }
}

/// Who asks, as far as anybody has said.
pub(crate) fn client_address(extensions: &Extensions) -> Option<IpAddr> {
    let client = extensions.get::<Client>().map(|client| client.address);
    client.or_else(|| extensions.get::<Connection>().map(|connection| connection.peer.ip().to_canonical()))
}

impl PathPattern {
    fn parse(text: &str, case_sensitive: bool) -> Result<Self, ConfigError> {
        let (plain, is_prefix) = match text.strip_suffix('*') {
            Some(plain) => (plain, true),
            None => (text, false),
        };
        let right = "a path such as \"/admin\" (and everything below) or \"/admin*\", in the spelling a canonical path has";
        let is_canonical = canonical(plain).is_ok_and(|canonical| canonical.matched() == plain);
        if plain.contains('*') || !is_canonical {
            return Err(ConfigError::new("path", text, right));
        }
        let plain = if case_sensitive { plain.to_owned() } else { plain.to_ascii_lowercase() };
        Ok(match plain.strip_suffix('/') {
            // `/admin/*` is everything below, and so the tree; `/` is everything.
            Some("") => Self::Any,
            Some(tree) => Self::Tree(tree.to_owned()),
            None if is_prefix => Self::Prefix(plain),
            None => Self::Tree(plain),
        })
    }

    fn matches(&self, path: &str, case_sensitive: bool) -> bool {
        let begins = |with: &str| {
            path.get(..with.len()).is_some_and(|start| {
                if case_sensitive { start == with } else { start.eq_ignore_ascii_case(with) }
            })
        };
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => begins(prefix),
            Self::Tree(tree) => begins(tree) && matches!(path.as_bytes().get(tree.len()), None | Some(b'/')),
        }
    }
}
