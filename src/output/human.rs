//! Sizes, ages and times as people read them.

use vlive::live::FetchedAt;

/// `812 B`, `6.1 KiB`, `1.0 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // In tenths, rounded down, so that a size never reads as a unit that it does not reach.
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10 * 1024 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// `200,000`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of cached rows, and the number at the source if it is known and differs: `5`, `5 of 200,000` or, with more
/// rows than the source has, `2 (1 at the source)`.
pub fn rows(rows: u64, total: Option<u64>) -> String {
    match total.filter(|total| *total != rows) {
        Some(total) if total < rows => format!("{} ({} at the source)", number(rows), number(total)),
        Some(total) => format!("{} of {}", number(rows), number(total)),
        None => rows.to_string(),
    }
}

/// A number of rows as in [`rows`], with the word: `1 row`, `5 of 200,000 rows`, `2 rows (1 at the source)`.
pub fn counted_rows(rows: u64, total: Option<u64>) -> String {
    match total.filter(|total| *total != rows) {
        Some(total) if total < rows => format!("{} ({} at the source)", count(rows, "row", "rows"), number(total)),
        Some(total) => format!("{} of {} rows", number(rows), number(total)),
        None => count(rows, "row", "rows"),
    }
}

/// The two largest units of an age in seconds: `3h 12m`, `45d 3h`, `8s`; `in 5m` if negative.
pub fn age(seconds: i64) -> String {
    const UNITS: [(&str, u64); 5] = [("y", 365 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let mut left = seconds.unsigned_abs();
    let mut parts: Vec<String> = Vec::new();
    for (n, (unit, length)) in UNITS.into_iter().enumerate() {
        let count = left / length;
        left %= length;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        }
        let is_second = parts.len() == 2 || n > 0 && parts.len() == 1 && count == 0;
        if is_second {
            break;
        }
    }
    let age = if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") };
    if seconds < 0 { format!("in {age}") } else { age }
}

/// RFC 3339 in UTC, or `@seconds` beyond the year 9999.
pub fn time(seconds: u64) -> String {
    FetchedAt::new(seconds).map_or_else(|| format!("@{seconds}"), |time| time.to_string())
}

/// `1 entry`, `2 entries`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn rows_are_shown_with_the_total_if_it_differs() {
        for (cached, total, short, long) in [
            (1, None, "1", "1 row"),
            (2, Some(2), "2", "2 rows"),
            (5, Some(200_000), "5 of 200,000", "5 of 200,000 rows"),
            (1234, Some(1_234_567), "1,234 of 1,234,567", "1,234 of 1,234,567 rows"),
            (0, Some(999), "0 of 999", "0 of 999 rows"),
            (2, Some(1), "2 (1 at the source)", "2 rows (1 at the source)"),
        ] {
            assert_eq!((rows(cached, total).as_str(), counted_rows(cached, total).as_str()), (short, long));
        }
    }

    #[test]
    fn sizes_have_one_decimal_from_a_kibibyte_on() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (6250, "6.1 KiB"),
            (1_048_575, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn ages_show_two_units_at_the_most() {
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3600, "1h"),
            (3605, "1h"),
            (11_520, "3h 12m"),
            (90_061, "1d 1h"),
            (366 * 86_400, "1y 1d"),
            (-300, "in 5m"),
            (i64::MIN, "in 292471208677y 195d"),
        ] {
            assert_eq!(age(seconds), shown);
        }
    }

    #[test]
    fn times_are_utc_and_never_fail() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        for seconds in (0..253_402_300_800).step_by(86_400 * 171 + 4711) {
            let same = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string();
            assert_eq!(time(seconds), same);
        }
        assert_eq!(time(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!(time(i64::MAX.unsigned_abs()), "@9223372036854775807");
    }
}
