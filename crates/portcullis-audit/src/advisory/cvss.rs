//! CVSS: the base score of versions 3.0 and 3.1, computed from the vector.
//!
//! Version 4 needs a table of 270 rows for the same; where a record has only that, its word for the severity counts.
//! <https://www.first.org/cvss/v3-1/specification-document>, section 7.1

use serde::{Deserialize, Serialize};

/// A CVSS rating.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cvss {
    /// The vector, `CVSS:3.1/AV:N/...`.
    #[serde(rename = "v")]
    pub vector: String,
    /// The base score in tenths, 0 to 100, if it can be computed.
    #[serde(default, rename = "s", skip_serializing_if = "Option::is_none")]
    pub tenths: Option<u32>,
}

impl Cvss {
    /// Takes a vector.
    pub fn new(vector: &str) -> Self {
        Self { vector: vector.to_owned(), tenths: base_score(vector) }
    }

    /// Whether it is reached over the network (`AV:N`).
    pub fn over_network(&self) -> bool {
        self.vector.split('/').any(|metric| metric == "AV:N")
    }
}

/// The base score of a vector of version 3.0 or 3.1, in tenths. `None` for another version or a broken vector.
///
/// ```
/// use portcullis_audit::advisory::base_score;
///
/// assert_eq!(base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Some(98));
/// assert_eq!(base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"), Some(75));
/// assert_eq!(base_score("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"), Some(61));
/// assert_eq!(base_score("CVSS:4.0/AV:N"), None);
/// ```
pub fn base_score(vector: &str) -> Option<u32> {
    let metrics = vector.strip_prefix("CVSS:3.0/").or_else(|| vector.strip_prefix("CVSS:3.1/"))?;
    let metric =
        |name: &str| metrics.split('/').find_map(|metric| metric.strip_prefix(name)?.strip_prefix(':'));
    let changed = match metric("S")? {
        "C" => true,
        "U" => false,
        _ => return None,
    };
    let vector = match metric("AV")? {
        "N" => 0.85,
        "A" => 0.62,
        "L" => 0.55,
        "P" => 0.2,
        _ => return None,
    };
    let complexity = match metric("AC")? {
        "L" => 0.77,
        "H" => 0.44,
        _ => return None,
    };
    let privileges = match (metric("PR")?, changed) {
        ("N", _) => 0.85,
        ("L", false) => 0.62,
        ("L", true) => 0.68,
        ("H", false) => 0.27,
        ("H", true) => 0.5,
        _ => return None,
    };
    let interaction = match metric("UI")? {
        "N" => 0.85,
        "R" => 0.62,
        _ => return None,
    };
    let loss = |name: &str| match metric(name)? {
        "H" => Some(0.56),
        "L" => Some(0.22),
        "N" => Some(0.0),
        _ => None,
    };
    let kept: f64 = (1.0 - loss("C")?) * (1.0 - loss("I")?) * (1.0 - loss("A")?);
    let subscore = 1.0 - kept;
    let impact = if changed {
        7.52 * (subscore - 0.029) - 3.25 * (subscore - 0.02_f64).powi(15)
    } else {
        6.42 * subscore
    };
    if impact <= 0.0 {
        return Some(0);
    }
    let exploitability = 8.22 * vector * complexity * privileges * interaction;
    let sum = impact + exploitability;
    Some(round_up(if changed { 1.08 * sum } else { sum }.min(10.0)))
}

/// Rounds up to tenths, in whole numbers as appendix A of version 3.1 asks.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score lies between 0 and 10")]
fn round_up(score: f64) -> u32 {
    let hundred_thousandths = (score * 100_000.0).round() as u32;
    hundred_thousandths.div_ceil(10_000)
}
