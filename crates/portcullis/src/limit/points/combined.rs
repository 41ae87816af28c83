//! Several limiters as one.

use std::time::Duration;

use super::{Points, PointsLimiter, Refused};

/// Several limiters that must all agree. Each counts every action, also one that another refuses.
#[derive(Debug)]
pub struct Union(Vec<PointsLimiter>);

impl Union {
    /// All of these.
    pub fn new(limiters: impl IntoIterator<Item = PointsLimiter>) -> Self {
        Self(limiters.into_iter().collect())
    }

    /// What each says, by its prefix; or what those say that refuse.
    pub async fn consume(&self, key: &str, points: u32) -> Result<Vec<(&str, Points)>, Vec<(&str, Refused)>> {
        let (mut passed, mut refused) = (Vec::new(), Vec::new());
        for limiter in &self.0 {
            match limiter.consume(key, points).await {
                Ok(points) => passed.push((limiter.prefix(), points)),
                Err(error) => refused.push((limiter.prefix(), error)),
            }
        }
        if refused.is_empty() { Ok(passed) } else { Err(refused) }
    }
}

/// A limiter, and another that is asked when the first refuses: a steady rate, and a reserve for bursts.
#[derive(Debug)]
pub struct Bursty {
    /// Asked first.
    pub steady: PointsLimiter,
    /// Asked when `steady` refuses.
    pub reserve: PointsLimiter,
}

impl Bursty {
    /// Takes from the first, or else from the reserve; the points shown are the first's.
    pub async fn consume(&self, key: &str, points: u32) -> Result<Points, Refused> {
        let steady = match self.steady.consume(key, points).await {
            Err(Refused::Exceeded(points)) => points,
            other => return other,
        };
        let combined = |reserve: Points| Points {
            // "Never" is sooner than any time, as -1 is in the package.
            before_next: steady.before_next.zip(reserve.before_next).map(|(a, b)| a.min(b)),
            ..steady
        };
        match self.reserve.consume(key, points).await {
            Ok(reserve) => Ok(combined(reserve)),
            Err(Refused::Exceeded(reserve)) => Err(Refused::Exceeded(combined(reserve))),
            Err(away) => Err(away),
        }
    }

    /// Where a key stands with the first limiter.
    pub async fn get(&self, key: &str) -> Result<Option<Points>, super::StoreAway> {
        let (steady, reserve) = (self.steady.get(key).await?, self.reserve.get(key).await?);
        Ok(steady.map(|steady| Points {
            before_next: match reserve {
                Some(reserve) => steady.before_next.zip(reserve.before_next).map(|(a, b)| a.min(b)),
                None => steady.before_next.map(|_| Duration::ZERO),
            },
            ..steady
        }))
    }
}

/// A limiter with keys that always pass and keys that never do. A key that is both passes.
pub struct Listed {
    limiter: PointsLimiter,
    allows: Box<dyn Fn(&str) -> bool + Send + Sync>,
    denies: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Listed {
    /// `allows` and `denies` say which keys are on the lists.
    pub fn new(
        limiter: PointsLimiter,
        allows: impl Fn(&str) -> bool + Send + Sync + 'static,
        denies: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { limiter, allows: Box::new(allows), denies: Box::new(denies) }
    }

    /// The limiter, for keys that are on no list and for everything but [`Self::consume`] and [`Self::get`].
    pub fn limiter(&self) -> &PointsLimiter {
        &self.limiter
    }

    /// Asks the limiter where no list knows the key. Keys on a list are not counted.
    pub async fn consume(&self, key: &str, points: u32) -> Result<Points, Refused> {
        match self.listed(key) {
            Some((true, points)) => Ok(points),
            Some((false, points)) => Err(Refused::Exceeded(points)),
            None => self.limiter.consume(key, points).await,
        }
    }

    /// Where a key stands.
    pub async fn get(&self, key: &str) -> Result<Option<Points>, super::StoreAway> {
        match self.listed(key) {
            Some((_, points)) => Ok(Some(points)),
            None => self.limiter.get(key).await,
        }
    }

    /// Whether a listed key passes, and what is said of it.
    pub fn listed(&self, key: &str) -> Option<(bool, Points)> {
        let points = |remaining, wait| Points {
            remaining,
            before_next: Some(Duration::from_millis(wait)),
            consumed: 0,
            is_first: false,
        };
        if (self.allows)(key) {
            Some((true, points(MAX_SAFE_INTEGER.cast_signed(), 0)))
        } else {
            (self.denies)(key).then(|| (false, points(0, MAX_SAFE_INTEGER)))
        }
    }
}

impl std::fmt::Debug for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listed").field("limiter", &self.limiter).finish_non_exhaustive()
    }
}

/// "Without end" where numbers are JavaScript's: 2^53 - 1.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
