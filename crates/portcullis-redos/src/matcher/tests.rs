use super::*;
use crate::syntax::parse;

fn exec(pattern: &str, flags: &str, input: &str) -> Option<Vec<Option<String>>> {
    let units: Vec<u16> = pattern.encode_utf16().collect();
    let tree = parse(&units, flags.parse().unwrap()).unwrap();
    let program = compile(&tree);
    let mut matcher = Matcher::new(&program);
    let text: Vec<u16> = input.encode_utf16().collect();
    match matcher.search(&text, 1_000_000).1 {
        Outcome::Matched => Some(
            matcher
                .captures()
                .into_iter()
                .map(|range| range.map(|range| String::from_utf16(&text[range]).unwrap()))
                .collect(),
        ),
        Outcome::NoMatch => None,
        Outcome::Stopped => panic!("stopped"),
    }
}

fn groups(pattern: &str, flags: &str, input: &str) -> Vec<String> {
    exec(pattern, flags, input).unwrap().into_iter().map(|group| group.unwrap_or("-".into())).collect()
}

#[test]
fn examples_of_the_standard_hold() {
    assert_eq!(groups("((a)|(ab))((c)|(bc))", "", "abc"), ["abc", "a", "a", "-", "bc", "-", "bc"]);
    assert_eq!(groups("a[a-z]{2,4}?", "", "abcdefghi"), ["abc"]);
    assert_eq!(groups("(aa|aabaac|ba|b|c)*", "", "aabaac"), ["aaba", "ba"]);
    assert_eq!(groups("(z)((a+)?(b+)?(c))*", "", "zaacbbbcac"), ["zaacbbbcac", "z", "ac", "a", "-", "c"]);
    assert_eq!(groups("(?=(a+))a*b\\1", "", "baaabac"), ["aba", "a"]);
    assert_eq!(groups("(.*?)a(?!(a+)b\\2c)\\2(.*)", "", "baaabaac"), ["baaabaac", "ba", "-", "abaac"]);
    assert_eq!(groups("(a*)*", "", "b"), ["", "-"]);
    assert_eq!(groups("(?:a?)*?$", "", "a"), ["a"]);
}

#[test]
fn lookbehind_runs_backward() {
    assert_eq!(groups("(?<=(\\d+)(\\d+))$", "", "1053"), ["", "1", "053"]);
    assert_eq!(groups("(?<=\\1(a))b", "", "aab"), ["b", "a"]);
    assert_eq!(exec("(?<!a)b", "", "ab"), None);
}

#[test]
fn surrogates_are_one_character_only_with_u() {
    assert_eq!(exec("^.$", "", "\u{1f600}"), None);
    assert_eq!(groups("^.$", "u", "\u{1f600}"), ["\u{1f600}"]);
    assert_eq!(groups("(?<=^.)x", "u", "\u{1f600}x"), ["x"]);
}

#[test]
fn nested_repetition_takes_exponential_steps() {
    let tree = parse(&"^(a+)+$".encode_utf16().collect::<Vec<_>>(), "".parse().unwrap()).unwrap();
    let program = compile(&tree);
    let mut matcher = Matcher::new(&program);
    let mut steps = |n: usize| {
        matcher.search(&format!("{}!", "a".repeat(n)).encode_utf16().collect::<Vec<_>>(), u64::MAX).0
    };
    assert!(steps(12) > 3 * steps(10));
}
