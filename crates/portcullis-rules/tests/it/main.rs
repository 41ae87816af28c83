//! What the catalogue promises to those who point at it.

use std::collections::BTreeSet;
use std::str::FromStr;

use portcullis_rules::{
    MissionDocument, Reference, Rule, Severity, all, cookie, find, header, limit, nearest, tls,
};

/// The families, as the modules are called.
const FAMILIES: [(&str, &[Rule]); 14] = [
    ("auth", portcullis_rules::auth::RULES),
    ("authz", portcullis_rules::authz::RULES),
    ("cookie", cookie::RULES),
    ("cors", portcullis_rules::cors::RULES),
    ("csrf", portcullis_rules::csrf::RULES),
    ("data", portcullis_rules::data::RULES),
    ("dependency", portcullis_rules::dependency::RULES),
    ("error", portcullis_rules::error::RULES),
    ("header", header::RULES),
    ("injection", portcullis_rules::injection::RULES),
    ("limit", limit::RULES),
    ("operations", portcullis_rules::operations::RULES),
    ("tls", tls::RULES),
    ("validation", portcullis_rules::validation::RULES),
];

/// A renamed or dropped id turns somebody's configuration wrong: it must show in the diff of `ids.txt`.
#[test]
fn ids_are_those_of_the_committed_list() {
    let committed: Vec<&str> = include_str!("ids.txt").lines().collect();
    let catalogue: Vec<&str> = all().map(|rule| rule.id.as_str()).collect();

    let gone: Vec<_> = committed.iter().filter(|id| !catalogue.contains(id)).collect();
    let new: Vec<_> = catalogue.iter().filter(|id| !committed.contains(id)).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "tests/it/ids.txt differs: gone {gone:?}, new {new:?}"
    );
    assert_eq!(committed, catalogue, "the order differs");
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for rule in all() {
        let id = rule.id.as_str();
        assert!(seen.insert(id), "{id} stands twice");
        let (family, name) = id.split_once('.').unwrap_or_else(|| panic!("{id} has no dot"));
        assert!(
            !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{id}"
        );
        for word in name.split('-') {
            assert!(
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
                "{id} is not kebab-case"
            );
        }
        assert_eq!(
            (rule.family(), rule.id.family(), rule.id.name()),
            (family, family, name)
        );
        assert!(id.len() <= 64, "{id} is longer than what `nearest` reads");
    }
}

#[test]
fn every_rule_stands_in_the_module_of_its_family() {
    let mut counted = 0;
    for (family, rules) in FAMILIES {
        assert!(!rules.is_empty(), "{family}");
        for rule in rules {
            assert_eq!(rule.family(), family, "{rule}");
            counted += 1;
        }
    }
    assert_eq!(counted, all().count());
}

#[test]
fn rules_come_in_alphabetical_order() {
    let ids: Vec<&str> = all().map(|rule| rule.id.as_str()).collect();
    for pair in ids.windows(2) {
        // The dot sorts before a letter here: `auth` comes before `authz`.
        let key = |id: &'static str| id.split_once('.').unwrap();
        assert!(
            key(pair[0]) < key(pair[1]),
            "{} stands before {}",
            pair[0],
            pair[1]
        );
    }
}

#[test]
fn titles_are_short_and_say_what_is_wrong() {
    let mut seen = BTreeSet::new();
    for rule in all() {
        let title = rule.title;
        assert!(
            (10..=80).contains(&title.chars().count()),
            "{rule}: {} characters",
            title.chars().count()
        );
        assert!(!title.ends_with(['.', '!', ' ', ':']), "{rule}");
        assert!(
            title.chars().next().is_some_and(|first| !first.is_lowercase()),
            "{rule}"
        );
        assert!(seen.insert(title), "{rule}: two rules have this title");
    }
}

#[test]
fn every_rule_says_why_in_a_few_sentences() {
    for rule in all() {
        let why = rule.why;
        assert!(why.len() >= 60, "{rule}: says too little");
        assert!(why.len() <= 500, "{rule}: {} characters are too many", why.len());
        assert!(why.ends_with('.'), "{rule}");
        assert!(
            !rule.title.contains(why.trim_end_matches('.')),
            "{rule}: only repeats the title"
        );
    }
}

#[test]
fn every_fix_begins_with_what_to_do() {
    for rule in all() {
        let fix = rule.fix;
        assert!(
            (40..=700).contains(&fix.len()),
            "{rule}: {} characters",
            fix.len()
        );
        assert!(fix.ends_with('.'), "{rule}");
        let first = fix.split_whitespace().next().unwrap();
        assert!(
            ORDERS.contains(&first),
            "{rule}: `{first}` is not something to do"
        );
        assert_eq!(fix.matches('`').count() % 2, 0, "{rule}: an open backtick");
        assert_eq!(rule.why.matches('`').count() % 2, 0, "{rule}: an open backtick");
        for text in [fix, rule.why, rule.title] {
            assert!(
                !text.contains("  ") && !text.contains('\n'),
                "{rule}: white space"
            );
        }
    }
}

#[test]
fn every_rule_names_its_source_and_its_weakness() {
    for rule in all() {
        let has = |wanted: fn(&Reference) -> bool| rule.references.iter().any(wanted);
        assert!(
            has(|reference| matches!(reference, Reference::Mission(_) | Reference::Modern)),
            "{rule}"
        );
        assert!(
            has(|reference| matches!(reference, Reference::Cwe(1..))),
            "{rule}"
        );
        let distinct: BTreeSet<String> = rule.references.iter().map(ToString::to_string).collect();
        assert_eq!(
            distinct.len(),
            rule.references.len(),
            "{rule}: a reference stands twice"
        );
    }
}

#[test]
fn asvs_requirements_have_a_chapter_and_a_section() {
    for rule in all() {
        for reference in rule.references {
            if let Reference::Asvs(requirement) = reference {
                let numbers: Vec<u32> = requirement
                    .split('.')
                    .map(|number| number.parse().unwrap())
                    .collect();
                assert!((2..=3).contains(&numbers.len()), "{rule}: {requirement}");
                assert!(
                    (1..=17).contains(&numbers[0]) && numbers.iter().all(|&number| number > 0),
                    "{rule}"
                );
            }
        }
    }
}

#[test]
fn every_mission_document_asks_for_some_rule() {
    for document in MissionDocument::ALL {
        assert!(
            all().any(|rule| rule.references.contains(&Reference::Mission(document))),
            "nothing comes from {document}"
        );
    }
}

#[test]
fn advice_that_is_out_of_date_is_called_so() {
    for (id, word) in [
        ("header.xss-protection-on", "today"),
        ("header.hpkp", "removed"),
        ("csrf.missing", "`csurf`"),
        ("dependency.deprecated-package", "`nsp`"),
        ("dependency.node-eol", "`node:20`"),
        ("operations.base-image-eol", "`node:20`"),
    ] {
        let rule = find(id).unwrap();
        assert!(
            rule.why.contains(word) || rule.fix.contains(word),
            "{rule}: does not speak of {word}"
        );
    }
}

#[test]
fn find_takes_the_exact_id_only() {
    for rule in all() {
        assert_eq!(find(rule.id.as_str()), Some(rule));
    }
    for id in [
        "",
        ".",
        "cookie",
        "cookie.",
        ".secure-missing",
        "Cookie.Secure-Missing",
        "cookie.secure-missing ",
    ] {
        assert_eq!(find(id), None, "{id:?}");
    }
}

#[test]
fn one_typing_error_still_leads_to_the_rule() {
    assert_eq!(*nearest("cookie.secure-mising")[0], cookie::SECURE_MISSING);
    for rule in all() {
        let id = rule.id.as_str();
        let dot = id.find('.').unwrap();
        for at in [0, dot + 1, id.len() - 1] {
            let mut missing = id.to_owned();
            missing.remove(at);
            let mut wrong = id.to_owned();
            wrong.replace_range(at..=at, "q");
            for misspelt in [missing, wrong] {
                let found = nearest(&misspelt);
                assert!(found.first() == Some(&rule), "{misspelt}: {found:?}, not {id}");
            }
        }
    }
}

#[test]
fn letter_case_and_underscores_do_not_hide_a_rule() {
    assert_eq!(nearest("COOKIE.SECURE_MISSING"), [&cookie::SECURE_MISSING]);
    assert_eq!(nearest(" header.hpkp\n"), [&header::HPKP]);
}

#[test]
fn a_family_gives_all_its_rules() {
    let found: Vec<_> = nearest("limit").into_iter().copied().collect();
    assert_eq!(found, limit::RULES);
    assert_eq!(nearest("headers").len(), header::RULES.len());
}

#[test]
fn a_name_without_its_family_or_under_another_is_found() {
    assert_eq!(*nearest("secure-missing")[0], cookie::SECURE_MISSING);
    assert_eq!(*nearest("security.secure-missing")[0], cookie::SECURE_MISSING);
    assert_eq!(*nearest("smuggling")[0], limit::SMUGGLING);
    assert_eq!(*nearest("hsts")[0], header::HSTS_MISSING);
    assert_eq!(*nearest("tls.cert")[0], tls::CERTIFICATE_INVALID);
    assert_eq!(*nearest("tls.heartbleed")[0], tls::IMPLEMENTATION_FLAW);
    assert_eq!(*nearest("Slowloris")[0], limit::SLOW_CLIENT);
    assert!(nearest("missing").iter().all(|rule| rule.id.name() == "missing"));
}

#[test]
fn what_is_like_nothing_has_no_suggestion() {
    for id in ["", "   ", ".", "qqqqqqqq", "жжжж", "xyz.qqqq"] {
        assert!(nearest(id).is_empty(), "{id:?}: {:?}", nearest(id));
    }
    let long = "cookie.secure-missing".repeat(10_000);
    assert!(nearest(&long).len() <= 5);
}

#[test]
fn severities_are_ordered_and_read_back() {
    assert!(Severity::ALL.is_sorted() && Severity::Info < Severity::Critical);
    for severity in Severity::ALL {
        assert_eq!(Severity::from_str(severity.as_str()), Ok(severity));
        assert_eq!(severity.to_string().to_uppercase().parse(), Ok(severity));
    }
    let error = "severe".parse::<Severity>().unwrap_err().to_string();
    assert!(error.contains("`severe`"), "{error}");
    for severity in Severity::ALL {
        assert!(error.contains(severity.as_str()), "{error}");
    }
}

#[test]
fn references_are_written_as_people_cite_them() {
    for (reference, text) in [
        (Reference::Cwe(614), "CWE-614"),
        (Reference::Asvs("3.3.1"), "OWASP ASVS 5.0, 3.3.1"),
        (Reference::Rfc(6797), "RFC 6797"),
        (Reference::Modern, "modern practice"),
        (
            Reference::Mission(MissionDocument::ExpressGuide),
            "Production Best Practices: Security (Express guide)",
        ),
    ] {
        assert_eq!(reference.to_string(), text);
    }
    assert_eq!(
        cookie::SECURE_MISSING.to_string(),
        format!("cookie.secure-missing: {}", cookie::SECURE_MISSING.title)
    );
}

/// What a fix may begin with: something to do.
const ORDERS: [&str; 43] = [
    "Add", "Answer", "Ask", "Call", "Check", "Choose", "Compare", "Copy", "Count", "Delete", "Encode", "Get",
    "Give", "Go", "Ignore", "Keep", "Leave", "List", "Listen", "Log", "Make", "Move", "Name", "Parse", "Put",
    "Read", "Redirect", "Remove", "Replace", "Rewrite", "Run", "Send", "Serve", "Set", "Stop", "Store",
    "Switch", "Take", "Test", "Unpack", "Update", "Use", "Write",
];
