//! The time of an entry: seconds since 1970, in the range that vantage-live reads back.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// When entries were fetched, in seconds since 1970: at most 2^63 - 1, since vantage-live reads any larger number as
/// 1970. Only diorama keeps a fraction of a second.
///
/// ```
/// use vlive::live::FetchedAt;
///
/// let fetched_at = FetchedAt::new(1_700_000_000).expect("a time that a cache can hold");
/// assert_eq!(fetched_at.to_string(), "2023-11-14T22:13:20Z");
/// assert_eq!(FetchedAt::new(u64::MAX), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchedAt {
    seconds: u64,
    nanoseconds: u32,
}

impl FetchedAt {
    /// The last time that a cache can hold.
    pub const LAST: FetchedAt = FetchedAt::whole(i64::MAX.unsigned_abs());

    /// The time `seconds` after 1970; `None` for more than 2^63 - 1.
    #[must_use]
    pub const fn new(seconds: u64) -> Option<FetchedAt> {
        if seconds <= FetchedAt::LAST.seconds { Some(FetchedAt::whole(seconds)) } else { None }
    }

    const fn whole(seconds: u64) -> FetchedAt {
        FetchedAt { seconds, nanoseconds: 0 }
    }

    /// The same second with a fraction of `nanoseconds`; `None` for 1,000,000,000 or more.
    #[must_use]
    pub const fn with_nanoseconds(self, nanoseconds: u32) -> Option<FetchedAt> {
        if nanoseconds < 1_000_000_000 { Some(FetchedAt { nanoseconds, ..self }) } else { None }
    }

    /// The time `seconds` after 1970, or [`Self::LAST`] for more than 2^63 - 1.
    pub(crate) fn saturating(seconds: u64) -> FetchedAt {
        FetchedAt::whole(seconds.min(FetchedAt::LAST.seconds))
    }

    /// Now, by the system's clock.
    #[must_use]
    pub fn now() -> FetchedAt {
        SystemTime::now().into()
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// The fraction of a second, in nanoseconds.
    #[must_use]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

impl From<u32> for FetchedAt {
    fn from(seconds: u32) -> FetchedAt {
        FetchedAt::whole(seconds.into())
    }
}

/// Rounded down to a second; a time before 1970 becomes 1970.
impl From<SystemTime> for FetchedAt {
    fn from(time: SystemTime) -> FetchedAt {
        FetchedAt::saturating(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

/// RFC 3339 in UTC, in whole seconds, or `@seconds` after the year 9999.
impl fmt::Display for FetchedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 86_400;
        const YEAR_10000: u64 = 253_402_300_800;
        if self.seconds >= YEAR_10000 {
            return write!(f, "@{}", self.seconds);
        }
        let (days, second) = (self.seconds / DAY, self.seconds % DAY);
        let (year, month, day) = date(days.cast_signed());
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
///
/// ```
/// assert_eq!(vlive::live::date(-1), (1969, 12, 31));
/// ```
#[must_use]
pub fn date(day: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that a leap day is the last of its year.
    const FROM_YEAR_0: i64 = 719_468;
    const CYCLE: i64 = 146_097;
    let day = day + FROM_YEAR_0;
    let (cycle, day) = (day.div_euclid(CYCLE), day.rem_euclid(CYCLE));
    // Without the leap days every year has 365 days.
    let year = (day - day / 1460 + day / 36_524 - day / (CYCLE - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have five from August on.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * cycle + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_its_date_in_utc() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_704_067_199, "2023-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "@253402300800"),
        ] {
            assert_eq!(FetchedAt::whole(seconds).to_string(), shown);
        }
    }
}
