//! One pattern of each kind.

use portcullis_redos::{Config, End, HARMLESS_STEPS, Regex, Verdict, analyze};

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
    let Verdict::Invalid(error) = verdict("ab(c", "") else { panic!("accepted") };
    assert_eq!(error.position, 4);
    let Verdict::Invalid(error) = verdict("a[z-a]", "") else { panic!("accepted") };
    assert_eq!(error.position, 3);
}

#[test]
fn attacks_are_slow_when_run() {
    for pattern in
        ["^(\\w+\\s?)*$", "(\\d+)hour", "(?=.*x)y", "^(?:a?){40}a{40}$", "(['\"])(?:\\\\.|.)*?\\1x"]
    {
        let analysis = analyze(pattern, "".parse().unwrap(), &Config::default());
        let attack = analysis.attack.unwrap_or_else(|| panic!("{pattern}: {:?}", analysis.verdict));
        let regex = Regex::parse(pattern, "".parse().unwrap()).unwrap();
        let steps = |pumps| regex.exec(&attack.text(pumps), 3_000_000).steps;
        assert!(
            steps(400) > 12 * steps(100) || steps(100) >= 3_000_000,
            "{pattern}: {} then {}",
            steps(100),
            steps(400)
        );
    }
}

#[test]
fn a_limit_on_the_input_says_what_is_left() {
    let mut config = Config::default();
    let steps = |config: &Config| analyze("\\s+$", "".parse().unwrap(), config).steps_at_limit;
    assert_eq!(steps(&config), None);
    config.input_limit = Some(50);
    assert!(steps(&config).unwrap() < HARMLESS_STEPS);
    config.input_limit = Some(10_000);
    assert!(steps(&config).unwrap() > HARMLESS_STEPS);
}

#[test]
fn newer_syntax_is_read() {
    for pattern in ["(?i:a)b", "(?-i:a)", "(?ims-:a)", "(?<year>\\d{4})-x|x-(?<year>\\d{4})\\k<year>"] {
        assert_eq!(verdict(pattern, ""), Verdict::Safe, "{pattern}");
    }
    for pattern in ["(?<a>x)(?<a>y)", "(?<a>x|(?<a>y))", "(?ii:a)", "(?i-i:a)", "(?-:a)", "(?x:a)"] {
        assert!(matches!(verdict(pattern, ""), Verdict::Invalid(_)), "{pattern}");
    }
    let modifier = Regex::parse("(?i:a)b", "".parse().unwrap()).unwrap();
    let matches = |text: &str| {
        matches!(modifier.exec(&text.encode_utf16().collect::<Vec<_>>(), 100).end, End::Matched(_))
    };
    assert!(matches("Ab") && !matches("AB"));
}

#[test]
fn what_other_letters_would_match_is_still_found() {
    // The pump, or what stands before it, must be of letters that no alternative matches at once.
    for pattern in [
        ".*[^>]",
        "\\d*[^-_:/,()\\s\\d]+",
        "^\\s+|\\s+$",
        "\\B\\*(\\S|\\S[^\\n]*?\\S)\\*(?!\\w)",
        "at (?:(.+)\\s+)?\\(?(?:(.+?):(\\d+):(\\d+)|([^)]+))\\)?",
    ] {
        assert!(matches!(verdict(pattern, ""), Verdict::Polynomial { .. }), "{pattern}");
    }
}

#[test]
fn lookaheads_are_satisfied_first() {
    for pattern in ["^(?=.*\\d)(\\D+)+$", "^(?=.*\\d)(?=.*[a-z])(?=.*[A-Z])([a-zA-Z0-9]+)*$"] {
        assert_eq!(verdict(pattern, ""), Verdict::Exponential, "{pattern}");
    }
    assert!(matches!(verdict("(?<=\\w+)x", ""), Verdict::Polynomial { .. }));
}
