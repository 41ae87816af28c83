//! No cookie holds JSON, in Base64 as cookie-session writes it or after `j:` as `res.cookie` does, with a key
//! that names a secret. Cannot read what is encrypted, nor know a secret under another name.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use portcullis_rules::cookie::CLIENT_SIDE_DATA;
use serde_json::Value;

use super::on_cookies;
use crate::checks::Check;
use crate::evidence::live::{Evidence, SetCookie, percent_decoded};
use crate::verdict::Verdict;

pub(in crate::checks) const CHECK: Check = Check::of_site(&CLIENT_SIDE_DATA, live);

const SECRETS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "creditcard",
    "cardnumber",
    "cvv",
    "ssn",
    "iban",
];

fn live(evidence: &Evidence) -> Verdict {
    on_cookies(
        evidence,
        |(cookie, ..)| {
            let key = secret_key(&json_in(cookie)?)?;
            Some(format!("readable JSON with the key `{key}` in {cookie}"))
        },
        "no cookie holds a readable secret",
    )
}

fn json_in(cookie: &SetCookie) -> Option<Value> {
    let value = percent_decoded(&cookie.value);
    let text = match cookie.signed_text() {
        Some((text, _)) => text,
        None => value,
    };
    if let Some(json) = text.strip_prefix("j:") {
        return serde_json::from_str(json).ok();
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [base64::alphabet::STANDARD, base64::alphabet::URL_SAFE].iter().find_map(|alphabet| {
        let bytes = GeneralPurpose::new(alphabet, lenient).decode(&text).ok()?;
        serde_json::from_slice(&bytes).ok().filter(Value::is_object)
    })
}

/// A token against CSRF is meant for the client.
fn secret_key(json: &Value) -> Option<String> {
    match json {
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            let plain: String =
                key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
            let named = SECRETS.iter().any(|secret| plain.contains(secret))
                && !plain.contains("csrf")
                && !plain.contains("xsrf");
            if named && !matches!(value, Value::Null | Value::Bool(_)) {
                Some(key.clone())
            } else {
                secret_key(value)
            }
        }),
        Value::Array(items) => items.iter().find_map(secret_key),
        _ => None,
    }
}
