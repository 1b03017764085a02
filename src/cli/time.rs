//! Parses times and durations as users type them.

use std::time::{Duration, UNIX_EPOCH};
use vlive::live::FetchedAt;

/// The last time that a cache can hold, in seconds since 1970.
pub const LAST: u64 = FetchedAt::LAST.seconds();

/// A time from seconds that have been checked before.
pub fn checked(seconds: u64) -> FetchedAt {
    FetchedAt::new(seconds).expect("it is at most 2^63 - 1")
}

/// `2026-01-31T12:00:00Z`, with an offset or a fraction too, `2026-01-31`, `@1769860800` or `1769860800`; in
/// seconds since 1970.
pub fn parse(text: &str) -> Result<u64, String> {
    parse_exact(text).map(FetchedAt::seconds)
}

/// A time as in [`parse`], with its fraction of a second.
pub fn parse_exact(text: &str) -> Result<FetchedAt, String> {
    let digits = text.strip_prefix('@').unwrap_or(text);
    if text.starts_with('@') || are_digits(digits) {
        let seconds = digits.parse().ok().filter(|_| are_digits(digits)).and_then(FetchedAt::new);
        return seconds.ok_or_else(|| "whole seconds since 1970 follow `@`, at most 2^63 - 1".to_owned());
    }
    parse_date(text).or_else(|| parse_rfc3339(text)).ok_or_else(|| {
        "a time is RFC 3339, such as 2026-01-31T12:00:00Z, from 1970 on, a date, or seconds since 1970".to_owned()
    })
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The first second of a day, in UTC.
fn parse_date(text: &str) -> Option<FetchedAt> {
    (text.len() == "2026-01-31".len()).then(|| parse_rfc3339(&format!("{text}T00:00:00Z")))?
}

/// A time in seconds since 1970, given as a duration before `now` or as a time. A plain number is a duration.
pub fn parse_ago(text: &str, now: u64) -> Result<u64, String> {
    if text.starts_with('-') {
        return Err("an age is not negative; entries dated in the future are newer than any age".to_owned());
    }
    if !text.starts_with('@')
        && let Ok(duration) = parse_duration(text)
    {
        let seconds = now.checked_sub(duration.as_secs());
        return seconds.ok_or_else(|| "that long ago is before 1970; `@` begins seconds since 1970".to_owned());
    }
    parse(text).map_err(|_| {
        "an age is a duration such as 7d or 3h 12m, or a time: RFC 3339, a date such as 2026-01-31, or `@` and \
         seconds since 1970"
            .to_owned()
    })
}

fn parse_rfc3339(text: &str) -> Option<FetchedAt> {
    const OFFSET: usize = "+02:00".len();
    let (utc, offset) = match text.len().checked_sub(OFFSET).filter(|at| text.is_char_boundary(*at)) {
        Some(at) if text[at..].starts_with(['+', '-']) => (format!("{}Z", &text[..at]), parse_offset(&text[at..])?),
        _ => (text.to_owned(), 0),
    };
    let local = humantime::parse_rfc3339(&utc.to_uppercase()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    FetchedAt::new(local.as_secs().checked_add_signed(-offset)?)?.with_nanoseconds(local.subsec_nanos())
}

/// The offset `+hh:mm` or `-hh:mm` in seconds east of UTC.
fn parse_offset(text: &str) -> Option<i64> {
    let (hours, minutes) = text[1..].split_once(':')?;
    let digits = |text: &str, below: i64| -> Option<i64> {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok())?
            .filter(|n| *n < below)
    };
    let seconds = digits(hours, 24)? * 3600 + digits(minutes, 60)? * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

/// `10s`, `3h 12m`, `2days`, or plain seconds.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "a duration is such as 10s, 3h 12m or 2days, or a whole number of seconds";
    if text.starts_with('-') {
        return Err("a duration is not negative");
    }
    if are_digits(text) {
        return text.parse().map(Duration::from_secs).map_err(|_| "a duration is less than 2^64 seconds");
    }
    humantime::parse_duration(text).map_err(|_| EXPECTED)
}

/// Seconds from `fetched_at` to `now`; negative for a time in the future.
pub fn age(now: u64, fetched_at: u64) -> i64 {
    now.cast_signed().saturating_sub(fetched_at.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_ago, parse_duration};

    #[test]
    fn times_are_rfc_3339_or_seconds() {
        for (text, seconds) in [
            ("@0", 0),
            ("1700000000", 1_700_000_000),
            ("2023-11-14", 1_699_920_000),
            ("@1700000000", 1_700_000_000),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14t22:13:20.999z", 1_700_000_000),
            ("2023-11-15T00:13:20+02:00", 1_700_000_000),
            ("2023-11-14T16:43:20-05:30", 1_700_000_000),
        ] {
            assert_eq!(parse(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "@",
            "@-1",
            "@9223372036854775808",
            "yesterday",
            "2023-11-31",
            "2023-11-1x",
            "20231114T",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "2023-11-14T22:13:20+2:00",
            "2023-11-14T22:13:20+99:00",
            "2023-02-30T00:00:00Z",
            "é+0:00",
            "数数",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_age_is_a_duration_before_now_or_a_time() {
        let now = 1_700_000_000;
        for (text, time) in [
            ("0", now),
            ("60", now - 60),
            ("1m", now - 60),
            ("7d", now - 7 * 86_400),
            ("1700000000", 0),
            ("@60", 60),
            ("2023-11-14", 1_699_920_000),
            ("2023-11-14T22:13:20Z", now),
            // A time may lie ahead.
            ("@1800000000", 1_800_000_000),
        ] {
            assert_eq!(parse_ago(text, now), Ok(time), "{text}");
        }
    }

    #[test]
    fn an_age_that_is_negative_or_reaches_before_1970_is_refused() {
        for text in ["-1d", "-1", "", "@", "1700000001", "1000y", "99999999999999999999", "99999999999999y", "1e3", "x"]
        {
            assert!(parse_ago(text, 1_700_000_000).is_err(), "{text}");
        }
        for text in ["-1d", "-1", "", "1.5", "1 fortnight", "99999999999999999999", "99999999999999y"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
