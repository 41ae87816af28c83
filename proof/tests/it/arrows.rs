//! Which crate may know which.

use std::process::Command;

/// Direct dependencies of ours on ours, but for those of tests.
fn arrows() -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(proof::root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut arrows = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let to = dependency["name"].as_str().expect("a name");
            if dependency["kind"].is_null() && names.contains(&to) {
                arrows.push((package["name"].as_str().expect("a name").to_owned(), to.to_owned()));
            }
        }
    }
    arrows
}

#[test]
fn crates_know_only_whom_they_may() {
    let arrows = arrows();
    assert!(!arrows.is_empty());
    let allowed = [
        ("portcullis", &["portcullis-rules"][..]),
        ("portcullis-rules", &[]),
        ("notes", &["portcullis"]),
        ("portcullis-tower-sessions", &["portcullis"]),
        ("portcullis-redos", &[]),
        ("portcullis-audit", &["portcullis-rules", "portcullis-redos"]),
        ("portcullis-gate", &["portcullis", "portcullis-rules"]),
        (
            "portcullis-cli",
            &["portcullis", "portcullis-gate", "portcullis-audit", "portcullis-redos", "portcullis-rules"],
        ),
        (
            "proof",
            &["portcullis", "portcullis-gate", "portcullis-audit", "portcullis-redos", "portcullis-rules"],
        ),
    ];
    for (from, to) in arrows {
        let may = allowed.iter().find(|(name, _)| *name == from).map(|(_, may)| *may);
        let may = may.unwrap_or_else(|| panic!("{from} is not in the plan"));
        assert!(may.contains(&to.as_str()), "{from} may not know {to}");
    }
}
