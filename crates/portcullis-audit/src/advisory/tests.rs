use super::*;
use crate::date::Date;
use crate::evidence::lockfile::Ecosystem;

fn advisories(records: &[(&str, &str)], ecosystem: Ecosystem, name: &str) -> Vec<Advisory> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in records {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let path = folder.path().join("db");
    let mut import = Import::new();
    import.add(folder.path()).unwrap();
    import.write(&path, Date::parse("2026-11-20").unwrap()).unwrap();
    Database::open(&path).unwrap().advisories(ecosystem, name).unwrap()
}

#[test]
fn the_embedded_set_is_whole_and_says_what_it_is() {
    let database = Database::embedded().unwrap();
    assert!(database.covers(Ecosystem::Npm) && !database.covers(Ecosystem::Cargo));
    assert!(database.contents().newest >= Date::parse("2026-11-20").unwrap());
    let express = database.advisories(Ecosystem::Npm, "express").unwrap();
    assert!(express.iter().any(|advisory| advisory.id == "GHSA-rv95-896h-c2vc"));
    assert!(express.iter().all(|advisory| advisory.id != "GHSA-pj86-cfqh-vqx6"), "it was withdrawn");
    assert!(database.advisories(Ecosystem::Npm, "no-such-package").unwrap().is_empty());
    assert!(database.advisories(Ecosystem::Cargo, "express").unwrap().is_empty());
}

#[test]
fn a_damaged_database_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let whole = include_bytes!("../../data/advisories/embedded.advisories");
    for end in [0, 7, 8, 15, 16, 40, 300, 2_000, 12_000, whole.len() - 1] {
        std::fs::write(&path, &whole[..end]).unwrap();
        let Ok(database) = Database::open(&path) else { continue };
        for name in ["express", "lodash", "qs", "marked", "handlebars"] {
            let _ = database.advisories(Ecosystem::Npm, name);
        }
    }
    std::fs::write(&path, "no database").unwrap();
    assert!(matches!(Database::open(&path), Err(DatabaseError::NotOne)));
    let mut bytes = whole.to_vec();
    bytes[8..16].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Database::open(&path), Err(DatabaseError::Broken(_))));
}

#[test]
fn an_import_that_finds_nothing_leaves_the_old_database() {
    let folder = tempfile::tempdir().unwrap();
    let (path, records) = (folder.path().join("db"), folder.path().join("records.json"));
    std::fs::write(&path, "old").unwrap();
    std::fs::write(&records, "{\"id\": 7}").unwrap();
    let mut import = Import::new();
    import.add(&records).unwrap();
    assert_eq!(import.unreadable().0, 1);
    assert!(matches!(import.write(&path, Date::today()), Err(ImportError::Nothing)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
}

#[test]
fn an_archive_gives_what_its_files_would() {
    use std::io::Write;
    let record = "{\"id\":\"GHSA-1\",\"modified\":\"2026-01-02T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a\"},\"versions\":[\"1.0.0\"]}]}";
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, text) in [("npm/GHSA-1.json", record), ("README.txt", "x"), ("broken.json", "{")] {
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    let mut import = Import::new();
    import.add_download("https://example.com/all.zip", &bytes).unwrap();
    assert_eq!((import.taken(), import.unreadable().0), (1, 1));
    let folder = tempfile::tempdir().unwrap();
    let contents = import.write(&folder.path().join("db"), Date::parse("2026-11-20").unwrap()).unwrap();
    assert_eq!(contents.newest, Date::parse("2026-01-02").unwrap());
    assert_eq!(contents.sources, ["https://example.com/all.zip"]);
}

#[test]
fn every_package_is_found_by_its_own_name_alone() {
    let lines: Vec<String> = (0..500)
        .map(|index| format!("{{\"id\":\"GHSA-{index}\",\"affected\":[{{\"package\":{{\"ecosystem\":\"npm\",\"name\":\"p{index}\"}},\"versions\":[\"1.0.0\"]}}]}}\n"))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let (records, path) = (folder.path().join("a.jsonl"), folder.path().join("db"));
    std::fs::write(&records, lines.concat()).unwrap();
    let mut import = Import::new();
    import.add(&records).unwrap();
    import.write(&path, Date::today()).unwrap();
    let database = Database::open(&path).unwrap();
    for index in 0..500 {
        let found = database.advisories(Ecosystem::Npm, &format!("p{index}")).unwrap();
        assert_eq!(
            found.iter().map(|advisory| advisory.id.clone()).collect::<Vec<_>>(),
            [format!("GHSA-{index}")]
        );
    }
}

#[test]
fn rustsec_ranges_are_turned_around() {
    let record = |versions: &str| {
        format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"a\"\ndate = \"2026-01-01\"\ncvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\"\naliases = [\"CVE-2026-1\"]\n\n[affected.functions]\n\"a::b\" = [\"< 1.0\"]\n\n[versions]\n{versions}\n```\n\n# A title of it\n\nText.\n"
        )
    };
    let affected = |versions: &str, version: &str| {
        let found =
            advisories(&[("a.md", &record(versions)), ("README.md", "# Not one")], Ecosystem::Cargo, "a");
        assert_eq!((found[0].id.as_str(), found[0].summary.as_str()), ("RUSTSEC-2026-0001", "A title of it"));
        assert_eq!(
            (found[0].severity, found[0].functions.len()),
            (Some(portcullis_rules::Severity::High), 1)
        );
        found[0].affected.contains(version)
    };
    for (versions, bad, good) in [
        ("patched = [\">= 1.2.3\"]", &["0.1.0", "1.2.2", "1.2.3-rc.1"][..], &["1.2.3", "2.0.0"][..]),
        ("patched = [\"^1.2.3\", \">= 2.1\"]", &["1.2.2", "2.0.0", "2.0.9"], &["1.2.3", "1.9.0", "2.1.0"]),
        ("patched = []", &["0.0.1", "9.0.0"], &[]),
        ("patched = [\">= 1.5\"]\nunaffected = [\"< 1.0\"]", &["1.0.0", "1.4.9"], &["0.9.0", "1.5.0"]),
        (
            "patched = [\">= 0.2.1, < 0.3.0\", \">= 0.3.2\"]",
            &["0.2.0", "0.3.0", "0.3.1"],
            &["0.2.1", "0.2.9", "0.3.2"],
        ),
        (
            "patched = [\"~1.2.3\", \"> 1.4.0\", \"= 0.9.0\"]",
            &["1.2.2", "1.3.0", "1.4.0", "0.9.1"],
            &["1.2.9", "1.4.1", "0.9.0"],
        ),
    ] {
        for version in bad {
            assert!(affected(versions, version), "{versions}: {version}");
        }
        for version in good {
            assert!(!affected(versions, version), "{versions}: {version}");
        }
    }
}

#[test]
fn versions_in_the_wild_are_read() {
    for (written, expected) in [
        ("1", "1.0.0"),
        ("1.2", "1.2.0"),
        ("v1.2.3", "1.2.3"),
        ("=1.2.3", "1.2.3"),
        ("1.2.3beta4", "1.2.3-beta4"),
        ("01.2.3", "1.2.3"),
        ("1.2-rc1", "1.2.0-rc1"),
        ("1.2.3+build.5", "1.2.3+build.5"),
    ] {
        assert_eq!(
            version(written).map(|version| version.to_string()).as_deref(),
            Some(expected),
            "{written}"
        );
    }
    for none in ["", "latest", "1.2.3.4", "git+ssh://a#b", "99999999999999999999999.0.0"] {
        assert_eq!(version(none), None, "{none}");
    }
}
