//! What we answer differently on purpose, and why. Each entry is about a class of options, not about a case.

use portcullis::header::Directive;
use serde_json::Value;

use super::{Case, members};

pub(super) struct Difference {
    /// Read by who wonders why.
    #[expect(dead_code, reason = "the list is read by people")]
    pub(super) reason: &'static str,
    pub(super) applies: fn(&Case) -> bool,
    pub(super) ours: Ours,
}

pub(super) enum Ours {
    /// A `ConfigError` at start.
    Refuses,
    /// Everything that the case expects, but for this header.
    Sends(&'static str, &'static str),
}

pub(super) const HELMET: &[Difference] = &[
    Difference {
        reason: "an option that nothing reads is a mistake: helmet ignores it, so a misspelt option protects nothing",
        applies: |case| members(&case.options).any(|(name, _)| !HEADERS.contains(&name)),
        ours: Ours::Refuses,
    },
    Difference {
        reason: "options for a header that has none: helmet warns and ignores them",
        applies: |case| {
            members(&case.options).any(|(name, value)| TAKE_NONE.contains(&name) && value.is_object())
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "an empty entry in a list is a value that got lost; helmet sends the blank",
        applies: |case| {
            directives(case).any(|(_, value)| entries(value).any(|entry| entry.as_str() == Some("")))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "a directive that no standard knows restricts nothing",
        applies: |case| {
            let is_known = |name: &str| {
                let name = name.replace('-', "");
                Directive::ALL.iter().any(|known| known.as_str().replace('-', "").eq_ignore_ascii_case(&name))
            };
            directives(case).any(|(name, _)| !is_known(name))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "a nonce that is the same for every answer protects nothing",
        applies: |case| {
            directives(case).any(|(_, value)| entries(value).any(|entry| starts_with(entry, "'nonce-")))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "a hash of the wrong size and a scheme without its colon match nothing, 'none' beside others is ignored",
        applies: |case| {
            directives(case).any(|(_, value)| {
                let count = entries(value).count();
                entries(value).filter_map(Value::as_str).any(|entry| {
                    has_wrong_size(entry) || BARE_SCHEMES.contains(&entry) || (count > 1 && entry == "'none'")
                })
            })
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "sources are data: a function that throws has no counterpart",
        applies: |case| {
            directives(case)
                .any(|(_, value)| entries(value).any(|entry| entry.get("$fn") == Some(&"throws".into())))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "an empty Referrer-Policy says nothing",
        applies: |case| {
            let policy = case.options.pointer("/referrerPolicy/policy");
            policy.is_some_and(|policy| policy == "" || entries(policy).any(|policy| policy == ""))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "no preload list takes less than a year, or a host without its sub-domains",
        applies: |case| {
            let options = ["strictTransportSecurity", "hsts"].iter().find_map(|name| case.options.get(name));
            options.is_some_and(|options| cannot_be_preloaded(options, YEAR))
        },
        ours: Ours::Refuses,
    },
];

pub(super) const HELMET_LEGACY: &[Difference] = &[
    Difference {
        reason: "Public-Key-Pins is read by no browser; it is refused, and said why",
        applies: |case| uses(case, "hpkp").is_some(),
        ours: Ours::Refuses,
    },
    Difference {
        reason: "Expect-CT is read by no browser",
        applies: |case| uses(case, "expectCt").is_some(),
        ours: Ours::Refuses,
    },
    Difference {
        reason: "Feature-Policy became Permissions-Policy, with another syntax: permissions_policy",
        applies: |case| uses(case, "featurePolicy").is_some(),
        ours: Ours::Refuses,
    },
    Difference {
        reason: "a false X-Powered-By misleads nobody",
        applies: |case| uses(case, "hidePoweredBy").is_some_and(|options| options.get("setTo").is_some()),
        ours: Ours::Refuses,
    },
    Difference {
        reason: "ALLOW-FROM is read by no browser: frame-ancestors",
        applies: |case| {
            let action = uses(case, "frameguard").and_then(|options| options.get("action")?.as_str());
            action.is_some_and(|action| action.replace('-', "").eq_ignore_ascii_case("allowfrom"))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "no preload list takes less than a year, or a host without its sub-domains",
        applies: |case| {
            uses(case, "hsts").is_some_and(|options| cannot_be_preloaded(options, YEAR / 365.0 * 180.0))
        },
        ours: Ours::Refuses,
    },
    Difference {
        reason: "the XSS filter stays off: asking for it in a certain form is refused",
        applies: |case| uses(case, "xssFilter").is_some_and(|options| members(options).next().is_some()),
        ours: Ours::Refuses,
    },
    Difference {
        reason: "the XSS filter stays off, as in helmet since version 4",
        applies: |case| match case.function.as_deref() {
            None => case.library == "helmet3" && case.options.get("xssFilter") != Some(&Value::Bool(false)),
            Some(function) => function == "xssFilter",
        },
        ours: Ours::Sends("x-xss-protection", "0"),
    },
];

const HEADERS: [&str; 22] = [
    "contentSecurityPolicy",
    "crossOriginEmbedderPolicy",
    "crossOriginOpenerPolicy",
    "crossOriginResourcePolicy",
    "dnsPrefetchControl",
    "frameguard",
    "hidePoweredBy",
    "hsts",
    "ieNoOpen",
    "noSniff",
    "originAgentCluster",
    "permittedCrossDomainPolicies",
    "referrerPolicy",
    "strictTransportSecurity",
    "xContentTypeOptions",
    "xDnsPrefetchControl",
    "xDownloadOptions",
    "xFrameOptions",
    "xPermittedCrossDomainPolicies",
    "xPoweredBy",
    "xXssProtection",
    "xssFilter",
];

const TAKE_NONE: [&str; 9] = [
    "originAgentCluster",
    "xContentTypeOptions",
    "noSniff",
    "xDownloadOptions",
    "ieNoOpen",
    "xPoweredBy",
    "hidePoweredBy",
    "xXssProtection",
    "xssFilter",
];

/// In seconds.
const YEAR: f64 = 365.0 * 24.0 * 60.0 * 60.0;

const BARE_SCHEMES: [&str; 6] = ["http", "https", "ws", "wss", "data", "blob"];

fn cannot_be_preloaded(options: &Value, default_max_age: f64) -> bool {
    let max_age = options.get("maxAge").and_then(Value::as_f64).unwrap_or(default_max_age);
    let is_off = |name| options.get(name) == Some(&Value::Bool(false));
    options.get("preload") == Some(&Value::Bool(true))
        && (max_age < YEAR || is_off("includeSubDomains") || is_off("includeSubdomains"))
}

/// Of a quoted hash: base64 of 32, 48 or 64 bytes.
fn has_wrong_size(entry: &str) -> bool {
    [("'sha256-", 44), ("'sha384-", 64), ("'sha512-", 88)]
        .iter()
        .any(|(start, length)| entry.strip_prefix(start).is_some_and(|digest| digest.len() != length + 1))
}

fn directives(case: &Case) -> impl Iterator<Item = (&str, &Value)> {
    case.options.pointer("/contentSecurityPolicy/directives").into_iter().flat_map(members)
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.get("$set").unwrap_or(value).as_array().into_iter().flatten()
}

fn starts_with(entry: &Value, start: &str) -> bool {
    entry.as_str().is_some_and(|entry| entry.starts_with(start))
}

/// The options of a function of helmet 3, where the case uses it.
fn uses<'a>(case: &'a Case, function: &str) -> Option<&'a Value> {
    match &case.function {
        Some(called) => (called == function).then_some(&case.options),
        None => case.options.get(function).filter(|options| **options != false),
    }
}
