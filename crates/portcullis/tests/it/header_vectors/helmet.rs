//! helmet 8's options as the guard's section.

use serde_json::{Value, json};

use super::{Case, Object, members, off};

/// `preset = "helmet"`, and what the case says besides.
pub(super) fn section(case: &Case) -> Object {
    let mut section = Object::default();
    section.put("preset", json!("helmet"));
    let mut seen = Vec::new();
    for (name, value) in members(&case.options) {
        match key(name) {
            None => section.put(name, value),
            // The header's old and new name: in a file, the same key twice.
            Some(key) if seen.contains(&key) => (0..2).for_each(|_| section.put(key, off())),
            Some(key) => {
                seen.push(key);
                put(&mut section, key, value);
            }
        }
    }
    section
}

/// What the header's option says. What is the default is left out.
fn put(section: &mut Object, key: &str, option: &Value) {
    let is_on_by_default = key != "cross_origin_embedder_policy";
    match option {
        Value::Bool(false) if is_on_by_default => section.put(key, off()),
        Value::Bool(true) if !is_on_by_default => section.put(key, json!("require-corp")),
        Value::Bool(_) => {}
        option if is_undefined(option) => {}
        options => put_options(section, key, options),
    }
}

/// One name for the header's several in helmet.
fn key(name: &str) -> Option<&'static str> {
    Some(match name {
        "contentSecurityPolicy" => "content_security_policy",
        "crossOriginEmbedderPolicy" => "cross_origin_embedder_policy",
        "crossOriginOpenerPolicy" => "cross_origin_opener_policy",
        "crossOriginResourcePolicy" => "cross_origin_resource_policy",
        "originAgentCluster" => "origin_agent_cluster",
        "referrerPolicy" => "referrer_policy",
        "strictTransportSecurity" | "hsts" => "strict_transport_security",
        "xContentTypeOptions" | "noSniff" => "x_content_type_options",
        "xDnsPrefetchControl" | "dnsPrefetchControl" => "x_dns_prefetch_control",
        "xDownloadOptions" | "ieNoOpen" => "x_download_options",
        "xFrameOptions" | "frameguard" => "x_frame_options",
        "xPermittedCrossDomainPolicies" | "permittedCrossDomainPolicies" => {
            "x_permitted_cross_domain_policies"
        }
        "xPoweredBy" | "hidePoweredBy" => "x_powered_by",
        "xXssProtection" | "xssFilter" => "x_xss_protection",
        _ => return None,
    })
}

fn put_options(section: &mut Object, key: &str, options: &Value) {
    // The one option of a header with one.
    let option = match key {
        "content_security_policy" => return section.put(key, content_security_policy(options)),
        "strict_transport_security" => return section.put(key, strict_transport_security(options)),
        "cross_origin_embedder_policy"
        | "cross_origin_opener_policy"
        | "cross_origin_resource_policy"
        | "referrer_policy" => "policy",
        "x_dns_prefetch_control" => "allow",
        "x_frame_options" => "action",
        "x_permitted_cross_domain_policies" => "permittedPolicies",
        _ => return section.put(key, options),
    };
    if members(options).any(|(name, _)| name != option) {
        return section.put(key, options);
    }
    match options.get(option) {
        None => put(section, key, &json!(true)),
        Some(value) => section.put(key, option_value(key, value)),
    }
}

fn option_value(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("x_dns_prefetch_control", value) => json!(if value == true { "on" } else { "off" }),
        ("x_frame_options", Value::String(action)) => frame_action(action),
        ("referrer_policy", Value::Array(policies)) => {
            json!(policies.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
        }
        (_, value) => value.clone(),
    }
}

/// helmet reads any case, and a second spelling of one word.
pub(super) fn frame_action(action: &str) -> Value {
    json!(action.to_ascii_uppercase().replace("SAME-ORIGIN", "SAMEORIGIN"))
}

fn strict_transport_security(options: &Value) -> Object {
    let mut section = Object::default();
    for (name, value) in members(options) {
        match (name, value) {
            ("maxAge", Value::Number(seconds)) => section.put("max_age_seconds", whole(seconds, f64::floor)),
            (_, value) if is_undefined(value) => {}
            ("maxAge", value) => section.put("max_age_seconds", value),
            ("includeSubDomains", value) => section.put("include_sub_domains", value),
            ("preload", value) => section.put("preload", value),
            (name, value) => section.put(name, value),
        }
    }
    section
}

/// A configuration holds whole seconds.
pub(super) fn whole(seconds: &serde_json::Number, round: fn(f64) -> f64) -> String {
    format!("{:.0}", round(seconds.as_f64().unwrap()))
}

fn content_security_policy(options: &Value) -> Object {
    let mut section = Object::default();
    for (name, value) in members(options) {
        match name {
            "useDefaults" => section.put("use_defaults", value),
            "reportOnly" => section.put("report_only", value),
            "directives" => put_directives(&mut section, value),
            name => section.put(name, value),
        }
    }
    section
}

fn put_directives(section: &mut Object, value: &Value) {
    let mut directives = Object::default();
    let mut remove = Vec::new();
    for (name, value) in members(value) {
        let name = dashify(name);
        match value {
            Value::Null => remove.push(name),
            Value::Object(tag) if tag.contains_key("$symbol") && name == "default-src" => {
                section.put("dangerous_without_default_src", true);
                remove.push(name);
            }
            Value::Object(tag) if tag.contains_key("$set") => directives.put(name, entries(&value["$set"])),
            value => directives.put(name, entries(value)),
        }
    }
    section.put("directives", directives);
    section.put("remove", json!(remove));
}

/// Functions become what they return; the one that returns the nonce of the request is the placeholder for it.
fn entries(value: &Value) -> Value {
    let Value::Array(entries) = value else { return value.clone() };
    let entries = entries.iter().map(|entry| match entry.get("$fn").and_then(Value::as_str) {
        Some("nonceFromHeader") => json!("'nonce-{random}'"),
        Some("constExample") => json!("example.com"),
        Some("semicolon") => json!("a;b"),
        Some("unquotedSelf") => json!("self"),
        _ => entry.clone(),
    });
    entries.collect()
}

/// helmet's own `camelCase` to `kebab-case`.
fn dashify(name: &str) -> String {
    let mut dashed = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            dashed.push('-');
        }
        dashed.push(letter.to_ascii_lowercase());
    }
    dashed
}

fn is_undefined(value: &Value) -> bool {
    value.get("$undefined").is_some()
}
