//! A set of code points (or of UTF-16 code units) as sorted ranges.

/// Sorted, disjoint, non-adjacent inclusive ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CharSet {
    ranges: Vec<(u32, u32)>,
    /// Membership of the first 128 characters, which most input consists of.
    ascii: u128,
}

impl CharSet {
    pub(crate) fn new(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.retain(|&(low, high)| low <= high);
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        let mut ascii = 0u128;
        for &(low, high) in merged.iter().take_while(|range| range.0 < 128) {
            for c in low..=high.min(127) {
                ascii |= 1 << c;
            }
        }
        Self { ranges: merged, ascii }
    }

    pub(crate) fn single(c: u32) -> Self {
        Self::new(vec![(c, c)])
    }

    pub(crate) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    #[inline]
    pub(crate) fn contains(&self, c: u32) -> bool {
        if c < 128 {
            return self.ascii >> c & 1 == 1;
        }
        let after = self.ranges.partition_point(|range| range.0 <= c);
        after.checked_sub(1).and_then(|i| self.ranges.get(i)).is_some_and(|range| c <= range.1)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::new(self.ranges.iter().chain(&other.ranges).copied().collect())
    }

    /// All characters up to `max` that are not in the set.
    pub(crate) fn complement(&self, max: u32) -> Self {
        let mut gaps = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(low, high) in &self.ranges {
            if low > next {
                gaps.push((next, low - 1));
            }
            next = high.saturating_add(1);
        }
        if next <= max {
            gaps.push((next, max));
        }
        Self::new(gaps)
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.complement(u32::MAX - 1).union(&other.complement(u32::MAX - 1)).complement(u32::MAX - 1)
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.intersection(&other.complement(u32::MAX - 1))
    }

    pub(crate) fn digits() -> Self {
        Self::new(vec![(0x30, 0x39)])
    }

    /// ECMA-262 `WordCharacters` without the additions of `i` with `u`.
    pub(crate) fn word() -> Self {
        Self::new(vec![(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)])
    }

    /// ECMA-262 `WhiteSpace` and `LineTerminator`.
    pub(crate) fn space() -> Self {
        Self::new(vec![
            (0x09, 0x0d),
            (0x20, 0x20),
            (0xa0, 0xa0),
            (0x1680, 0x1680),
            (0x2000, 0x200a),
            (0x2028, 0x2029),
            (0x202f, 0x202f),
            (0x205f, 0x205f),
            (0x3000, 0x3000),
            (0xfeff, 0xfeff),
        ])
    }

    /// ECMA-262 `LineTerminator`.
    pub(crate) fn line_terminators() -> Self {
        Self::new(vec![(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge_and_complement_is_its_own_inverse() {
        let set = CharSet::new(vec![(5, 9), (1, 3), (4, 4), (200, 300)]);
        assert_eq!(set.ranges(), [(1, 9), (200, 300)]);
        assert_eq!(set.complement(0xffff).complement(0xffff), set);
        assert!(set.contains(250) && !set.contains(199) && !set.contains(0));
    }

    #[test]
    fn set_algebra_follows_its_definition() {
        let (a, b) = (CharSet::new(vec![(1, 10)]), CharSet::new(vec![(5, 20)]));
        assert_eq!(a.intersection(&b).ranges(), [(5, 10)]);
        assert_eq!(a.difference(&b).ranges(), [(1, 4)]);
    }
}
