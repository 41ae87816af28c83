//! What somebody may have meant by an id that is not there.

use crate::rule::Rule;
use crate::{all, find};

/// How many suggestions are given at most, but for a family's name, which gives the whole family.
const MOST: usize = 5;

/// The rules whose id is most like `id`, best first; none when nothing is alike.
///
/// Letter case, `_` for `-` and white space around do not matter. In this order:
///
/// 1. the rule of that id, alone;
/// 2. all rules of a family, when `id` is its name;
/// 3. ids within a few typing errors: one for every three characters, by edit distance;
/// 4. ids that have the same name in another family, or share a word with it (`hsts`, `domain`).
///
/// Of the last two, five at most.
///
/// ```
/// use portcullis_rules::{cookie, header, nearest};
///
/// assert_eq!(*nearest("cookie.secure-mising")[0], cookie::SECURE_MISSING);
/// assert_eq!(*nearest("hsts")[0], header::HSTS_MISSING);
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
        .to_ascii_lowercase()
        .replace('_', "-");
    if let Some(rule) = find(&wanted) {
        return vec![rule];
    }
    let family: Vec<_> = all().filter(|rule| rule.family() == wanted).collect();
    if !family.is_empty() {
        return family;
    }

    let mut alike: Vec<_> = all()
        .filter_map(|rule| Some((likeness(&wanted, rule)?, rule)))
        .collect();
    alike.sort_by_key(|(likeness, _)| *likeness);
    alike.into_iter().map(|(_, rule)| rule).take(MOST).collect()
}

/// How far a rule is from what was asked, the smaller the nearer; nothing when it is not alike at all.
fn likeness(wanted: &str, rule: &Rule) -> Option<(usize, usize)> {
    let id = rule.id.as_str();
    let distance = edit_distance(wanted, id);
    if distance <= wanted.len() / 3 {
        return Some((0, distance));
    }
    let name = wanted.split_once('.').map_or(wanted, |(_, name)| name);
    if edit_distance(name, rule.id.name()) <= name.len() / 4 {
        return Some((1, distance));
    }
    let shared = words(wanted)
        .filter(|word| words(id).any(|other| other == *word))
        .count();
    (shared > 0).then_some((2 + words(wanted).count().saturating_sub(shared), distance))
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
