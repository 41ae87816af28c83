//! Characters that no set of the pattern tells apart are one letter.
#![allow(
    clippy::indexing_slicing,
    reason = "letters are below 256, and intervals are indices of the same vector"
)]

use std::collections::HashMap;

use crate::syntax::{Assertion, Node, Pattern};
use crate::unicode::CharSet;

/// The letter that stands for the end of the input.
pub(crate) const END: usize = 255;

/// A set of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Letters([u64; 4]);

impl Letters {
    pub(crate) const NONE: Self = Self([0; 4]);
    pub(crate) const ALL: Self = Self([u64::MAX; 4]);

    pub(crate) fn single(letter: usize) -> Self {
        let mut set = Self::NONE;
        set.insert(letter);
        set
    }

    pub(crate) fn insert(&mut self, letter: usize) {
        self.0[letter >> 6 & 3] |= 1 << (letter & 63);
    }

    pub(crate) fn contains(&self, letter: usize) -> bool {
        self.0[letter >> 6 & 3] >> (letter & 63) & 1 == 1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] & !other.0[i]))
    }

    pub(crate) fn first(self) -> Option<usize> {
        self.iter().next()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(word, bits)| {
            std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)))
                .take_while(|bits| *bits != 0)
                .map(move |bits| word * 64 + bits.trailing_zeros() as usize)
        })
    }
}

/// The letters of a pattern.
#[derive(Debug)]
pub(crate) struct Alphabet {
    /// A character for each letter, one that is easily read where there is a choice.
    characters: Vec<u32>,
    /// The letters of each set of the pattern.
    sets: Vec<Letters>,
    pub(crate) all: Letters,
    /// Word characters, where `\b` asks for them.
    pub(crate) words: Letters,
    /// Line terminators, where `^` or `$` asks for them.
    pub(crate) line_ends: Letters,
}

impl Alphabet {
    pub(crate) fn new(pattern: &Pattern) -> Self {
        let mut words = None;
        let mut lines = false;
        for node in pattern.nodes() {
            match node {
                Node::Assertion(Assertion::WordBoundary { words: set, .. }) => {
                    words = Some(set);
                }
                Node::Assertion(Assertion::Start { multiline } | Assertion::End { multiline }) => {
                    lines |= multiline;
                }
                _ => {}
            }
        }
        let line_ends = CharSet::line_terminators();
        let mut sets: Vec<&CharSet> = pattern.sets().iter().collect();
        if lines {
            sets.push(&line_ends);
        }
        let intervals = intervals(&sets, pattern.max_char());
        let width = sets.len().div_ceil(64).max(1);
        let mut signatures = vec![0u64; intervals.len() * width];
        for (i, set) in sets.iter().enumerate() {
            for &(low, high) in set.ranges() {
                let first = intervals.partition_point(|&start| start < low);
                for interval in first..intervals.partition_point(|&start| start <= high) {
                    signatures[interval * width + i / 64] |= 1 << (i % 64);
                }
            }
        }
        let mut alphabet = Self {
            characters: Vec::new(),
            sets: vec![Letters::NONE; sets.len()],
            all: Letters::NONE,
            words: Letters::NONE,
            line_ends: Letters::NONE,
        };
        let mut known: HashMap<&[u64], usize> = HashMap::new();
        for (interval, signature) in signatures.chunks(width).enumerate() {
            let start = intervals[interval];
            let end = intervals.get(interval + 1).map_or(pattern.max_char(), |next| next - 1);
            let character = readable(start, end);
            match known.get(signature) {
                Some(&letter) => {
                    if rank(character) < rank(alphabet.characters[letter]) {
                        alphabet.characters[letter] = character;
                    }
                }
                // More than fit: these characters are left out.
                None if alphabet.characters.len() == END => {}
                None => {
                    let letter = alphabet.characters.len();
                    alphabet.characters.push(character);
                    alphabet.all.insert(letter);
                    known.insert(signature, letter);
                    for (i, set) in alphabet.sets.iter_mut().enumerate() {
                        if signature[i / 64] >> (i % 64) & 1 == 1 {
                            set.insert(letter);
                        }
                    }
                }
            }
        }
        if lines {
            alphabet.line_ends = alphabet.sets.last().copied().unwrap_or_default();
        }
        if let Some(words) = words {
            alphabet.words = alphabet.of(words.0 as usize);
        }
        alphabet
    }

    pub(crate) fn of(&self, set: usize) -> Letters {
        self.sets[set]
    }

    pub(crate) fn character(&self, letter: usize) -> u32 {
        self.characters[letter]
    }
}

/// Starts of the intervals between which no set begins or ends.
fn intervals(sets: &[&CharSet], max: u32) -> Vec<u32> {
    let mut starts = vec![0];
    for &(low, high) in sets.iter().flat_map(|set| set.ranges()) {
        starts.extend([low, high.saturating_add(1)]);
    }
    starts.sort_unstable();
    starts.dedup();
    starts.retain(|&start| start <= max);
    starts
}

/// The best character to show out of a range.
fn readable(low: u32, high: u32) -> u32 {
    [0x61, 0x30, 0x41, 0x21, 0x20, 0x3a, 0x5b, 0x7b, 0x7f, 0xa1, 0xe000]
        .into_iter()
        .map(|wanted: u32| wanted.clamp(low, high))
        .min_by_key(|&c| rank(c))
        .unwrap_or(low)
}

fn rank(c: u32) -> u32 {
    match c {
        0x61..=0x7a => 0,
        0x30..=0x39 => 1,
        0x41..=0x5a => 2,
        0x21..=0x7e => 3,
        0x20 => 4,
        0x09 | 0x0a | 0x0d => 5,
        0xa1..=0xd7ff => 6,
        0..0x80 => 7,
        0xd800..=0xdfff => 9,
        _ => 8,
    }
}
