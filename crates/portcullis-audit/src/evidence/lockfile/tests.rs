use super::Scope::{Development, Production};
use super::*;

fn reason(file: &str, text: &str) -> String {
    parse(file, text, None, &[]).expect_err("it is broken").to_string()
}

/// `packages` of a version 3, besides the project's own entry.
fn npm(packages: &str) -> Graph {
    let text = format!("{{\"lockfileVersion\":3,\"packages\":{{\"\":{{\"name\":\"shop\"}},{packages}}}}}");
    parse("package-lock.json", &text, None, &[]).unwrap()
}

#[test]
fn what_is_broken_says_file_line_and_reason() {
    for (file, text, expected) in [
        (
            "package-lock.json",
            "{\n \"lockfileVersion\": 3,\n \"packages\": {\n",
            "package-lock.json:3: EOF while parsing",
        ),
        (
            "a/package-lock.json",
            "{\"lockfileVersion\": 9, \"packages\": {}}",
            "a/package-lock.json: `lockfileVersion` is 9",
        ),
        ("package-lock.json", "{\"lockfileVersion\": 3}", "`packages` is missing"),
        (
            "package-lock.json",
            "{\"lockfileVersion\":3,\"packages\":{\n\"node_modules/a\":{\"version\":\"1.0.0\"}}}",
            "no entry \"\"",
        ),
        (
            "package-lock.json",
            "{\"lockfileVersion\":3,\"packages\":{\"\":{},\n\n\"node_modules/a\":{}}}",
            "package-lock.json:3: `node_modules/a` has no `version`",
        ),
        (
            "package-lock.json",
            "{\"lockfileVersion\":3,\"packages\":{\"\":{},\n\"node_modules/a\":{\"link\":true}}}",
            "package-lock.json:2: the link",
        ),
        (
            "package-lock.json",
            "{\"lockfileVersion\":3,\"packages\":{\"\":{},\n\"node_modules/a\":{\n\"link\":7}}}",
            "package-lock.json:3: invalid type",
        ),
        (
            "package-lock.json",
            "{\"packages\":{\"a\":{},\n\"a\":{}}}",
            "package-lock.json:2: the key `a` stands here twice",
        ),
        ("package-lock.json", "{\n<<<<<<< HEAD\n}", "package-lock.json:2: a merge conflict"),
        ("npm-shrinkwrap.json", "[]", "npm-shrinkwrap.json:1: a JSON object was expected"),
        (
            "package-lock.json",
            "{\"lockfileVersion\":1,\"dependencies\":{\n\"a\":{}}}",
            "package-lock.json:2: `node_modules/a` has no `version`",
        ),
        ("yarn.lock", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\n", "yarn.lock:3: a quote is not closed"),
        ("yarn.lock", "# yarn lockfile v1\na@^1\n", "yarn.lock:2: an entry was expected"),
        (
            "yarn.lock",
            "# yarn lockfile v1\n  version \"1.0.0\"\n",
            "yarn.lock:2: this line belongs to no entry",
        ),
        (
            "yarn.lock",
            "# yarn lockfile v1\na@^1:\n  resolved \"x\"\n",
            "yarn.lock:2: the entry for `a` has no `version`",
        ),
        (
            "yarn.lock",
            "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1\n",
            "yarn.lock:3: the entry for `a@npm:1` has no `resolution`",
        ),
        ("yarn.lock", "__metadata:\n  version: 8\n a: [", "yarn.lock:"),
        ("pnpm-lock.yaml", "lockfileVersion: '3.0'\n", "pnpm-lock.yaml:1: `lockfileVersion` is `3.0`"),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\npackages:\n  a: {}\n",
            "pnpm-lock.yaml:3: `a` names no package",
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\npackages: &x\n  a: *x\n",
            "pnpm-lock.yaml:3: anchors and aliases",
        ),
        ("pnpm-lock.yaml", "a: 1\na: 2\n", "pnpm-lock.yaml:2: the key `a` stands here twice"),
        (
            "bun.lock",
            "{\"lockfileVersion\": 1, // x\n\"packages\": {}}",
            "bun.lock:1: `workspaces` has no entry",
        ),
        (
            "bun.lock",
            "{\"lockfileVersion\": 1, \"workspaces\": {\"\": {}},\n\"packages\": {\"a\": []}}",
            "bun.lock:2: `a` is empty",
        ),
        ("Cargo.lock", "version = 4\n[[package]]\nname = \"a\"\n", "Cargo.lock:2: missing field `version`"),
        ("Cargo.lock", "version = \n", "Cargo.lock:1: "),
        ("other.lock", "", "no format of lockfile has this name"),
    ] {
        let reason = reason(file, text);
        assert!(reason.contains(expected), "{reason:?} does not say {expected:?}");
    }
}

#[test]
fn nothing_that_is_cut_short_panics() {
    let samples = [
        ("package-lock.json", include_str!("../../../tests/lockfiles/tricks/package-lock.json")),
        (
            "yarn.lock",
            "# yarn lockfile v1\n\"a@^1\", b@npm:c@2:\n  version \"1.0.0\"\n  dependencies:\n    d \"^1\"\n",
        ),
        ("yarn.lock", "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1\n  resolution: \"a@npm:1\"\n"),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\npackages:\n  '@a/b@1.0.0(c@2)':\n    resolution: {integrity: x}\n",
        ),
        (
            "bun.lock",
            "{\"lockfileVersion\":1,\"workspaces\":{\"\":{}},\"packages\":{\"a\":[\"a@1\",\"\",{},\"sha512-x\",],/* x */}}",
        ),
        (
            "Cargo.lock",
            "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 1 (x)\"]\n",
        ),
    ];
    for (file, text) in samples {
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let _ = parse(file, &text[..end], None, &[]);
        }
    }
}

#[test]
fn the_nearest_folder_answers() {
    let graph = npm("\"node_modules/a\":{\"version\":\"1.0.0\",\"dependencies\":{\"c\":\"^2\"}},
         \"node_modules/a/node_modules/c\":{\"version\":\"2.0.0\"},
         \"node_modules/@s/b\":{\"version\":\"1.0.0\",\"dependencies\":{\"c\":\"^1\"}},
         \"node_modules/c\":{\"version\":\"1.0.0\"}");
    let edges: Vec<String> = graph
        .edges()
        .map(|(from, _, to)| {
            let version = |id: PackageId| graph.package(id).map_or("", |package| &package.version);
            format!("{} gets {}", graph.package(from).map_or("", |package| &package.name), version(to))
        })
        .collect();
    assert_eq!(edges, ["a gets 2.0.0", "@s/b gets 1.0.0"]);
}

#[test]
fn links_lead_to_workspaces_and_workspaces_upwards() {
    let graph = npm(
        "\"node_modules/api\":{\"resolved\":\"packages/api\",\"link\":true},
         \"packages/api\":{\"name\":\"@shop/api\",\"version\":\"1.0.0\",\"dependencies\":{\"c\":\"^1\"},\"devDependencies\":{\"d\":\"1\"}},
         \"node_modules/c\":{\"version\":\"1.0.0\"},\"node_modules/d\":{\"version\":\"1.0.0\"}",
    );
    let scopes: Vec<_> =
        graph.installed().map(|(_, package)| (package.name.as_str(), package.scope)).collect();
    assert_eq!(scopes, [("c", Production), ("d", Development)]);
}

#[test]
fn what_may_be_missing_is_optional_and_what_nothing_asks_for_is_not() {
    let text = "{\"lockfileVersion\":3,\"packages\":{\"\":{\"optionalDependencies\":{\"o\":\"1\"},\"devDependencies\":{\"d\":\"1\"},
        \"dependencies\":{\"p\":\"1\"}},
        \"node_modules/o\":{\"version\":\"1.0.0\",\"dependencies\":{\"x\":\"1\"}},\"node_modules/x\":{\"version\":\"1.0.0\"},
        \"node_modules/d\":{\"version\":\"1.0.0\",\"optionalDependencies\":{\"y\":\"1\"}},\"node_modules/y\":{\"version\":\"1.0.0\"},
        \"node_modules/p\":{\"version\":\"1.0.0\",\"peerDependencies\":{\"z\":\"1\"}},\"node_modules/z\":{\"version\":\"1.0.0\"},
        \"node_modules/extra\":{\"version\":\"1.0.0\"}}}";
    let graph = parse("package-lock.json", text, None, &[]).unwrap();
    let marks: Vec<_> = graph
        .installed()
        .map(|(_, package)| (package.name.as_str(), package.scope, package.optional, package.peer))
        .collect();
    assert_eq!(
        marks,
        [
            ("o", Production, true, false),
            ("x", Production, true, false),
            ("d", Development, false, false),
            ("y", Development, true, false),
            ("p", Production, false, false),
            ("z", Production, false, true),
            ("extra", Production, false, false),
        ]
    );
}

#[test]
fn pnpm_before_version_9_is_read_too() {
    for text in [
        "lockfileVersion: 5.4\nspecifiers:\n  a: ^1.0.0\ndependencies:\n  a: 1.0.0_b@2.0.0\npackages:\n  /a/1.0.0_b@2.0.0:\n    resolution: {integrity: sha512-x}\n    dependencies:\n      '@s/c': 3.0.0\n  /@s/c/3.0.0:\n    resolution: {integrity: sha512-y}\n    requiresBuild: true\n",
        "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.0.0(b@2.0.0)\npackages:\n  /a@1.0.0(b@2.0.0):\n    resolution: {integrity: sha512-x}\n    dependencies:\n      '@s/c': 3.0.0\n  /@s/c@3.0.0:\n    resolution: {integrity: sha512-y}\n    requiresBuild: true\n",
    ] {
        let graph = parse("pnpm-lock.yaml", text, None, &[]).unwrap();
        let found: Vec<_> =
            graph.installed().map(|(_, package)| (package.name.as_str(), package.version.as_str())).collect();
        assert_eq!(found, [("a", "1.0.0"), ("@s/c", "3.0.0")]);
        assert_eq!(graph.edges().count(), 2);
        assert_eq!(graph.packages[0].dependencies[0].range, "^1.0.0");
        assert!(graph.packages[2].install_script);
    }
}

#[test]
fn a_cargo_lock_tells_versions_apart() {
    let text = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"rand 0.8.5\",\n \"time\",\n]\n\n[[package]]\nname = \"rand\"\nversion = \"0.7.3\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"00\"\n\n[[package]]\nname = \"rand\"\nversion = \"0.8.5\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n[[package]]\nname = \"time\"\nversion = \"0.1.0\"\nsource = \"git+https://example.com/time#aa\"\n";
    let graph = parse("Cargo.lock", text, None, &[]).unwrap();
    assert_eq!(graph.packages[0].name, "app");
    let targets: Vec<_> =
        graph.edges().filter_map(|(.., to)| Some(graph.package(to)?.version.as_str())).collect();
    assert_eq!(targets, ["0.8.5", "0.1.0"]);
    assert_eq!(graph.packages[1].location, Location::line("Cargo.lock", 12));
    assert_eq!(graph.packages[3].source, Source::Git);
}
