//! Real lockfiles of every format against a second opinion: `tests/oracle/match.mjs`, which puts every package against
//! every record with node-semver. What both find must be the same, record for record.
//!
//! `PORTCULLIS_CORPUS` names another folder like `tests/lockfiles`: a folder for each project; its `advisories.jsonl`,
//! if there is one, takes the place of `tests/oracle/advisories.jsonl`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_audit::advisory::{Database, Import};
use portcullis_audit::evidence::lockfile::{Format, Graph, Package, Scope};
use portcullis_audit::{Date, Files, Project};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn own_project(name: &str) -> Project {
    let folder = tempfile::tempdir().unwrap();
    read(
        &root().join("lockfiles").join(name),
        &database(&root().join("oracle/advisories.jsonl"), folder.path()),
    )
}

fn read(folder: &Path, database: &Database) -> Project {
    Project::new(&Files::read(folder).unwrap(), database, Date::parse("2026-11-20").unwrap()).unwrap()
}

fn database(records: &Path, folder: &Path) -> Database {
    let path = folder.join("advisories.db");
    let mut import = Import::new();
    import.add(records).unwrap();
    import.write(&path, Date::parse("2026-11-20").unwrap()).unwrap();
    Database::open(&path).unwrap()
}

fn graph(project: &Project) -> &Graph {
    &project.installed[0].graph
}

fn package<'a>(graph: &'a Graph, name: &str, version: &str) -> &'a Package {
    let mut all = graph.packages.iter().filter(|package| package.name == name && package.version == version);
    all.next().unwrap_or_else(|| panic!("{name}@{version} is not there"))
}

#[test]
#[allow(clippy::disallowed_macros, reason = "the run says how many cases it had")]
fn findings_equal_those_of_the_oracle() {
    let oracle = root().join("oracle");
    assert!(
        oracle.join("node_modules/semver").exists(),
        "the oracle is not installed: run `npm ci` in {}, or scripts/test, which does",
        oracle.display()
    );
    let corpus =
        std::env::var_os("PORTCULLIS_CORPUS").map_or_else(|| root().join("lockfiles"), PathBuf::from);
    let own = corpus.join("advisories.jsonl");
    let records = if own.exists() { own } else { oracle.join("advisories.jsonl") };
    let folder = tempfile::tempdir().unwrap();
    let database = database(&records, folder.path());
    let (mut lockfiles, mut findings) = (0, 0);
    let mut projects: Vec<PathBuf> = fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    projects.sort();
    for folder in projects {
        let project = read(&folder, &database);
        for installed in project
            .installed
            .iter()
            .filter(|one| !matches!(one.graph.format, Format::Manifest | Format::Cargo))
        {
            let ours: BTreeSet<String> = installed
                .matches
                .iter()
                .flat_map(|found| {
                    found
                        .records
                        .iter()
                        .map(|record| format!("{} {} {}", found.name, found.version, record.id))
                })
                .collect();
            let output = Command::new("node")
                .arg(oracle.join("match.mjs"))
                .arg(&records)
                .arg(folder.join(&installed.graph.file))
                .output()
                .expect("node starts");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let theirs: BTreeSet<String> =
                String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect();
            let missed: Vec<_> = theirs.difference(&ours).collect();
            let extra: Vec<_> = ours.difference(&theirs).collect();
            assert!(
                missed.is_empty() && extra.is_empty(),
                "{}: missed {missed:?}, extra {extra:?}",
                folder.display()
            );
            lockfiles += 1;
            findings += theirs.len();
        }
    }
    assert!(lockfiles > 0 && findings > 0);
    println!("{findings} findings in {lockfiles} lockfiles: 0 missed, 0 extra");
}

#[test]
fn every_format_tells_the_same_of_one_project() {
    for (name, format) in [
        ("npm-2", Format::PackageLock(2)),
        ("npm-3", Format::PackageLock(3)),
        ("yarn-1", Format::YarnV1),
        ("yarn-berry", Format::YarnBerry),
        ("pnpm", Format::Pnpm),
        ("bun", Format::Bun),
    ] {
        let project = own_project(name);
        let graph = graph(&project);
        assert_eq!(graph.format, format, "{name}");
        assert!(graph.installed().count() > 100, "{name}: {}", graph.installed().count());
        let express = package(graph, "express", "4.16.4");
        assert_eq!(
            (express.scope, express.optional, &express.alias),
            (Scope::Production, false, &None),
            "{name}"
        );
        assert!(express.location.line.is_some_and(|line| line > 1), "{name}");
        let beta = package(graph, "express", "5.0.0-beta.1");
        assert_eq!(beta.alias.as_deref(), Some("next-express"), "{name}");
        assert_eq!(package(graph, "lodash", "4.17.4").alias.as_deref(), Some("old-lodash"), "{name}");
        assert_eq!(package(graph, "mocha", "5.2.0").scope, Scope::Development, "{name}");
        assert_eq!(package(graph, "supertest", "3.0.0").scope, Scope::Development, "{name}: of a workspace");
        assert_eq!(
            package(graph, "cookie-parser", "1.4.3").scope,
            Scope::Production,
            "{name}: of a workspace"
        );
        assert!(
            graph.packages.iter().any(|package| package.name == "fsevents" && package.optional),
            "{name}"
        );
        assert_eq!(package(graph, "minimist", "1.2.5").scope, Scope::Development, "{name}: by an override");
        let unanswered: Vec<_> = graph
            .packages
            .iter()
            .flat_map(|package| package.dependencies.iter().map(move |asked| (&package.name, asked)))
            .filter(|(_, asked)| asked.target.is_none() && !asked.kind.is_peer() && !asked.kind.is_optional())
            .collect();
        assert!(unanswered.is_empty(), "{name}: {unanswered:?}");
        let (id, _) = graph.iter().find(|(_, package)| package.name == "cookie-parser").unwrap();
        assert_eq!(graph.ways_to(id).len(), 1, "{name}");
    }
}

#[test]
fn the_marks_of_npm_are_found_again_by_walking() {
    for name in ["npm-2", "npm-3"] {
        let project = own_project(name);
        let text = fs::read_to_string(root().join("lockfiles").join(name).join("package-lock.json")).unwrap();
        let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut seen = 0;
        for (_, package) in graph(&project).installed() {
            let entry = &lock["packages"][&package.key];
            let development = entry["dev"] == true;
            assert_eq!(package.scope == Scope::Development, development, "{name}: {}", package.key);
            assert_eq!(package.optional, entry["optional"] == true, "{name}: {}", package.key);
            seen += 1;
        }
        assert!(seen > 100);
    }
}

#[test]
fn a_package_lock_of_version_1_is_read_with_its_manifest() {
    let project = own_project("npm-1");
    let graph = graph(&project);
    assert_eq!(graph.format, Format::PackageLock(1));
    assert_eq!(package(graph, "lodash", "4.17.4").alias.as_deref(), Some("old-lodash"));
    assert_eq!(package(graph, "mocha", "5.2.0").scope, Scope::Development);
    assert_eq!(package(graph, "express", "4.16.4").scope, Scope::Production);
    assert!(graph.packages.iter().any(|package| package.name == "fsevents" && package.optional));
}

#[test]
fn the_tricks_of_records_and_lockfiles_are_told_apart() {
    let project = own_project("tricks");
    let found: BTreeSet<String> = project
        .matches()
        .flat_map(|(_, found)| {
            found.records.iter().map(|record| format!("{}@{} {}", found.name, found.version, record.id))
        })
        .collect();
    for expected in [
        "edge@2.0.0-rc.1 T-fixed-in-later-prerelease",
        "edge@2.0.0-rc.1 T-introduced-in-prerelease",
        "edge@1.5.0 T-two-blocks",
        "edge@1.0.0 T-half-versions",
        "last@1.2.3 T-last-affected-is-it",
        "git-edge@1.0.0 T-git",
        "listed@1.0.0+build.7 T-build-counts-not",
    ] {
        assert!(found.contains(expected), "{expected} is not in {found:#?}");
    }
    for wrong in [
        "T-withdrawn",
        "T-alias-is-not-the-name",
        "T-other-ecosystem",
        "T-git-range",
        "T-limit",
        "T-last-affected-before",
    ] {
        assert!(!found.iter().any(|one| one.ends_with(wrong)), "{wrong}");
    }
    let twins = project
        .matches()
        .find(|(_, found)| found.records.iter().any(|record| record.id == "T-twin"))
        .unwrap()
        .1;
    assert_eq!(twins.records.len(), 2, "one finding for both names of CVE-2000-0001");
    let bundled = graph(&project).packages.iter().find(|package| package.bundled).unwrap();
    assert_eq!((bundled.name.as_str(), bundled.version.as_str()), ("edge", "1.0.0"));
}

#[test]
fn the_json_lists_what_is_to_be_done() {
    let project = root().join("lockfiles").join("npm-3");
    let report = portcullis_audit::audit_project(
        &project,
        &Database::embedded().unwrap(),
        Date::parse("2026-11-20").unwrap(),
    );
    let json: serde_json::Value =
        serde_json::from_str(&portcullis_audit::report::json::render(&report.unwrap())).unwrap();
    let actions = json["actions"].as_array().unwrap();
    assert!(!actions.is_empty());
    for action in actions {
        assert!(action["do"].as_str().is_some_and(|text| !text.is_empty()), "{action}");
        assert!(action["clears"].as_array().is_some_and(|clears| !clears.is_empty()), "{action}");
    }
}
