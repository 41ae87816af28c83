//! One pattern per line in, one answer per line out.
//!
//! A line is `{"id": ..., "regex": "...", "flags": "..."}`, or anything that is not a JSON object: then the line
//! itself is the pattern. What is wrong with a line is answered on its line and stops nothing.

use std::fmt::Write as _;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Analysis, Attack, Config, Flags, JsText, SyntaxError, Verdict, analyze_units};

/// Reads patterns and writes answers in the same order, until the input ends.
///
/// ```
/// let input = "{\"id\": 1, \"regex\": \"(a+)+$\", \"flags\": \"\"}\n^a$\n";
/// let mut output = Vec::new();
/// portcullis_redos::lines::answer(input.as_bytes(), &mut output, &Default::default())?;
/// let output = String::from_utf8_lossy(&output);
/// assert!(output.starts_with("{\"id\":1,\"verdict\":\"exponential\""));
/// assert_eq!(output.lines().count(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Only those of reading and writing.
pub fn answer(mut input: impl BufRead, mut output: impl Write, config: &Config) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0u64;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        number += 1;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            continue;
        }
        serde_json::to_writer(&mut output, &answer_line(text, number, config))?;
        output.write_all(b"\n")?;
    }
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    regex: Units,
    #[serde(default)]
    flags: String,
}

/// An answer as it is written.
#[derive(Serialize)]
struct Answer {
    id: Value,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    degree: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attack: Option<AttackText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    micros: u64,
}

#[derive(Serialize)]
struct AttackText {
    prefix: Box<serde_json::value::RawValue>,
    pump: Box<serde_json::value::RawValue>,
    suffix: Box<serde_json::value::RawValue>,
}

fn answer_line(line: &[u8], number: u64, config: &Config) -> Answer {
    let start = Instant::now();
    let is_object =
        line.trim_ascii_start().first() == Some(&b'{') && line.trim_ascii_end().last() == Some(&b'}');
    let question = if is_object && line.windows(7).any(|window| window == b"\"regex\"") {
        serde_json::from_slice::<Question>(line).map_err(|error| error.to_string())
    } else {
        match std::str::from_utf8(line) {
            Ok(text) => Ok(Question {
                id: number.into(),
                regex: Units(text.encode_utf16().collect()),
                flags: String::new(),
            }),
            Err(error) => Err(error.to_string()),
        }
    };
    let (id, outcome) = match question {
        Ok(Question { id, regex, flags }) => (
            if id.is_null() { number.into() } else { id },
            flags
                .parse::<Flags>()
                .map_err(|error| wrong_flags(&error))
                .map(|flags| analyze_units(&regex.0, flags, config)),
        ),
        Err(error) => (number.into(), Err(error)),
    };
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    match outcome {
        Ok(analysis) => from_analysis(id, analysis, micros),
        Err(error) => {
            Answer { id, verdict: "invalid", degree: None, attack: None, error: Some(error), micros }
        }
    }
}

fn wrong_flags(error: &SyntaxError) -> String {
    format!("flags: {error}")
}

fn from_analysis(id: Value, analysis: Analysis, micros: u64) -> Answer {
    let (verdict, degree, error) = match analysis.verdict {
        Verdict::Safe => ("safe", None, None),
        Verdict::Polynomial { degree } => ("polynomial", Some(degree), None),
        Verdict::Exponential => ("exponential", None, None),
        Verdict::Suspected => ("suspected", None, None),
        Verdict::Unknown { reason } => ("unknown", None, Some(reason.to_owned())),
        Verdict::Invalid(error) => ("invalid", None, Some(error.to_string())),
    };
    Answer {
        id,
        verdict,
        degree,
        attack: analysis.attack.and_then(|attack| attack_text(&attack)),
        error,
        micros,
    }
}

fn attack_text(attack: &Attack) -> Option<AttackText> {
    Some(AttackText {
        prefix: json_string(&attack.prefix)?,
        pump: json_string(&attack.pump)?,
        suffix: json_string(&attack.suffix)?,
    })
}

/// A JSON string, lone surrogates as escapes (which Rust's own strings cannot hold).
fn json_string(text: &JsText) -> Option<Box<serde_json::value::RawValue>> {
    let mut json = String::from("\"");
    for unit in char::decode_utf16(text.units().iter().copied()) {
        match unit {
            Ok(c @ ('"' | '\\')) => json.extend(['\\', c]),
            Ok(c) if c.is_control() => escape(&mut json, u32::from(c)),
            Ok(c) => json.push(c),
            Err(lone) => escape(&mut json, lone.unpaired_surrogate().into()),
        }
    }
    json.push('"');
    serde_json::value::RawValue::from_string(json).ok()
}

fn escape(json: &mut String, unit: u32) {
    // Writing to a string does not fail.
    let _ = write!(json, "\\u{unit:04x}");
}

/// UTF-16 out of a JSON string, lone surrogates kept: as bytes they come as three each, like other characters.
struct Units(Vec<u16>);

impl<'de> Deserialize<'de> for Units {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Units;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Units, E> {
                Ok(Units(text.encode_utf16().collect()))
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Units, E> {
                let mut units = Vec::with_capacity(bytes.len());
                let mut rest = bytes;
                while !rest.is_empty() {
                    match std::str::from_utf8(rest) {
                        Ok(text) => {
                            units.extend(text.encode_utf16());
                            break;
                        }
                        Err(error) => {
                            let (valid, bad) = rest.split_at(error.valid_up_to());
                            units.extend(String::from_utf8_lossy(valid).encode_utf16());
                            let Some(([first, second, third], after)) = bad.split_first_chunk::<3>() else {
                                return Err(E::custom("not UTF-8"));
                            };
                            if *first != 0xed {
                                return Err(E::custom("not UTF-8"));
                            }
                            units.push(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
                            rest = after;
                        }
                    }
                }
                Ok(Units(units))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}
