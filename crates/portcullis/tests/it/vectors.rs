//! Golden cases made by running the npm packages.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The cases of one file, from the directory that `PORTCULLIS_VECTORS` names or else from the project's own.
pub(crate) fn cases(file: &str) -> Vec<Value> {
    #[allow(clippy::disallowed_methods)] // tests have no other door
    let directory = std::env::var("PORTCULLIS_VECTORS").map_or_else(|_| own(), PathBuf::from);
    let path = directory.join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut document: Value =
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Value::Array(cases) = document["cases"].take() else { panic!("{}: no cases", path.display()) };
    assert!(!cases.is_empty(), "{}: no cases", path.display());
    cases
}

/// The project's own, found from whatever crate's tests these are.
fn own() -> PathBuf {
    let mut roots =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|root| root.join("proof/data/vectors"));
    roots.find(|directory| directory.is_dir()).expect("proof/data/vectors is part of the project")
}

/// Runs all cases of a file, and fails with every one that went wrong. `run` says what is wrong with a case.
pub(crate) fn check(file: &str, run: impl Fn(&Value) -> Result<(), String>) {
    let cases = cases(file);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| run(case).err().map(|error| format!("{}: {error}", case["name"])))
        .collect();
    #[allow(clippy::disallowed_macros)] // how many cases ran is part of the proof
    {
        println!("{file}: {} cases ran, {} failed", cases.len(), wrong.len());
    }
    assert!(wrong.is_empty(), "{} of {} cases failed:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
