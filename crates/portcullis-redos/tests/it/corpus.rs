//! Labelled patterns: how often the verdict is right.

use std::path::PathBuf;
use std::time::Instant;

use portcullis_redos::{Config, Verdict, analyze};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    id: String,
    regex: String,
    flags: String,
    vulnerable: String,
}

/// The file, or every JSON file of the directory, in `PORTCULLIS_REDOS`; else the copy in the project.
fn cases() -> Vec<Case> {
    let place = std::env::var("PORTCULLIS_REDOS").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proof/data/redos"),
        PathBuf::from,
    );
    let mut files = vec![place.clone()];
    if place.is_dir() {
        files = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
    }
    files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            serde_json::from_str::<Vec<Case>>(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        })
        .collect()
}

/// Precision at least 0.98, recall above 0.97, undecided below one in a hundred.
#[test]
fn redos_corpus_is_told_apart() {
    let cases = cases();
    assert!(!cases.is_empty(), "no case ran");
    let (mut right, mut wrong, mut missed, mut undecided) = (0u32, 0u32, 0u32, 0u32);
    let start = Instant::now();
    for case in &cases {
        let verdict = match case.flags.parse() {
            Ok(flags) => analyze(&case.regex, flags, &Config::default()).verdict,
            Err(error) => Verdict::Invalid(error),
        };
        let vulnerable = case.vulnerable != "safe";
        match verdict {
            Verdict::Polynomial { .. } | Verdict::Exponential if vulnerable => right += 1,
            Verdict::Safe if !vulnerable => continue,
            Verdict::Polynomial { .. } | Verdict::Exponential => wrong += 1,
            Verdict::Safe => missed += 1,
            _ => {
                undecided += 1;
                missed += u32::from(vulnerable);
            }
        }
        let expected = matches!(verdict, Verdict::Exponential) && case.vulnerable == "exponential"
            || matches!(verdict, Verdict::Polynomial { .. }) && case.vulnerable == "polynomial";
        if !expected {
            println!(
                "{} is {}, answered {verdict:?}: /{}/{}",
                case.id, case.vulnerable, case.regex, case.flags
            );
        }
    }
    let elapsed = start.elapsed();
    let precision = f64::from(right) / f64::from(right + wrong);
    let recall = f64::from(right) / f64::from(right + missed);
    println!(
        "{} cases: precision {precision:.3}, recall {recall:.3}, undecided {undecided}, mean {:?}",
        cases.len(),
        elapsed / u32::try_from(cases.len()).unwrap()
    );
    assert!(precision >= 0.98, "precision {precision}");
    assert!(recall > 0.97, "recall {recall}");
    assert!(f64::from(undecided) < 0.01 * cases.len() as f64, "undecided {undecided}");
}
