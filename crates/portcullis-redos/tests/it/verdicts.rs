//! One pattern of each kind.

use portcullis_redos::{Config, Verdict, analyze};

fn verdict(pattern: &str, flags: &str) -> Verdict {
    analyze(pattern, flags.parse().unwrap(), &Config::default()).verdict
}

#[test]
fn nested_and_overlapping_repetition_is_exponential() {
    for pattern in [
        "(a+)+$",
        "(a|a)*$",
        "(a|b|ab)*c",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(.*){1,32000}[bc]",
        "^(a?){25}(a){25}$",
        "(?<=^(a|a)*b)c",
    ] {
        assert_eq!(verdict(pattern, ""), Verdict::Exponential, "{pattern}");
    }
}

#[test]
fn adjacent_repetition_and_searching_are_polynomial() {
    for pattern in [
        "^a*a*$",
        "\\s*$",
        "(\\d+)hour",
        "<!--[\\s\\S]*?-->",
        "^\\d+(1337|404)*\\d+$",
        "(?=.*x)y?z",
        "\\n\\n(?!\\s*$)",
        "(?<=<.*)b",
    ] {
        assert!(
            matches!(verdict(pattern, ""), Verdict::Polynomial { degree: 2.. }),
            "{pattern}: {:?}",
            verdict(pattern, "")
        );
    }
    assert_eq!(verdict("^\\s*\\s*\\s*$", ""), Verdict::Polynomial { degree: 3 });
}

#[test]
fn what_cannot_fail_late_is_safe() {
    for pattern in [
        "a+",
        "^(a|b)*$",
        "^(a|ab)*?c?",
        "(a+)+",
        "^\\w+\\.((?:\\w+\\.)+\\w+)$",
        "[a-z]{1,64}@",
        "^(?:.|.)*$",
        "(?=a+a+$)$",
    ] {
        let flags = if pattern.contains("(?:.|.)") { "s" } else { "" };
        assert_eq!(verdict(pattern, flags), Verdict::Safe, "{pattern}");
    }
}

#[test]
fn sticky_patterns_are_not_searched_for() {
    assert!(matches!(verdict("\\s+$", ""), Verdict::Polynomial { .. }));
    assert_eq!(verdict("\\s+$", "y"), Verdict::Safe);
}

#[test]
fn syntax_errors_carry_their_position() {
    let Verdict::Invalid(error) = verdict("ab(c", "") else {
        panic!("accepted")
    };
    assert_eq!(error.position, 4);
    let Verdict::Invalid(error) = verdict("a[z-a]", "") else {
        panic!("accepted")
    };
    assert_eq!(error.position, 3);
}
