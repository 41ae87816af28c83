//! An input that makes the matcher slow, and the proof that it does.

use crate::matcher::{Matcher, Outcome};
use crate::text::JsText;

/// A text that makes the pattern slow: `prefix`, then `pump` as often as one likes, then `suffix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attack {
    /// Brings the matcher to where it is weak.
    pub prefix: JsText,
    /// Each repetition multiplies, or adds to, the work.
    pub pump: JsText,
    /// Makes the match fail, so that everything is tried.
    pub suffix: JsText,
}

impl Attack {
    /// The input with so many pumps, as UTF-16.
    pub fn text(&self, pumps: usize) -> Vec<u16> {
        let mut text = self.prefix.units().to_vec();
        for _ in 0..pumps {
            text.extend_from_slice(self.pump.units());
        }
        text.extend_from_slice(self.suffix.units());
        text
    }

    /// For what runs backward.
    pub(crate) fn reversed(self) -> Self {
        Self { prefix: self.suffix.reversed(), pump: self.pump.reversed(), suffix: self.prefix.reversed() }
    }
}

/// How the steps of the matcher grew with the number of pumps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Growth {
    /// Twice the pumps took two to this power as many steps.
    Polynomial(f64),
    /// Not faster than the text.
    Linear,
}

/// Steps allowed to all measurements of one pattern together.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) left: u64,
}

/// Pumps tried when looking for exponential growth.
const MAX_PUMPS: usize = 72;
/// Steps by which exponential growth must have shown itself.
const EXPONENTIAL_STEPS: u64 = 25_000;
/// The same where a counter will end it: it must get out of hand before.
const BOUNDED_STEPS: u64 = 250_000;
/// Growth per pump that counts as exponential.
const RATIO: f64 = 1.2;
/// Longest text when looking for polynomial growth.
const MAX_LENGTH: usize = 4_000;
/// Steps at which the slope is settled.
const POLYNOMIAL_STEPS: u64 = 25_000;
/// Most steps of one run.
const MAX_RUN: u64 = 150_000;
const SLOPE: f64 = 1.5;

/// Whether the steps multiply with each pump. `bounded`: some counter limits the pumps that count.
pub(crate) fn grows_exponentially(
    matcher: &mut Matcher<'_>,
    attack: &Attack,
    bounded: bool,
    budget: &mut Budget,
) -> bool {
    let mut counts: Vec<f64> = Vec::new();
    for pumps in 0..=MAX_PUMPS {
        let Some((steps, _)) = measure(matcher, attack, pumps, BOUNDED_STEPS, budget) else {
            return false;
        };
        counts.push(float(steps));
        if steps >= EXPONENTIAL_STEPS && counts.len() > 2 || steps >= BOUNDED_STEPS {
            break;
        }
        if pumps == 24 && float(steps) < 2.0 * 24.0 * counts.first().copied().unwrap_or(1.0) {
            return false;
        }
    }
    let last = counts.len().saturating_sub(1);
    let ratio = |at: usize| match (counts.get(at), at.checked_sub(2).and_then(|before| counts.get(before))) {
        (Some(now), Some(before)) => (now / before).sqrt(),
        _ => 0.0,
    };
    // A polynomial's ratio sinks towards one, halving its distance as the pumps double.
    let (late, middle) = (ratio(last), ratio((last / 2).max(2)));
    let multiplies = counts.len() > 2
        && counts.last().is_some_and(|&steps| steps >= float(EXPONENTIAL_STEPS))
        && (last < 4 || late >= RATIO && late - 1.0 >= 0.7 * (middle - 1.0));
    let out_of_hand = counts.last().is_some_and(|&steps| steps >= float(BOUNDED_STEPS));
    if !multiplies || !bounded || out_of_hand {
        return multiplies;
    }
    [1, 2, 3, 4, 6].into_iter().any(|quarters| {
        let pumps = counts.len() + counts.len() * quarters / 4;
        measure(matcher, attack, pumps, BOUNDED_STEPS, budget)
            .is_some_and(|(steps, _)| steps >= BOUNDED_STEPS)
    })
}

/// The slope of the steps over the length, on logarithmic scales.
pub(crate) fn polynomial_growth(matcher: &mut Matcher<'_>, attack: &Attack, budget: &mut Budget) -> Growth {
    let pump = attack.pump.len().max(1);
    let mut pumps = (16 / pump).max(3);
    let mut before: u64 = loop {
        match measure(matcher, attack, pumps, MAX_RUN / 4, budget) {
            None => return Growth::Linear,
            Some((_, Outcome::Stopped)) if pumps > 1 => pumps /= 2,
            Some((steps, _)) => break steps,
        }
    };
    let mut slope = 0.0;
    loop {
        pumps *= 2;
        if pumps * pump > MAX_LENGTH {
            break;
        }
        let limit = MAX_RUN.max(before.saturating_mul(4));
        let Some((steps, outcome)) = measure(matcher, attack, pumps, limit, budget) else {
            break;
        };
        let next = (float(steps) / float(before)).log2();
        if outcome == Outcome::Stopped {
            // Cut off on the way: at least this much.
            slope = f64::max(slope, next);
            break;
        }
        slope = next;
        before = steps;
        if steps >= POLYNOMIAL_STEPS && slope >= 1.8 {
            break;
        }
        if pumps * pump >= 600 && slope < 1.15 {
            break;
        }
    }
    if slope >= SLOPE { Growth::Polynomial(slope) } else { Growth::Linear }
}

/// Steps of one run; `None` when the budget is used up.
fn measure(
    matcher: &mut Matcher<'_>,
    attack: &Attack,
    pumps: usize,
    limit: u64,
    budget: &mut Budget,
) -> Option<(u64, Outcome)> {
    let allowed = limit.min(budget.left);
    let (steps, outcome) = matcher.search(&attack.text(pumps), allowed);
    budget.left = budget.left.saturating_sub(steps);
    (outcome != Outcome::Stopped || allowed == limit).then_some((steps, outcome))
}

#[allow(clippy::cast_precision_loss, reason = "counts of steps stay far below 2^52")]
fn float(steps: u64) -> f64 {
    steps as f64
}
