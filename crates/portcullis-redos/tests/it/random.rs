//! Patterns nobody would write.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use portcullis_redos::{Config, Flags, Verdict, analyze};

/// A small generator with a fixed seed (splitmix64): the same patterns on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    pub(crate) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const ATOMS: &[&str] = &[
    "a",
    "b",
    "c",
    "ab",
    "\\w",
    "\\d",
    "\\s",
    ".",
    "[ab]",
    "[^a]",
    "[\\s\\S]",
    "\\W",
    "x",
    "[a-z0-9]",
    "-",
    " ",
    "\\.",
    "(?:)",
    "[^\\n]",
    "\\b",
    "^",
    "$",
    "\\B",
    "é",
    "[α-ω]",
    "\u{1f600}",
];
const QUANTIFIERS: &[&str] =
    &["*", "+", "?", "*?", "+?", "{2}", "{2,}", "{0,3}", "{1,4}?", "{5,20}", "{3,70000}", "{25}", "{0}"];
const OPENERS: &[&str] = &["(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?<n>", "(?i:", "(?-i:"];
const NOISE: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "*",
    "+",
    "?",
    "|",
    "\\",
    "^",
    "$",
    "\\1",
    "\\2",
    "\\k<n>",
    "\\u",
    "\\x",
    "\\c",
    "\\p{L}",
    "\\p{Lu}",
    "-",
    "&&",
    "--",
    "\\q{ab|c}",
    "1",
    ",",
    "<",
    ">",
    ":",
    "=",
    "!",
];
const FLAGS: &[&str] = &["", "", "", "i", "m", "s", "u", "v", "iu", "y", "im", "iv", "g", "ims", "usi"];

/// A pattern that is well-formed for the most part.
pub(crate) fn pattern(random: &mut Random) -> String {
    let mut text = String::new();
    sequence(random, &mut text, 0);
    while random.below(6) == 0 {
        // And something wrong in it.
        let at = (0..=text.len())
            .filter(|&at| text.is_char_boundary(at))
            .nth(random.below(text.chars().count() + 1));
        text.insert_str(at.unwrap_or(0), random.pick(NOISE));
    }
    text
}

pub(crate) fn flags(random: &mut Random) -> &'static str {
    random.pick(FLAGS)
}

fn sequence(random: &mut Random, text: &mut String, depth: usize) {
    for _ in 0..=random.below(5) {
        match random.below(10) {
            0 | 1 if depth < 5 => {
                text.push_str(random.pick(OPENERS));
                sequence(random, text, depth + 1);
                while random.below(3) == 0 {
                    text.push('|');
                    sequence(random, text, depth + 1);
                }
                text.push(')');
            }
            2 if random.below(4) == 0 => {
                let _ = write!(text, "\\{}", 1 + random.below(3));
            }
            _ => text.push_str(random.pick(ATOMS)),
        }
        if random.below(2) == 0 {
            text.push_str(random.pick(QUANTIFIERS));
        }
    }
}

/// Every answer comes, and soon. `PORTCULLIS_REDOS_RANDOM` says how many patterns are tried.
#[test]
fn random_patterns_are_answered_in_bounded_time() {
    let count: u64 =
        std::env::var("PORTCULLIS_REDOS_RANDOM").ok().map_or(20_000, |count| count.parse().unwrap());
    // The bound holds for optimised code; without optimisation everything takes twenty times as long.
    let bound = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 50 });
    let mut random = Random::new(0x5eed);
    let config = Config::default();
    let (mut verdicts, mut slowest, mut late) = ([0u64; 6], Duration::ZERO, 0);
    for tried in 1..=count {
        let text = pattern(&mut random);
        let flags: Flags = flags(&mut random).parse().unwrap();
        let start = Instant::now();
        let mut analysis = analyze(&text, flags, &config);
        let mut elapsed = start.elapsed();
        if elapsed >= bound {
            // Others use the machine as well: the second time only our own time counts.
            let start = processor_time().unwrap_or_default();
            analysis = analyze(&text, flags, &config);
            elapsed = processor_time().map_or(elapsed, |end| end.saturating_sub(start));
        }
        let verdict = analysis.verdict;
        if tried % 1_000_000 == 0 {
            println!("{tried} patterns, slowest {slowest:?}");
        }
        if elapsed >= bound {
            late += 1;
            println!("{elapsed:?} {verdict:?} /{text}/{flags}");
        }
        slowest = slowest.max(elapsed);
        verdicts[match verdict {
            Verdict::Safe => 0,
            Verdict::Polynomial { .. } => 1,
            Verdict::Exponential => 2,
            Verdict::Suspected => 3,
            Verdict::Unknown { .. } => 4,
            Verdict::Invalid(_) => 5,
        }] += 1;
    }
    println!(
        "{count} patterns: safe, polynomial, exponential, suspected, unknown, invalid {verdicts:?}; slowest {slowest:?}"
    );
    assert_eq!(late, 0, "answers later than {bound:?}");
    assert!(verdicts[0] > 0 && verdicts[1] > 0 && verdicts[2] > 0 && verdicts[5] > 0);
}

/// What this thread has had of the processor, where the system tells (Linux).
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// What has broken other analysers.
#[test]
fn hostile_patterns_are_answered() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}a{}", open.repeat(depth), close.repeat(depth));
    let patterns = [
        nested("(", ")", 9_000),
        nested("(", ")+", 200),
        nested("(", ")*", 249),
        nested("(?:", "){2}", 200),
        nested("(a|", ")*b", 200),
        nested("(?=", ")", 200),
        nested("(", "){0,9007199254740991}", 60),
        "(a?){0,9007199254740991}".to_owned(),
        "(?:){4294967295}".to_owned(),
        "(?:a?){4294967295}b".to_owned(),
        "((a{1,100}){1,100}){1,100}b".to_owned(),
        "[".repeat(9_000),
        "a|".repeat(9_000),
        "a?".repeat(5_000),
        ".*".repeat(3_000),
        "\\w+\\s*".repeat(1_500),
        "(a)\\1".repeat(1_000),
        "(?=a*)".repeat(1_000),
        "a".repeat(19_999),
        "x".repeat(1_000_000),
    ];
    for text in patterns {
        for flags in ["", "i", "u", "v"] {
            let start = processor_time();
            let wall = Instant::now();
            let analysis = analyze(&text, flags.parse().unwrap(), &Config::default());
            let elapsed = match (start, processor_time()) {
                (Some(start), Some(end)) => end.saturating_sub(start),
                _ => wall.elapsed(),
            };
            println!("{elapsed:?} {:?} {:.40}", analysis.verdict, text);
            let bound = if cfg!(debug_assertions) { 5_000 } else { 100 };
            assert!(elapsed < Duration::from_millis(bound), "{elapsed:?} {:?} {text:.60}", analysis.verdict);
        }
    }
}
