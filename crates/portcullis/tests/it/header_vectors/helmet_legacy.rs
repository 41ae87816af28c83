//! The options of helmet 3, of its single functions, and of the package nocache, as the guard's section.

use serde_json::{Value, json};

use super::{Case, Object, helmet, members, off};

pub(super) fn section(case: &Case) -> Object {
    match (case.library.as_str(), case.function.as_deref()) {
        ("nocache", _) => alone([("cache_control", json!("no-cache-without-pragma").to_string())]),
        (_, Some(function)) => alone([one(function, &case.options)]),
        (_, None) => all(&case.options),
    }
}

/// `helmet(options)`: what is on by default, and what the options say.
fn all(options: &Value) -> Object {
    const ON: [&str; 7] =
        ["dnsPrefetchControl", "frameguard", "hidePoweredBy", "hsts", "ieNoOpen", "noSniff", "xssFilter"];
    let none = json!({});
    let mut fields = Vec::new();
    for function in ON {
        match options.get(function) {
            Some(Value::Bool(false)) => {}
            None | Some(Value::Bool(true)) => fields.push(one(function, &none)),
            Some(options) => fields.push(one(function, options)),
        }
    }
    for (function, options) in members(options).filter(|(function, _)| !ON.contains(function)) {
        match options {
            Value::Bool(false) => {}
            Value::Bool(true) => fields.push(one(function, &none)),
            options => fields.push(one(function, options)),
        }
    }
    alone(fields)
}

/// A section that sends these fields and no others.
fn alone(fields: impl IntoIterator<Item = (&'static str, String)>) -> Object {
    const KEYS: [&str; 15] = [
        "content_security_policy",
        "cross_origin_opener_policy",
        "cross_origin_resource_policy",
        "origin_agent_cluster",
        "permissions_policy",
        "referrer_policy",
        "strict_transport_security",
        "x_content_type_options",
        "x_dns_prefetch_control",
        "x_download_options",
        "x_frame_options",
        "x_permitted_cross_domain_policies",
        "x_powered_by",
        "x_xss_protection",
        "cache_control",
    ];
    let mut section = Object::default();
    section.put("preset", json!("helmet"));
    let fields: Vec<_> = fields.into_iter().collect();
    for key in KEYS {
        if !fields.iter().any(|(name, _)| *name == key) {
            section.put(key, off());
        }
    }
    for (name, value) in fields {
        // Removal is what leaving it out means.
        if name != "x_powered_by" || value != "null" {
            section.put(name, value);
        }
    }
    section
}

/// The field of one function. An option that has no counterpart is passed on by its name, which is an error.
fn one(function: &str, options: &Value) -> (&'static str, String) {
    let option = |name: &str| options.get(name).cloned();
    let (key, value) = match function {
        "dnsPrefetchControl" => {
            ("x_dns_prefetch_control", json!(if option("allow") == Some(json!(true)) { "on" } else { "off" }))
        }
        "expectCt" => ("expect_ct", options.clone()),
        "featurePolicy" => ("feature_policy", options.clone()),
        "frameguard" => ("x_frame_options", frameguard(option("action"), option("domain"))),
        "hidePoweredBy" => ("x_powered_by", option("setTo").unwrap_or_default()),
        "hpkp" => ("public_key_pins", json!(options.to_string())),
        "hsts" => return ("strict_transport_security", hsts(options).to_string()),
        "ieNoOpen" => ("x_download_options", json!("noopen")),
        "noCache" => ("cache_control", json!("no-cache")),
        "noSniff" => ("x_content_type_options", json!("nosniff")),
        "permittedCrossDomainPolicies" => {
            ("x_permitted_cross_domain_policies", option("permittedPolicies").unwrap_or(json!("none")))
        }
        "referrerPolicy" => ("referrer_policy", referrer_policy(option("policy"))),
        "xssFilter" if members(options).next().is_none() => ("x_xss_protection", json!("0")),
        "xssFilter" => ("x_xss_protection", json!("1; mode=block")),
        other => panic!("{other} of helmet 3 has no counterpart here"),
    };
    (key, value.to_string())
}

fn frameguard(action: Option<Value>, domain: Option<Value>) -> Value {
    match (action, domain) {
        (None, _) => json!("SAMEORIGIN"),
        (Some(Value::String(action)), Some(Value::String(domain)))
            if action.eq_ignore_ascii_case("allow-from") =>
        {
            json!(format!("ALLOW-FROM {domain}"))
        }
        (Some(Value::String(action)), _) => helmet::frame_action(&action),
        (Some(action), _) => action,
    }
}

/// 180 days, rounded and not floored, and a second spelling.
fn hsts(options: &Value) -> Object {
    let mut section = Object::default();
    if options.get("maxAge").is_none() {
        section.put("max_age_seconds", 180 * 24 * 60 * 60);
    }
    for (name, value) in members(options) {
        match (name, value) {
            ("maxAge", Value::Number(seconds)) => {
                section.put("max_age_seconds", helmet::whole(seconds, f64::round));
            }
            ("maxAge", value) => section.put("max_age_seconds", value),
            ("includeSubDomains" | "includeSubdomains", value) => section.put("include_sub_domains", value),
            (name, value) => section.put(name, value),
        }
    }
    section
}

fn referrer_policy(policy: Option<Value>) -> Value {
    match policy {
        None => json!("no-referrer"),
        Some(Value::Array(policies)) => {
            json!(policies.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        Some(policy) => policy,
    }
}
