use super::*;
use crate::automaton::{Alphabet, Counters, Looks, build};
use crate::syntax::{Pattern, parse};

fn graph(pattern: &str) -> (Pattern, Graph) {
    let pattern = parse(&pattern.encode_utf16().collect::<Vec<_>>(), "".parse().unwrap()).unwrap();
    let alphabet = Alphabet::new(&pattern);
    let how = (Counters::Copied, Looks::Pass);
    let automaton = build(&pattern, &alphabet, pattern.root, false, true, how).unwrap();
    let graph = Graph::new(&automaton);
    (pattern, graph)
}

fn exponential_candidates(pattern: &str) -> usize {
    exponential(&graph(pattern).1, Choice::FIRST, 10, &mut 100_000).len()
}

fn degree(pattern: &str) -> Option<u32> {
    let found = polynomial(&graph(pattern).1, Choice::FIRST, &mut 100_000);
    found.candidates.first().map(|(degree, _)| *degree)
}

#[test]
fn two_ways_from_a_state_to_itself_are_exponential() {
    for pattern in ["^(a+)+b", "^(a|a)*b", "^(?:a|b|ab)*c", "^(?:aa|a?b?)*c", "^(?:a*b?a*)*c"] {
        assert!(exponential_candidates(pattern) > 0, "{pattern}");
    }
    for pattern in ["^(a|b)*c", "^(ab|ac)*d", "^(?:a*b)*c", "^(?:[a-f]|[g-z])*1"] {
        assert_eq!(exponential_candidates(pattern), 0, "{pattern}");
    }
}

#[test]
fn an_empty_iteration_is_no_second_way() {
    for pattern in ["^(a?)*b", "^(a*?b?)*?c", "^(?:a|)*b"] {
        let expected = usize::from(pattern.contains("*?b?"));
        assert_eq!(exponential_candidates(pattern).min(1), expected, "{pattern}");
    }
}

#[test]
fn what_matches_at_once_cannot_be_pumped() {
    assert_eq!(exponential_candidates("^(a|a)*"), 0);
    assert_eq!(degree("^a*a*"), None);
}

#[test]
fn the_longest_chain_gives_the_degree() {
    assert_eq!(degree("^a*b"), None);
    assert_eq!(degree("^a*a*b"), Some(2));
    assert_eq!(degree("^a*a*a*b"), Some(3));
    assert_eq!(degree("a*b"), Some(2), "searching counts");
    assert_eq!(degree("^a*c[^a]*b"), None, "nothing common to both");
}
