use super::*;
use crate::advisory::Database;
use crate::date::Date;
use crate::evidence::project::{Files, Project};

const CHECKSUM: &str =
    "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// The plan for a project with these `dependencies` and these entries of its lockfile: folder, version, and what it asks
/// for as JSON.
fn planned(asked: &str, packages: &[(&str, &str, &str)]) -> Vec<Action> {
    let manifest = format!("{{\n\"name\": \"shop\",\n\"private\": true,\n\"dependencies\": {asked}\n}}");
    let entries: Vec<String> = packages
        .iter()
        .map(|(folder, version, asked)| {
            format!("\"node_modules/{folder}\": {{\"version\": \"{version}\", \"integrity\": \"{CHECKSUM}\", \"dependencies\": {asked}}}")
        })
        .collect();
    let lock = format!(
        "{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"dependencies\": {asked}}},\n{}}}}}",
        entries.join(",\n")
    );
    let files =
        Files::from_texts([("package.json", manifest.as_str()), ("package-lock.json", lock.as_str())]);
    plan(&Project::new(&files, &Database::embedded().unwrap(), Date::parse("2026-11-20").unwrap()).unwrap())
}

fn told(actions: &[Action]) -> Vec<(String, Change, Option<&str>)> {
    actions.iter().map(|action| (action.sentence(), action.change, action.command.as_deref())).collect()
}

#[test]
fn what_the_ranges_allow_changes_the_lockfile_alone() {
    let actions = planned(r#"{"morgan": "^1.0.0"}"#, &[("morgan", "1.9.0", "{}")]);
    assert_eq!(
        told(&actions),
        [("Raise morgan 1.9.0 to 1.9.1".to_owned(), Change::InRange, Some("npm update morgan"))]
    );
    assert_eq!(actions[0].location, Location::line("package-lock.json", 2));
}

#[test]
fn a_range_that_holds_it_back_is_changed_where_it_stands() {
    let actions = planned(r#"{"morgan": "1.9.0"}"#, &[("morgan", "1.9.0", "{}")]);
    assert_eq!(
        told(&actions),
        [("Raise morgan 1.9.0 to 1.9.1".to_owned(), Change::Minor, Some("npm install morgan@1.9.1"))]
    );
    assert_eq!(actions[0].location, Location::line("package.json", 4));
}

#[test]
fn raising_express_clears_what_it_brings() {
    let actions = planned(
        r#"{"express": "4.16.4"}"#,
        &[
            ("express", "4.16.4", r#"{"path-to-regexp": "0.1.7", "send": "0.16.2", "qs": "6.5.2"}"#),
            ("path-to-regexp", "0.1.7", "{}"),
            ("send", "0.16.2", "{}"),
            ("qs", "6.5.2", "{}"),
        ],
    );
    assert_eq!(actions.len(), 1, "{:?}", told(&actions));
    let to = version(actions[0].to.as_deref().unwrap()).unwrap();
    assert!(to >= semver::Version::new(4, 22, 0) && to.major == 4, "{to}");
    for name in ["express", "path-to-regexp", "send", "qs"] {
        assert!(actions[0].clears.iter().any(|cleared| cleared.package == name), "{name}");
    }
    assert_eq!(actions[0].paths[0], ["express@4.16.4"]);
}

#[test]
fn what_another_package_pins_is_overridden() {
    let actions = planned(
        r#"{"holder": "^1.0.0"}"#,
        &[("holder", "1.0.0", r#"{"morgan": "1.9.0"}"#), ("morgan", "1.9.0", "{}")],
    );
    let command = "npm pkg set \"overrides.morgan=1.9.1\" && npm install";
    assert_eq!(told(&actions), [("Force morgan 1.9.0 to 1.9.1".to_owned(), Change::Override, Some(command))]);
    assert_eq!(actions[0].paths, [["holder@1.0.0", "morgan@1.9.0"]]);
}

#[test]
fn what_nobody_mends_is_said_to_be_so() {
    let actions = planned(r#"{"node-serialize": "0.0.4"}"#, &[("node-serialize", "0.0.4", "{}")]);
    assert_eq!(actions.len(), 1, "{:?}", told(&actions));
    assert_eq!((actions[0].change > Change::Override, &actions[0].to), (true, &None));
}

#[test]
fn the_same_evidence_gives_the_same_plan_and_every_score_its_factors() {
    let make = || {
        planned(
            r#"{"marked": "0.3.5", "morgan": "1.9.0", "node-serialize": "0.0.4"}"#,
            &[("marked", "0.3.5", "{}"), ("morgan", "1.9.0", "{}"), ("node-serialize", "0.0.4", "{}")],
        )
    };
    let actions = make();
    assert_eq!(actions, make());
    for action in &actions {
        let [gain, cost] = action.priority.factors.as_slice() else { panic!("{:?}", action.priority) };
        assert_eq!(action.priority.score, gain.hundredths / cost.hundredths);
        assert!(!action.clears.is_empty());
    }
    assert!(actions.windows(2).all(|pair| pair[0].priority.score >= pair[1].priority.score));
}

#[test]
fn a_lockfile_puts_no_words_into_a_shell() {
    let actions = planned(
        r#"{"morgan": "1.9.0"}"#,
        &[("x; rm -rf ~/node_modules/morgan", "1.9.0", "{}"), ("morgan", "1.9.0", "{}")],
    );
    assert!(
        actions.iter().filter_map(|action| action.command.as_ref()).all(|command| !command.contains(';'))
    );
    let renamed =
        planned(r#"{"$(id)": "npm:morgan@1.9.0"}"#, &[("$(id)", "1.9.0", "{}\n, \"name\": \"morgan\"")]);
    assert_eq!(renamed.len(), 1);
    assert_eq!(renamed[0].command, None);
}
