//! How pressing a finding is, with the factors that make it so.

use std::fmt;

/// A score and what it is made of: the product of its factors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Priority {
    /// From 0 on. A critical hole (CVSS 10.0) in production code that is imported, reached over the network, is
    /// 1,000; one that is exploited already, three times as much.
    pub score: u32,
    /// What the score is made of, in order.
    pub factors: Vec<Factor>,
}

/// One factor of a score.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Factor {
    /// What is weighed: `severity`, `exposure`, `reachability`, `network`, `exploited`, `guard`.
    pub name: &'static str,
    /// In hundredths: 100 leaves the score as it is. For `severity`, the score out of 1,000 that it starts from.
    pub hundredths: u32,
    /// Why.
    pub because: String,
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{:02} ({})", self.name, self.hundredths / 100, self.hundredths % 100, self.because)
    }
}
