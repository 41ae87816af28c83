//! Cookies against cookie-parser 1.4.7, cookie 0.7, cookie-signature 1.2.2 and Express's `res.cookie`.

use std::time::{Duration, UNIX_EPOCH};

use portcullis::{
    cookie::{
        Algorithm, Cookies, Encoding, InvalidCookie, Keygrip, NewCookie, SignatureKeys, Signed, json, sign,
        unsign,
    },
    secret::Secrets,
};
use serde_json::{Map, Value};

use crate::vectors;

#[test]
fn vectors_keygrip() {
    vectors::check("keygrip.json", |case| {
        let options = &case["options"];
        let secrets: Vec<&str> =
            options["keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Ok(secrets) = Secrets::dangerous_weak(secrets) else {
            return if case["expect"]["throws"].is_string() { Ok(()) } else { Err("no keys".into()) };
        };
        let algorithm = match options["algorithm"].as_str() {
            None | Some("sha1") => Algorithm::Sha1,
            Some("sha256") => Algorithm::Sha256,
            Some("sha384") => Algorithm::Sha384,
            Some("sha512") => Algorithm::Sha512,
            Some(other) => return Err(format!("there is no {other}")),
        };
        let encoding = if options["encoding"] == "hex" { Encoding::Hex } else { Encoding::Base64 };
        let keys = Keygrip::new(secrets).with(algorithm, encoding);
        let argument = |index: usize| case["request"]["args"][index].as_str().unwrap_or_default();
        let index = keys.index(argument(0), argument(1));
        let got = match case["function"].as_str().unwrap() {
            "sign" => Value::from(keys.sign(argument(0))),
            "verify" => Value::from(index.is_some()),
            _ => Value::from(index.map_or(-1, |index| i64::try_from(index).unwrap())),
        };
        same("value", &got, &case["expect"]["value"])
    });
}

#[test]
fn vectors_cookie_signature() {
    vectors::check("cookie-signature.json", |case| {
        let arguments = case["request"]["args"].as_array().unwrap();
        let expect = &case["expect"];
        let [Some(value), Some(secret)] = [0, 1].map(|index| arguments.get(index).and_then(Value::as_str))
        else {
            // A value or a secret that is no text does not compile here.
            return if expect["throws"].is_string() { Ok(()) } else { Err("a case of another kind".into()) };
        };
        let got = match case["function"].as_str().unwrap() {
            "sign" => Value::from(sign(value, secret.as_bytes())),
            _ => unsign(value, secret.as_bytes()).map_or(Value::Bool(false), Value::from),
        };
        same("value", &got, &expect["value"])
    });
}

#[test]
fn vectors_cookie_parser() {
    vectors::check("cookie-parser.json", |case| match case["function"].as_str().unwrap() {
        "cookie-parser" => reads(case),
        "cookie.serialize" => serializes(case),
        "res.cookie" => sets(case),
        function => Err(format!("nothing is known of {function}")),
    });
}

/// `req.cookies` and `req.signedCookies`.
fn reads(case: &Value) -> Result<(), String> {
    let field = case["request"]["headers"]["Cookie"].as_str().unwrap_or_default();
    let field: Vec<u8> = field.chars().map(|byte| u8::try_from(byte).unwrap()).collect(); // ISO-8859-1, as Node sends it
    let keys = keys(&case["options"]["secret"]);
    let (mut cookies, mut signed_cookies) = (Map::new(), Map::new());
    let read = Cookies::parse(&field);
    let value_of = |text: &str| json(text).unwrap_or_else(|| text.into());
    for (name, value) in read.iter() {
        match keys.as_ref().map_or(Signed::Not, |keys| keys.open(value)) {
            Signed::Not => cookies.insert(name.into(), value_of(value)),
            Signed::Valid(value) => signed_cookies.insert(name.into(), value_of(value)),
            Signed::Invalid => signed_cookies.insert(name.into(), false.into()),
        };
    }
    same("cookies", &cookies.into(), &case["expect"]["cookies"])?;
    same("signedCookies", &signed_cookies.into(), &case["expect"]["signedCookies"])
}

fn serializes(case: &Value) -> Result<(), String> {
    let [name, value] = arguments(case);
    let field = new_cookie(&case["options"], Duration::try_from_secs_f64)
        .and_then(|cookie| cookie.serialize(&name, &value).map_err(thrown));
    match (field, case["expect"]["throws"].as_str()) {
        (Ok(field), None) => same("field", &field.into(), &case["expect"]["value"]),
        (Err(error), Some(throws)) => same("error", &format!("TypeError: {error}").into(), &throws.into()),
        (Ok(field), Some(throws)) => Err(format!("got {field:?}, cookie throws {throws}")),
        (Err(error), None) => Err(format!("refused: {error}")),
    }
}

/// `res.cookie`, at 2030-01-01T00:00:00Z.
fn sets(case: &Value) -> Result<(), String> {
    let now = UNIX_EPOCH + Duration::from_secs(1_893_456_000);
    let options = &case["options"]["cookie"];
    let expected = match case["expect"]["set_cookie"].as_array().unwrap().as_slice() {
        [] => None,
        [field] => Some(field.as_str().unwrap()),
        _ => panic!("one call sets one cookie"),
    };
    let [name, mut value] = arguments(case);
    if options["signed"] == true {
        // Express answers 500 here; without secrets there are no keys to sign with.
        let Some(keys) = keys(&case["options"]["secret"]) else {
            return if expected.is_none() { Ok(()) } else { Err("no secret, no signature".into()) };
        };
        value = keys.sign(&value);
    }
    let cookie = new_cookie(options, |ms| Duration::try_from_secs_f64(ms / 1000.0)).map(|cookie| {
        let path = cookie.path.clone().or(NewCookie::for_site().path);
        let cookie = NewCookie { path, ..cookie };
        match cookie.max_age {
            Some(max_age) => cookie.lasting(max_age, now),
            None => cookie,
        }
    });
    match (cookie.and_then(|cookie| cookie.serialize(&name, &value).map_err(thrown)), expected) {
        (Ok(field), Some(expected)) => same("field", &field.into(), &expected.into()),
        (Err(_), None) => Ok(()),
        (got, _) => Err(format!("got {got:?}")),
    }
}

/// The options of the packages as ours. What our types cannot hold is an error at the same place.
fn new_cookie<E>(options: &Value, max_age: impl Fn(f64) -> Result<Duration, E>) -> Result<NewCookie, String> {
    let mut cookie = NewCookie::default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (option, value) in options.as_object().into_iter().flatten() {
        let invalid = || format!("option {option} is invalid");
        match option.as_str() {
            "maxAge" if value.is_null() => {}
            "maxAge" => {
                cookie.max_age = Some(max_age(value.as_f64().unwrap_or(f64::NAN)).map_err(|_| invalid())?);
            }
            "domain" => cookie.domain = Some(text(value)),
            "path" => cookie.path = Some(text(value)),
            "expires" => {
                let ms = value["$date_ms"].as_u64().ok_or_else(invalid)?;
                cookie.expires = Some(UNIX_EPOCH + Duration::from_millis(ms));
            }
            "httpOnly" => cookie.http_only = value == true,
            "secure" => cookie.secure = value == true,
            "partitioned" => cookie.partitioned = value == true,
            "priority" => cookie.priority = Some(text(value).parse().map_err(thrown)?),
            "sameSite" if value == true => cookie.same_site = Some(portcullis::cookie::SameSite::Strict),
            "sameSite" if value == false => {}
            "sameSite" => cookie.same_site = Some(text(value).parse().map_err(thrown)?),
            "signed" => {}
            _ => panic!("nothing is known of {option}"),
        }
    }
    Ok(cookie)
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn thrown(error: InvalidCookie) -> String {
    error.to_string()
}

/// cookie-parser takes an empty secret for none.
fn weak(secrets: Vec<&str>) -> Option<SignatureKeys> {
    Some(SignatureKeys::new(&Secrets::dangerous_weak(secrets).ok()?))
}

fn keys(secret: &Value) -> Option<SignatureKeys> {
    match secret {
        Value::String(secret) => weak(vec![secret.as_str()]),
        Value::Array(secrets) => weak(secrets.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// Name and value; an object goes as `j:` and its JSON.
fn arguments(case: &Value) -> [String; 2] {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Object(_) | Value::Array(_) | Value::Null => format!("j:{value}"),
        value => value.to_string(),
    };
    let arguments = &case["request"]["args"];
    [text(&arguments[0]), text(&arguments[1])]
}

fn same(what: &str, got: &Value, expected: &Value) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: got {got}, not {expected}")) }
}
