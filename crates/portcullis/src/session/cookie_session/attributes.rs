//! The attributes of the cookie, as npm `cookies` 0.9 writes them: lower case, an order of its own, never `Max-Age`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

use super::Config;
use crate::cookie::{Priority, SameSite};

/// `; path=/; expires=...`
pub(super) fn write(config: &Config, expires: Option<SystemTime>, secure: bool) -> String {
    let mut text = format!("; path={}", config.path);
    if let Some(expires) = expires {
        text.extend(["; expires=", &HttpDate::from(writable(expires)).to_string()]);
    }
    if let Some(domain) = &config.domain {
        text.extend(["; domain=", domain]);
    }
    text.push_str(match config.priority {
        None => "",
        Some(Priority::Low) => "; priority=low",
        Some(Priority::Medium) => "; priority=medium",
        Some(Priority::High) => "; priority=high",
    });
    text.push_str(match config.same_site {
        None => "",
        Some(SameSite::Strict) => "; samesite=strict",
        Some(SameSite::Lax) => "; samesite=lax",
        Some(SameSite::None) => "; samesite=none",
    });
    for (flag, name) in
        [(secure, "; secure"), (config.http_only, "; httponly"), (config.partitioned, "; partitioned")]
    {
        if flag {
            text.push_str(name);
        }
    }
    text
}

/// What the package gives a signature that it writes by itself.
pub(super) fn of_signature(is_over: bool, secure: bool) -> String {
    let expires = if is_over { "; expires=Thu, 01 Jan 1970 00:00:00 GMT" } else { "" };
    format!("; path=/{expires}{}; httponly", if secure { "; secure" } else { "" })
}

/// The last moment that an HTTP date can name is in the year 9999.
fn writable(time: SystemTime) -> SystemTime {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    time.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST)
}
