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

/// The Damerau-Levenshtein distance in its restricted form: insertions, deletions, substitutions, and swaps of
/// neighbours, counted in characters.
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let width = other.len() + 1;
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..width).collect();
    let mut previous = None;
    for (row, letter) in one.chars().enumerate() {
        let mut current = Vec::with_capacity(width);
        current.push(row + 1);
        let mut left = row + 1;
        let mut left_letter = None;
        for (column, &target) in other.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let substituted = at(&above, column) + usize::from(letter != target);
            let mut best = substituted.min(at(&above, column + 1) + 1).min(left + 1);
            if previous == Some(target) && left_letter == Some(letter) {
                best = best.min(at(&before, column.wrapping_sub(1)) + 1);
            }
            current.push(best);
            left = best;
            left_letter = Some(target);
        }
        before = std::mem::replace(&mut above, current);
        previous = Some(letter);
    }
    above.last().copied().unwrap_or(0)
}
