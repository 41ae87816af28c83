//! In how many ways the automaton can read a text.
//!
//! A backtracking matcher that fails has tried every way. Exponentially many ways need a state with two
//! different paths back to itself over the same text (EDA, Weber and Seidl 1991); polynomially many need two
//! states, each with a path to itself and the first with one to the second, over the same text (IDA; the degree
//! is the length of the longest chain of such states). The search for a match at every position is itself a
//! state of the automaton, so that what is quadratic only by searching is found as any other.
//! The approach is that of Weideman, van der Merwe, Berglund and Watson (CIAA 2016).

mod exponential;
mod graph;
mod hash;
mod polynomial;
mod simulate;
mod surviving;
#[cfg(test)]
mod tests;

pub(crate) use exponential::exponential;
pub(crate) use graph::Graph;
pub(crate) use polynomial::polynomial;
pub(crate) use simulate::{Demand, Fate, Simulation};
pub(crate) use surviving::surviving_pump;

use crate::automaton::{Letters, StateId};

/// How letters are chosen where several would do: some texts are ended by a match where others are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// Not these.
    pub(crate) avoid: Letters,
    /// 0 takes the first, any other number a mixture of its own.
    pub(crate) salt: u32,
}

impl Choice {
    pub(crate) const FIRST: Self = Self { avoid: Letters::NONE, salt: 0 };

    fn pick(self, letters: Letters, place: usize) -> Option<usize> {
        let letters = letters.minus(self.avoid);
        if self.salt == 0 {
            return letters.first();
        }
        let count = letters.iter().count();
        let mixed =
            (place as u64 + 1).wrapping_mul(u64::from(self.salt)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        letters.iter().nth(usize::try_from(mixed).unwrap_or(0).checked_rem(count)?)
    }
}

/// A text, in letters, that can be read in more and more ways when it is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Where the ways begin.
    pub(crate) from: StateId,
    /// Where they are after each repetition, and the matcher has to fail from.
    pub(crate) pivot: StateId,
    pub(crate) pump: Vec<usize>,
}
