//! What somebody may have meant by an id that is not there.

use crate::rule::Rule;
use crate::{all, find};

/// How many suggestions are given at most, but for a family's name, which gives the whole family.
const MOST: usize = 5;

/// The rules that somebody may have meant by `id`, best first; none when nothing is alike.
///
/// Letter case, `_` for `-` and white space around do not matter. The first of these that gives something:
///
/// 1. the rule of that id, alone;
/// 2. all rules of a family, when `id` is its name, give or take a letter (`cookies`);
/// 3. rules that are alike, five at most: first ids within a few typing errors (one for every three
///    characters), then rules of that name in another family, then those that share a word of the id, or speak
///    of it in title or reason (`clickjacking`).
///
/// ```
/// use portcullis_rules::{cookie, header, nearest};
///
/// assert_eq!(*nearest("cookie.secure-mising")[0], cookie::SECURE_MISSING);
/// assert_eq!(*nearest("hsts")[0], header::HSTS_MISSING);
/// assert_eq!(*nearest("clickjacking")[0], header::FRAME_MISSING);
/// assert_eq!(nearest("cookie").len(), cookie::RULES.len());
/// assert!(nearest("zzzzzz").is_empty());
/// ```
pub fn nearest(id: &str) -> Vec<&'static Rule> {
    // No id is longer than 64 bytes; the bound keeps the work small whatever is asked.
    let wanted: String = id
        .trim()
        .chars()
        .take(64)
        .collect::<String>()
        .to_lowercase()
        .replace('_', "-");
    if let Some(rule) = find(&wanted) {
        return vec![rule];
    }
    for slack in [0, wanted.len() / 5] {
        let family: Vec<_> = all()
            .filter(|rule| edit_distance(&wanted, rule.family()) <= slack)
            .collect();
        if !family.is_empty() {
            return family;
        }
    }

    let mut alike: Vec<_> = all()
        .filter_map(|rule| Some((likeness(&wanted, rule)?, rule)))
        .collect();
    alike.sort_by_key(|(likeness, _)| *likeness);
    alike.into_iter().map(|(_, rule)| rule).take(MOST).collect()
}

/// How far a rule is from what was asked, the smaller the nearer; nothing when it is not alike at all.
fn likeness(wanted: &str, rule: &Rule) -> Option<(usize, usize)> {
    let distance = edit_distance(wanted, rule.id.as_str());
    if distance <= wanted.len() / 3 {
        return Some((0, distance));
    }
    let name = wanted.split_once('.').map_or(wanted, |(_, name)| name);
    if edit_distance(name, rule.id.name()) <= name.len() / 4 {
        return Some((1, distance));
    }
    let strangeness: Vec<usize> = words(wanted).map(|word| word_strangeness(word, rule)).collect();
    strangeness
        .iter()
        .any(|&strange| strange < STRANGE)
        .then(|| (2 + strangeness.iter().sum::<usize>(), distance))
}

/// A word that a rule has nothing to do with.
const STRANGE: usize = 2;

/// 0 for a word of the id or the beginning of one, 1 for a word that the text speaks of.
fn word_strangeness(word: &str, rule: &Rule) -> usize {
    let begins = |other: &str| other == word || (word.len() > 2 && other.starts_with(word));
    let speaks = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric())
            .any(|other| other.eq_ignore_ascii_case(word))
    };
    if words(rule.id.as_str()).any(begins) {
        0
    } else if word.len() > 3 && (speaks(rule.title) || speaks(rule.why)) {
        1
    } else {
        STRANGE
    }
}

/// The words that tell one rule from another.
fn words(id: &str) -> impl Iterator<Item = &str> {
    id.split(['.', '-', ' '])
        .filter(|word| !matches!(*word, "" | "missing" | "no" | "x"))
}

/// The Levenshtein distance: insertions, deletions and substitutions, counted in characters.
fn edit_distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    let mut distance = row.len() - 1;
    for (above_first, letter) in one.chars().enumerate() {
        let mut diagonal = above_first;
        distance = above_first + 1;
        for (target, cell) in other.chars().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            distance = (diagonal + usize::from(letter != target))
                .min(above + 1)
                .min(distance + 1);
            diagonal = std::mem::replace(cell, distance);
        }
    }
    distance
}
