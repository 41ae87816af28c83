//! A day of the calendar, for what ages: advisories, releases, accepted risks.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A day in UTC, counted from 1970-01-01.
///
/// ```
/// use portcullis_audit::Date;
///
/// let end_of_life = Date::parse("2026-04-30").unwrap();
/// let today = Date::parse("2026-11-20T10:00:00Z").unwrap();
/// assert_eq!(today.days_since(end_of_life), 204);
/// assert_eq!(end_of_life.to_string(), "2026-04-30");
/// assert!(Date::parse("2026-02-30").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(i32);

impl Date {
    /// Reads `YYYY-MM-DD`; what follows after a `T`, a time as in RFC 3339, is left out. `None` for anything else,
    /// and for days that no calendar has.
    pub fn parse(text: &str) -> Option<Self> {
        let day = text.split(['T', ' ']).next()?;
        let mut parts = day.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return None;
        }
        let digits =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok());
        let (year, month, day) = (digits(year)??, digits(month)??, digits(day)??);
        let date = Self::of(year, month, day);
        (date.calendar() == (year, month, day)).then_some(date)
    }

    /// The day of a clock. A clock before 1970 is on its first day.
    pub fn at(time: SystemTime) -> Self {
        let days = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
        Self(i32::try_from(days).unwrap_or(i32::MAX))
    }

    /// Today by the system's clock.
    pub fn today() -> Self {
        Self::at(SystemTime::now())
    }

    /// The days from `earlier` to this day; negative if it is later.
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// By Howard Hinnant's `days_from_civil`, for years from 0 to 9999.
    /// <https://howardhinnant.github.io/date_algorithms.html>
    fn of(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month, day: `civil_from_days` of the same page.
    fn calendar(self) -> (i32, i32, i32) {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year + year / 4 - year / 100);
        let part = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * part + 2) / 5 + 1;
        let month = if part < 10 { part + 3 } else { part - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        let narrow = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        (narrow(year), narrow(month), narrow(day))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.calendar();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}
