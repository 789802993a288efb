//! Time as one workspace sees it: it never goes back, and with a seed it steps one millisecond per write.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use conformance_contract::model::Generated;
use serde_json::Value;

/// Where a seeded clock begins: 2025-01-01T00:00:00Z.
pub(crate) const SEEDED_START: u64 = 1_735_689_600_000;

/// Milliseconds since 1970, never fewer than before.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    last: u64,
    seeded: bool,
}

impl Clock {
    /// A clock that does not begin before `floor`, the time of the newest object that is already there.
    #[must_use]
    pub fn new(seeded: bool, floor: u64) -> Self {
        Self { last: if seeded { floor.max(SEEDED_START) } else { floor }, seeded }
    }

    /// The time of the next write.
    pub fn tick(&mut self) -> u64 {
        self.last = if self.seeded { self.last + 1 } else { self.last.max(wall()) };
        self.last
    }
}

/// The machine's time.
#[must_use]
pub fn wall() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A time as the contract wants it written.
#[must_use]
pub fn render(kind: Generated, ms: u64) -> Value {
    match kind {
        Generated::UnixMs => ms.into(),
        Generated::UnixSeconds => (ms / 1000).into(),
        Generated::Rfc3339 => rfc3339(ms).into(),
    }
}

/// `2025-01-01T00:00:00.000Z`
#[must_use]
pub fn rfc3339(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = civil(days);
    let (seconds, ms) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// `Wed, 01 Jan 2025 00:00:00 +0000`, as mail writes it.
#[must_use]
pub fn rfc2822(ms: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(ms)).replace("GMT", "+0000")
}

/// Days since 1970 as a date of the Gregorian calendar, counted in eras of 400 years from March of year 0.
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}
