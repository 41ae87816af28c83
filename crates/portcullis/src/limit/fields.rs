//! How much is left, as fields of an answer: the drafts of `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and the fields
//! that were there before it.
//!
//! Byte for byte those of express-rate-limit 8.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::{Decision, Timestamp, key};

/// Which draft of the `RateLimit` fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Draft {
    /// None of them.
    #[serde(rename = "none")]
    None,
    /// `RateLimit-Limit`, `-Remaining`, `-Reset` and `-Policy`.
    #[serde(rename = "draft-6")]
    Six,
    /// `RateLimit: limit=2, remaining=1, reset=60` and `RateLimit-Policy`.
    #[serde(rename = "draft-7")]
    Seven,
    /// `RateLimit: "2-in-1min"; r=1; t=60` and `RateLimit-Policy`, a line for each limit. The syntax that all later drafts have
    /// kept, and the only one that can show several limits; so the default.
    #[default]
    #[serde(rename = "draft-8")]
    Eight,
}

/// Where a client stands with one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The limit's name as draft 8 shows it; without one it is `600-in-1min`.
    pub name: Option<String>,
    /// Whose counter it is.
    pub key: String,
    /// How much there is.
    pub limit: u32,
    /// In what time.
    pub window: Duration,
    /// What came of asking.
    pub decision: Decision,
}

/// Writes the fields: draft 8 for every limit, the others for the one with the least left. Those that the application has
/// written stay.
pub fn write(headers: &mut HeaderMap, draft: Draft, legacy: bool, standings: &[Standing], now: Timestamp) {
    let Some(least) = standings.iter().min_by_key(|standing| standing.decision.remaining) else { return };
    let mut set = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.entry(name).or_insert(value);
        }
    };
    let (limit, remaining) = (least.limit, least.decision.remaining);
    if legacy {
        set(X_RATELIMIT_LIMIT, limit.to_string());
        set(X_RATELIMIT_REMAINING, remaining.to_string());
        if let Some(wait) = least.decision.reset_after {
            set(X_RATELIMIT_RESET, now.after(wait).as_micros().div_ceil(1_000_000).to_string());
        }
    }
    match draft {
        Draft::None => {}
        Draft::Six => {
            set(RATELIMIT_POLICY, format!("{limit};w={}", seconds(least.window)));
            set(RATELIMIT_LIMIT, limit.to_string());
            set(RATELIMIT_REMAINING, remaining.to_string());
            set(RATELIMIT_RESET, least.reset_seconds().to_string());
        }
        Draft::Seven => {
            set(RATELIMIT_POLICY, format!("{limit};w={}", seconds(least.window)));
            let reset = least.reset_seconds();
            set(RATELIMIT, format!("limit={limit}, remaining={remaining}, reset={reset}"));
        }
        Draft::Eight => {
            for standing in standings {
                let mut append = |name: HeaderName, text: String| {
                    if let Ok(value) = HeaderValue::try_from(text) {
                        headers.append(name, value);
                    }
                };
                let name = standing.name.clone().unwrap_or_else(|| standing.default_name());
                let Standing { limit, window, decision, .. } = standing;
                let reset = standing.reset_seconds();
                append(RATELIMIT, format!("\"{name}\"; r={}; t={reset}", decision.remaining));
                let partition = key::partition(&standing.key);
                append(
                    RATELIMIT_POLICY,
                    format!("\"{name}\"; q={limit}; w={}; pk=:{partition}:", seconds(*window)),
                );
            }
        }
    }
}

impl Standing {
    fn reset_seconds(&self) -> u64 {
        self.decision.reset_after.map_or_else(|| seconds(self.window), seconds)
    }

    /// `2-in-1min`, `10-in-2days`, `3-in-1.5min`.
    fn default_name(&self) -> String {
        let seconds = self.window.as_secs_f64();
        let several = |count: f64| if count > 1.0 { "s" } else { "" };
        let (minutes, hours, days) = (seconds / 60.0, seconds / 3600.0, seconds / 86400.0);
        let window = if seconds < 60.0 {
            format!("{seconds}sec")
        } else if minutes < 60.0 {
            format!("{minutes}min")
        } else if hours < 24.0 {
            format!("{hours}hr{}", several(hours))
        } else {
            format!("{days}day{}", several(days))
        };
        format!("{}-in-{window}", self.limit)
    }
}

/// Whole seconds, rounded up from whole milliseconds, the unit that express-rate-limit counts in.
pub(crate) fn seconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
