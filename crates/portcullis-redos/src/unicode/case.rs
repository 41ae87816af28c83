//! ECMA-262 22.2.2.7.3 `Canonicalize`: which characters are one under the `i` flag.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{CharSet, property};

/// Which of the two foldings of the standard holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Canonical {
    /// Without `u` and `v`: `toUppercase` of one code unit.
    Uppercase,
    /// With `u` or `v`: simple case folding of Unicode.
    SimpleFold,
}

/// The representative of `c`: equal for two characters exactly if they match each other under `i`.
pub(crate) fn canonicalize(c: u32, mode: Canonical) -> u32 {
    match mode {
        Canonical::Uppercase => uppercase(c),
        Canonical::SimpleFold if c == 0x17f => 0x53,
        Canonical::SimpleFold if c == 0x212a => 0x4b,
        Canonical::SimpleFold if c < 128 => ascii_uppercase(c),
        Canonical::SimpleFold => {
            orbits(mode).of.get(&c).and_then(|orbit| orbit.iter().min()).copied().unwrap_or(c)
        }
    }
}

/// Adds every character that is equal to a member under `i`.
pub(crate) fn close_over_case(set: &CharSet, mode: Canonical) -> CharSet {
    let mut ranges = set.ranges().to_vec();
    let mut wide = 0u64;
    for &(low, high) in set.ranges() {
        for c in low..=high.min(127) {
            let Ok(byte) = u8::try_from(c) else { continue };
            if byte.is_ascii_alphabetic() {
                let other = u32::from(byte ^ 0x20);
                ranges.push((other, other));
                match (mode, byte | 0x20) {
                    (Canonical::SimpleFold, b's') => ranges.push((0x17f, 0x17f)),
                    (Canonical::SimpleFold, b'k') => ranges.push((0x212a, 0x212a)),
                    _ => {}
                }
            }
        }
        if high >= 128 {
            wide += u64::from(high - low.max(128)) + 1;
        }
    }
    if wide == 0 {
        return CharSet::new(ranges);
    }
    let orbits = orbits(mode);
    if wide <= 64 {
        for &(low, high) in set.ranges() {
            for c in low.max(128)..=high {
                ranges.extend(orbits.of.get(&c).into_iter().flatten().map(|&c| (c, c)));
            }
        }
    } else {
        for orbit in orbits.of.values() {
            if orbit.iter().any(|&c| set.contains(c)) {
                ranges.extend(orbit.iter().map(|&c| (c, c)));
            }
        }
    }
    CharSet::new(ranges)
}

/// `Canonicalize` steps 3 to 8: one code unit up, one code unit out, and never from outside ASCII into it.
fn uppercase(c: u32) -> u32 {
    if c < 128 {
        return ascii_uppercase(c);
    }
    let Some(character) = char::from_u32(c) else {
        return c;
    };
    let mut upper = character.to_uppercase();
    match (upper.next().map(u32::from), upper.next()) {
        (Some(one), None) if (128..=0xffff).contains(&one) => one,
        _ => c,
    }
}

fn ascii_uppercase(c: u32) -> u32 {
    if (0x61..=0x7a).contains(&c) { c - 0x20 } else { c }
}

/// For each character beyond ASCII that is equal to others: all of them.
struct Orbits {
    of: HashMap<u32, Vec<u32>>,
}

fn orbits(mode: Canonical) -> &'static Orbits {
    static UPPERCASE: LazyLock<Orbits> = LazyLock::new(|| Orbits::new(Canonical::Uppercase));
    static SIMPLE_FOLD: LazyLock<Orbits> = LazyLock::new(|| Orbits::new(Canonical::SimpleFold));
    match mode {
        Canonical::Uppercase => &UPPERCASE,
        Canonical::SimpleFold => &SIMPLE_FOLD,
    }
}

impl Orbits {
    fn new(mode: Canonical) -> Self {
        let cased = ["Changes_When_Casemapped", "Changes_When_Casefolded"]
            .into_iter()
            .filter_map(|name| property(name, None))
            .fold(CharSet::default(), |all, set| all.union(&set));
        let mut members: HashMap<u32, Vec<u32>> = HashMap::new();
        for &(low, high) in cased.ranges() {
            for c in low.max(128)..=high {
                match mode {
                    Canonical::Uppercase if c > 0xffff => {}
                    Canonical::Uppercase => {
                        let upper = uppercase(c);
                        members.entry(upper).or_insert_with(|| vec![upper]).push(c);
                    }
                    Canonical::SimpleFold => {
                        members.insert(c, fold_orbit(c));
                    }
                }
            }
        }
        let mut of = HashMap::new();
        for mut orbit in members.into_values() {
            orbit.sort_unstable();
            orbit.dedup();
            if orbit.len() > 1 {
                of.extend(orbit.iter().map(|&c| (c, orbit.clone())));
            }
        }
        Self { of }
    }
}

fn fold_orbit(c: u32) -> Vec<u32> {
    let mut class = ClassUnicode::new(scalar_ranges(c, c));
    if class.try_case_fold_simple().is_err() {
        return vec![c];
    }
    class.ranges().iter().flat_map(|r| u32::from(r.start())..=u32::from(r.end())).collect()
}

/// Rust's `char` has no surrogates, and no surrogate has a case.
fn scalar_ranges(low: u32, high: u32) -> impl Iterator<Item = ClassUnicodeRange> {
    [(low, high.min(0xd7ff)), (low.max(0xe000), high.min(0x10_ffff))]
        .into_iter()
        .filter(|(low, high)| low <= high)
        .filter_map(|(low, high)| Some(ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_u_nothing_folds_into_ascii() {
        assert_eq!(canonicalize(0x17f, Canonical::Uppercase), 0x17f);
        assert_eq!(canonicalize(0x131, Canonical::Uppercase), 0x131);
        assert_eq!(
            close_over_case(&CharSet::single(0x73), Canonical::Uppercase).ranges(),
            [(0x53, 0x53), (0x73, 0x73)]
        );
    }

    #[test]
    fn with_u_long_s_and_kelvin_fold_into_ascii() {
        let s = close_over_case(&CharSet::single(0x73), Canonical::SimpleFold);
        assert!(s.contains(0x17f) && s.contains(0x53));
        assert_eq!(canonicalize(0x212a, Canonical::SimpleFold), canonicalize(0x6b, Canonical::SimpleFold));
    }

    #[test]
    fn closing_agrees_with_canonicalize() {
        for mode in [Canonical::Uppercase, Canonical::SimpleFold] {
            let canonical: Vec<u32> = (0..0x2200).map(|c| canonicalize(c, mode)).collect();
            for c in (0..0x600).chain(0x1c80..0x2200).step_by(3) {
                let closed = close_over_case(&CharSet::single(c), mode);
                for d in 0..0x2200 {
                    let same = canonical[c as usize] == canonical[d as usize];
                    assert_eq!(closed.contains(d), same, "{c:x} {d:x} {mode:?}");
                }
            }
        }
    }
}
