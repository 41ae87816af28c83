//! One answer per line, whatever the line is.

use portcullis_redos::{Config, lines};
use serde_json::Value;

fn answers(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    lines::answer(input, &mut output, &Config::default()).unwrap();
    output
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn answers_come_in_order_with_their_ids() {
    let found = answers(
        br#"{"id": "first", "regex": "(a+)+$", "flags": ""}
{"id": 2, "regex": "\\s+$"}
^plain$
{"id": null, "regex": "a"}
"#,
    );
    let ids: Vec<&Value> = found.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&Value::from("first"), &2.into(), &3.into(), &4.into()]);
    let verdicts: Vec<&str> = found.iter().map(|answer| answer["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["exponential", "polynomial", "safe", "safe"]);
    assert_eq!(found[1]["degree"], 2);
    assert!(found[0]["attack"]["pump"].as_str().is_some_and(|pump| !pump.is_empty()));
    assert!(found.iter().all(|answer| answer["micros"].is_u64()));
    assert!(found[2].get("attack").is_none() && found[2].get("degree").is_none());
}

#[test]
fn a_bad_line_is_answered_and_stops_nothing() {
    let found = answers(
        b"{\"id\": 1, \"regex\": \"(\", \"flags\": \"\"}\n{\"id\": 2, \"regex\": \"a\", \"flags\": \"gg\"}\n{\"id\": 3, \"regex\": 5}\n\xff\xfe\n{\"regex\"\n[]\n{\"id\": 7, \"regex\": \"a\"}\n",
    );
    let verdicts: Vec<&str> = found.iter().map(|answer| answer["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["invalid", "invalid", "invalid", "invalid", "safe", "safe", "safe"]);
    for bad in &found[..4] {
        assert!(bad["error"].as_str().is_some_and(|error| !error.is_empty()), "{bad}");
    }
    assert_eq!(found[0]["error"], "group is not closed at 1");
}

#[test]
fn lone_surrogates_go_in_and_come_out() {
    let mut output = Vec::new();
    lines::answer(
        &br#"{"id": 1, "regex": "^[\ud800-\udbff]+[\ud800-\udbff]+$"}"#[..],
        &mut output,
        &Config::default(),
    )
    .unwrap();
    // As escapes, which Rust's own strings cannot hold and JSON can.
    let output = String::from_utf8(output).unwrap();
    assert!(output.contains(r#""verdict":"polynomial""#) && output.contains(r#""pump":"\ud"#), "{output}");
}
