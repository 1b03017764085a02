//! Dates and durations, as databases keep them: seconds and nanoseconds.

use ciborium::Value;
use vlive::live::date;

/// An integer, if it fits the type.
fn integer<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    i128::from(value.as_integer()?).try_into().ok()
}

/// A time in RFC 3339; `None` outside the years 0 to 9999.
pub(super) fn date_time(parts: &[Value]) -> Option<String> {
    const YEARS_0_TO_9999: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;
    const DAY: i64 = 86_400;
    let [seconds, nanoseconds] = parts else { return None };
    let seconds = integer(seconds).filter(|seconds| YEARS_0_TO_9999.contains(seconds))?;
    let fraction = fraction(integer(nanoseconds)?)?;
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

/// The length of a duration in seconds, in decimal digits; `None` if the value is not a duration.
pub fn seconds(tag: u64, content: &Value) -> Option<String> {
    let (14, Value::Array(parts)) = (tag, content) else { return None };
    let (seconds, nanoseconds) = duration_parts(parts)?;
    Some(format!("{seconds}{}", fraction(nanoseconds)?))
}

/// Seconds and nanoseconds of a duration; SurrealDB leaves out what is zero.
fn duration_parts(parts: &[Value]) -> Option<(u64, u32)> {
    Some(match parts {
        [] => (0, 0),
        [seconds] => (integer(seconds)?, 0),
        [seconds, nanoseconds] => (integer(seconds)?, integer(nanoseconds)?),
        _ => return None,
    })
}

/// A duration in days, hours, minutes and seconds; longer units do not have a fixed length.
pub(super) fn duration(parts: &[Value]) -> Option<String> {
    let (seconds, nanoseconds) = duration_parts(parts)?;
    let fraction = fraction(nanoseconds)?;
    let units = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m")];
    let mut words: Vec<String> =
        units.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if words.is_empty() || seconds % 60 > 0 || !fraction.is_empty() {
        words.push(format!("{}{fraction}s", seconds % 60));
    }
    Some(words.join(" "))
}

/// The fraction of a second, such as `.5`, or an empty text for 0. `None` if it is a second or more.
fn fraction(nanoseconds: u32) -> Option<String> {
    match nanoseconds {
        0 => Some(String::new()),
        1..1_000_000_000 => Some(format!(".{nanoseconds:09}").trim_end_matches('0').to_owned()),
        _ => None,
    }
}
