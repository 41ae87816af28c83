//! Node as the judge: what it accepts, and what it matches.

use std::io::Write;
use std::process::{Command, Stdio};

use portcullis_redos::{End, Flags, Regex};
use serde::{Deserialize, Serialize};

use crate::random::{self, Random};

#[derive(Serialize)]
struct Question {
    pattern: String,
    flags: &'static str,
    inputs: Vec<String>,
}

/// Start and end of each group.
type Groups = Vec<Option<(usize, usize)>>;

#[derive(Deserialize)]
struct Answer {
    accepted: bool,
    runs: Vec<Option<Groups>>,
}

/// Asks the `node` on the path; it is part of what this project's tests need.
fn node(questions: &[Question]) -> Vec<Answer> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/node.js");
    let mut child = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node must be on the path");
    let mut stdin = child.stdin.take().unwrap();
    for question in questions {
        writeln!(stdin, "{}", serde_json::to_string(question).unwrap()).unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Answer> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// What ECMAScript 2025 has and Node 20 has not: modifiers, and names given twice.
fn newer_than_node(pattern: &str) -> bool {
    let modifier =
        pattern.match_indices("(?").any(|(at, _)| pattern[at + 2..].starts_with(['i', 'm', 's', '-']));
    modifier || pattern.matches("(?<n>").count() > 1
}

/// Corner cases by hand: each line a pattern, tried with and without `u` and `v`.
const SYNTAX: &[&str] = &[
    "",
    "a{",
    "a{1",
    "a{1}",
    "a{,1}",
    "{1}",
    "{",
    "}",
    "]",
    "a{2,1}",
    "a**",
    "a*?",
    "a*??",
    "+",
    "^*",
    "$+",
    "\\b+",
    "(?=a)*",
    "(?!a){2}",
    "(?<=a)*",
    "(?<!a)?",
    "()",
    "(?:)",
    "(",
    ")",
    "(?",
    "(?a)",
    "(?<",
    "(?<a",
    "(?<a>",
    "(?<a>)",
    "(?<1>)",
    "(?<a b>)",
    "(?<$_>x)\\k<$_>",
    "\\k",
    "\\k<",
    "\\k<a>",
    "(?<a>)\\k",
    "(?<a>)\\k<b>",
    "(?<a>)\\k<a>",
    "\\k<a>(?<a>)",
    "\\1",
    "\\2()",
    "()\\1",
    "\\8",
    "\\9",
    "\\0",
    "\\00",
    "\\01",
    "\\377",
    "\\400",
    "[\\1]",
    "[\\8]",
    "\\x",
    "\\x1",
    "\\x41",
    "\\u",
    "\\u1",
    "\\u0041",
    "\\u{41}",
    "\\u{110000}",
    "\\u{}",
    "\\ud83d\\ude00",
    "[\\ud83d\\ude00]",
    "\\c",
    "\\cA",
    "\\c1",
    "[\\c1]",
    "[\\c]",
    "\\a",
    "\\-",
    "[\\-]",
    "[a-]",
    "[-a]",
    "[b-a]",
    "[a-\\d]",
    "[\\d-a]",
    "[\\d-\\w]",
    "[",
    "[]",
    "[^]",
    "[a",
    "[\\",
    "\\",
    "\\p",
    "\\p{",
    "\\p{L}",
    "\\p{Lu}",
    "\\P{Lu}",
    "\\p{gc=Lu}",
    "\\p{General_Category=Lu}",
    "\\p{Script=Greek}",
    "\\p{Script=greek}",
    "\\p{sc=Grek}",
    "\\p{scx=Grek}",
    "\\p{Greek}",
    "\\p{Foo}",
    "\\p{ASCII}",
    "\\p{ascii}",
    "\\p{RGI_Emoji}",
    "\\P{RGI_Emoji}",
    "[\\p{RGI_Emoji}]",
    "[^\\p{RGI_Emoji}]",
    "[\\q{a|bc}]",
    "[^\\q{a|bc}]",
    "[^\\q{a|b}]",
    "[a&&b]",
    "[a--b]",
    "[a&&b--c]",
    "[a-z&&[aeiou]]",
    "[[a-z]&&[aeiou]]",
    "[[a-z]--[aeiou]]",
    "[a&&&b]",
    "[&&]",
    "[a&&]",
    "[--a]",
    "[(]",
    "[)]",
    "[{]",
    "[|]",
    "[/]",
    "[-]",
    "[a-b-c]",
    "[!!]",
    "[!]",
    "[\\!]",
    "[##]",
    "[a^^b]",
    "[^^]",
    "[[a]",
    "[a[b]c]",
    "[[]]",
    "(?<a>x)|(?<b>y)",
    "(?<\\u0061>x)\\k<a>",
    "(?<\\u{61}>x)",
    "(?<\\ud835\\udc9c>.)",
    "(?<\u{1d49c}>.)",
    "a|*",
    "|",
    "a||b",
    "(?:a",
    "\\p{Any}",
    "\\p{Assigned}",
    "\\p{Script_Extensions=Latin}",
    "\\p{Line_Break=Alphabetic}",
    "\\p{Emoji}",
    "\\p{ID_Start}",
    "\\p{IDS}",
    "\\p{Bidi_M}",
    "\\p{Lowercase}",
    "\\p{lowercase}",
    "\\p{L }",
    "\\p{=L}",
    "\\p{Block=ASCII}",
    "\\p{General_Category}",
    "\\p{Script}",
    "\\p{Nko}",
    "\\p{sc=Nko}",
    "\\p{sc=Phags_Pa}",
    "\\p{sc=SignWriting}",
    "\\p{sc=Zinh}",
    "\\p{sc=Qaai}",
    "\\p{sc=Qaac}",
    "\\p{sc=Old_Persian}",
    "\\p{sc=Hanifi_Rohingya}",
    "\\p{sc=Katakana_Or_Hiragana}",
    "\\p{Decimal_Number}",
    "\\p{digit}",
    "\\p{punct}",
    "\\p{Combining_Mark}",
    "\\p{Other}",
    "\\p{Cs}",
    "\\_",
    "\\é",
    "\\/",
    "/",
    "\\\u{1f600}",
    "[\\b]",
    "[\\B]",
    "[\\k]",
    "(?<a>)[\\k]",
    "\\d-\\w",
    "a{99999999999999999999}",
    "a{0}",
    "(?:a{2}){3}?",
    "a{2}{3}",
    "x{1,2}?",
    "x{1,2}??",
    "\\u{1F600}{2}",
];

const INPUTS: &[&str] = &[
    "",
    "a",
    "ab",
    "aab a-b",
    "abcabc",
    "x1 y",
    "AB\nba",
    "é\u{1f600}a",
    "αω.",
    "cccbba",
    "aaaaaaa",
    "K\u{212a}s\u{17f}",
    "0 9-a",
    "ba.ba",
];

#[test]
fn node_accepts_what_we_accept() {
    let mut random = Random::new(7);
    let mut questions = Vec::new();
    for pattern in SYNTAX {
        for flags in ["", "u", "v", "i", "iu", "iv"] {
            questions.push(Question { pattern: (*pattern).to_owned(), flags, inputs: Vec::new() });
        }
    }
    while questions.len() < 30_000 {
        let pattern = random::pattern(&mut random);
        if !newer_than_node(&pattern) {
            questions.push(Question { pattern, flags: random::flags(&mut random), inputs: Vec::new() });
        }
    }
    let mut different = 0;
    for (question, answer) in questions.iter().zip(node(&questions)) {
        let ours = Regex::parse(&question.pattern, question.flags.parse().unwrap());
        if ours.is_ok() != answer.accepted {
            different += 1;
            println!("/{}/{}: Node {}, we {ours:.60?}", question.pattern, question.flags, answer.accepted);
        }
    }
    println!("{} patterns compared", questions.len());
    assert_eq!(different, 0);
}

#[test]
fn node_matches_what_we_match() {
    let mut random = Random::new(11);
    let (mut questions, mut expected) = (Vec::new(), Vec::new());
    while questions.len() < 12_000 {
        let pattern = random::pattern(&mut random);
        let flags = random::flags(&mut random);
        let parsed: Flags = flags.parse().unwrap();
        let Ok(regex) = Regex::parse(&pattern, parsed) else {
            continue;
        };
        if newer_than_node(&pattern) {
            continue;
        }
        let inputs: Vec<&str> = (0..4).map(|_| random.pick(INPUTS)).collect();
        let runs: Vec<_> = inputs
            .iter()
            .map(|input| regex.exec(&input.encode_utf16().collect::<Vec<_>>(), 50_000).end)
            .collect();
        // What takes us long takes Node for ever.
        if runs.contains(&End::Stopped) {
            continue;
        }
        expected.push(runs);
        questions.push(Question { pattern, flags, inputs: inputs.into_iter().map(str::to_owned).collect() });
    }
    let (mut different, mut compared, mut matched) = (0, 0, 0);
    for ((question, answer), ours) in questions.iter().zip(node(&questions)).zip(expected) {
        for ((input, theirs), ours) in question.inputs.iter().zip(answer.runs).zip(ours) {
            let ours = match ours {
                End::Matched(groups) => Some(
                    groups
                        .into_iter()
                        .map(|group| group.map(|range| (range.start, range.end)))
                        .collect::<Vec<_>>(),
                ),
                _ => None,
            };
            compared += 1;
            matched += u32::from(ours.is_some());
            if ours != theirs {
                different += 1;
                println!(
                    "/{}/{} on {input:?}: Node {theirs:?}, we {ours:?}",
                    question.pattern, question.flags
                );
            }
        }
    }
    println!("{compared} runs compared, {matched} of them matched");
    assert!(matched > 1_000);
    assert_eq!(different, 0);
}
