//! The configuration as a file spells it.

use portcullis::{
    client::{self, ClientLayer},
    cookie::{self, CookieLayer, HttpOnly, NewName},
};
use serde_json::json;

#[test]
fn a_section_is_read_as_it_is_documented() {
    let config: cookie::Config = serde_json::from_value(json!({
        "mode": "report",
        "http_only": { "all_but": ["theme"] },
        "rename": { "connect.sid": "__Host-sid", "session": false },
        "max_bytes": 2000,
    }))
    .unwrap();
    assert_eq!(config.http_only, HttpOnly::AllBut(vec!["theme".into()]));
    assert_eq!(config.rename["session"], NewName::Keep(false));
    assert!(CookieLayer::new(config).is_ok());

    let config: cookie::Config = serde_json::from_value(json!({ "http_only": "sessions" })).unwrap();
    assert_eq!(config, cookie::Config::default());
}

#[test]
fn wrong_values_say_what_would_be_right() {
    let error = |section| serde_json::from_value::<cookie::Config>(section).unwrap_err().to_string();
    assert!(error(json!({ "secure": true })).contains("unknown field `secure`"));
    assert!(error(json!({ "rename": { "a": 1 } })).contains("the new name of the cookie"));

    let refused = |section| CookieLayer::new(serde_json::from_value(section).unwrap()).unwrap_err();
    let error = refused(json!({ "rename": { "connect.sid": "__Host-" } }));
    assert_eq!((error.path(), error.value()), ("rename.\"connect.sid\"", "\"__Host-\""));
    assert_eq!(refused(json!({ "rename": { "a": true } })).path(), "rename.\"a\"");
    assert_eq!(refused(json!({ "rename": { "a": "__Host-sid-1" } })).path(), "rename");
    assert_eq!(refused(json!({ "max_bytes": 0 })).path(), "max_bytes");

    let trust = |value| serde_json::from_value::<client::Config>(json!({ "trust_proxy": value }));
    for wrong in [json!(-1), json!(1.5), json!({}), json!(null)] {
        assert!(trust(wrong).unwrap_err().to_string().contains("a number of hops"));
    }
    let error = ClientLayer::new(trust(json!(true)).unwrap()).unwrap_err();
    assert!(error.to_string().contains("dangerous_trust_all"), "{error}");
}
