//! What a value means to a person, as text. Different values may have the same meaning, unlike with
//! [`JsonWriter`](vlive::json::JsonWriter).

#![expect(clippy::doc_markdown, reason = "SurrealDB is a name")]

pub mod data;
mod number;
mod time;

use ciborium::Value;
pub use number::json_number;
use number::{bignum, is_decimal, not_finite};
use std::borrow::Cow;
use std::fmt;
use std::iter;
pub use time::seconds;
use time::{date_time, duration};
use vlive::json;

/// The meaning of a value, as a person would write it. It cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning<'v> {
    /// Null.
    Null,
    /// SurrealDB's NONE: a field that is not set.
    Unset,
    /// A number in decimal digits, or NaN or an infinity.
    Number(Cow<'v, str>),
    /// Anything else.
    Text(Cow<'v, str>),
}

impl<'v> Meaning<'v> {
    /// The text; `null` and `none` for the first two.
    #[must_use]
    pub fn into_text(self) -> Cow<'v, str> {
        match self {
            Meaning::Null => Cow::Borrowed("null"),
            Meaning::Unset => Cow::Borrowed("none"),
            Meaning::Number(text) | Meaning::Text(text) => text,
        }
    }
}

impl fmt::Display for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clone().into_text())
    }
}

/// The meaning of a value.
///
/// Text means itself, and a byte string its length. Arrays and maps are JSON, with values [as data](data). Tags have
/// the meaning that the backends of vantage-live give them, if their content is what these write:
///
/// | tag | content | from | reads |
/// | --- | --- | --- | --- |
/// | 0, 100, 101 | text | SQL: date-time, date, time | the text, which is not always RFC 3339 |
/// | 2, 3 | bytes | RFC 8949, 3.4.3: bignums, up to 4096 bits | its decimal digits |
/// | 6 | null | SurrealDB: NONE | [`Meaning::Unset`] |
/// | 8 | `[table, id]` | SurrealDB: record id | `table:id` |
/// | 9 | text | SQL, SurrealDB: uuid | the text |
/// | 10 | text | SQL, SurrealDB: decimal number | the number, digit by digit |
/// | 12 | `[seconds, nanoseconds]` | SurrealDB: date-time | RFC 3339 in UTC, for the years 0 to 9999 |
/// | 14 | `[seconds, nanoseconds]`, zeros left out | SurrealDB: duration | `3h 12m 5.25s` |
/// | 37 | 16 bytes | IANA: uuid | the hyphenated uuid |
/// | 88 to 94 | array | SurrealDB: geometry | JSON |
///
/// Any other tag or content is shown as in RFC 8949, 8: `42("x")`, with the content as JSON.
#[must_use]
pub fn meaning(value: &Value) -> Meaning<'_> {
    match value {
        Value::Null => Meaning::Null,
        Value::Text(text) => Meaning::Text(text.into()),
        Value::Bytes(bytes) if bytes.len() == 1 => Meaning::Text("1 byte".into()),
        Value::Bytes(bytes) => Meaning::Text(format!("{} bytes", bytes.len()).into()),
        Value::Integer(_) => Meaning::Number(json::plain(value).into()),
        Value::Float(float) => Meaning::Number(not_finite(*float).map_or_else(|| json::plain(value).into(), Cow::from)),
        Value::Tag(tag, content) => {
            of_tag(*tag, content).unwrap_or_else(|| Meaning::Text(diagnostic(*tag, content).into()))
        }
        _ => Meaning::Text(data::json(value).into()),
    }
}

/// The meaning of a tag with its content; `None` if it is unknown.
pub fn of_tag(tag: u64, content: &Value) -> Option<Meaning<'_>> {
    Some(match (tag, content) {
        (0 | 100 | 101, Value::Text(text)) => Meaning::Text(text.into()),
        (2 | 3, Value::Bytes(bytes)) => Meaning::Number(bignum(bytes, tag == 3)?.into()),
        (6, Value::Null) => Meaning::Unset,
        (8, Value::Array(parts)) => Meaning::Text(record_id(parts)?.into()),
        (9, Value::Text(text)) if is_uuid(text) => Meaning::Text(text.into()),
        (10, Value::Text(text)) if is_decimal(text) => Meaning::Number(text.into()),
        (12, Value::Array(parts)) => Meaning::Text(date_time(parts)?.into()),
        (14, Value::Array(parts)) => Meaning::Text(duration(parts)?.into()),
        (37, Value::Bytes(bytes)) => Meaning::Text(uuid(bytes)?.into()),
        (88..=94, Value::Array(_)) => Meaning::Text(data::json(content).into()),
        _ => return None,
    })
}

/// `42("x")`, with every one of nested tags.
fn diagnostic(tag: u64, content: &Value) -> String {
    let mut text = format!("{tag}(");
    let (mut content, mut open) = (content, 1);
    while let Value::Tag(tag, inner) = content {
        text.extend([&tag.to_string(), "("]);
        (content, open) = (inner, open + 1);
    }
    match content {
        Value::Float(float) if !float.is_finite() => text.push_str(not_finite(*float).unwrap_or_default()),
        _ => text.push_str(&data::json(content)),
    }
    text.extend(iter::repeat_n(')', open));
    text
}

/// `table:id`. In SurrealDB an id can have any type; text, numbers and uuids are written without quotes.
fn record_id(parts: &[Value]) -> Option<String> {
    let [Value::Text(table), id] = parts else { return None };
    let id = match (id, meaning(id)) {
        (Value::Text(_) | Value::Integer(_) | Value::Tag(9 | 37, _), meaning) => meaning.into_text(),
        _ => data::json(id).into(),
    };
    Some(format!("{table}:{id}"))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let number = u128::from_be_bytes(bytes.try_into().ok()?);
    let hex = format!("{number:032x}");
    Some([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vlive::live::date;

    fn tag(tag: u64, content: impl Into<Value>) -> Value {
        Value::Tag(tag, Box::new(content.into()))
    }

    fn list<const N: usize>(parts: [Value; N]) -> Value {
        Value::Array(parts.into())
    }

    fn integers<const N: usize>(parts: [i64; N]) -> Value {
        list(parts.map(Value::from))
    }

    #[track_caller]
    fn reads(value: &Value, text: &str) {
        assert_eq!(meaning(value), Meaning::Text(text.into()), "{value:?}");
    }

    #[track_caller]
    fn is_number(value: &Value, text: &str) {
        assert_eq!(meaning(value), Meaning::Number(text.into()), "{value:?}");
    }

    #[test]
    fn text_means_itself_and_bytes_their_length() {
        reads(&"a\n\"b\"".into(), "a\n\"b\"");
        reads(&true.into(), "true");
        for (len, text) in [(0, "0 bytes"), (1, "1 byte"), (24, "24 bytes")] {
            reads(&Value::Bytes(vec![7; len]), text);
        }
        assert_eq!(meaning(&Value::Null).to_string(), "null");
    }

    #[test]
    fn numbers_are_exact() {
        for (value, text) in [
            (Value::from(u64::MAX), "18446744073709551615"),
            (Value::from(-1 - i128::from(u64::MAX)), "-18446744073709551616"),
            (1.0.into(), "1.0"),
            ((-0.0).into(), "-0.0"),
            (1e300.into(), "1e+300"),
            (f64::NAN.into(), "NaN"),
            (f64::INFINITY.into(), "Infinity"),
            (f64::NEG_INFINITY.into(), "-Infinity"),
            (tag(10, "-0012.500"), "-0012.500"),
            (tag(10, "1E-7"), "1E-7"),
        ] {
            is_number(&value, text);
        }
        for text in ["", ".", "1.", ".5", "1e", "--1", "1,5", "0x10", "1 ", "NaN", "١"] {
            reads(&tag(10, text), &format!("10(\"{text}\")"));
        }
    }

    #[test]
    fn bignums_have_all_their_digits() {
        for (value, text) in [
            (tag(2, Value::Bytes(vec![])), "0"),
            (tag(3, Value::Bytes(vec![])), "-1"),
            (tag(2, Value::Bytes(vec![0, 0, 1, 0])), "256"),
            (Value::from(u128::from(u64::MAX) + 1), "18446744073709551616"),
            (Value::from(i128::MIN), "-170141183460469231731687303715884105728"),
            // A carry through every group.
            (tag(3, Value::Bytes(999_999_999_999_999_999_u64.to_be_bytes().into())), "-1000000000000000000"),
            (tag(2, Value::Bytes(1_000_000_000_000_000_007_u64.to_be_bytes().into())), "1000000000000000007"),
            (tag(2, Value::Bytes(vec![0xff; 17])), "87112285931760246646623899502532662132735"),
        ] {
            is_number(&value, text);
        }
        for number in (0..127).map(|shift| u128::MAX >> shift) {
            is_number(&tag(2, Value::Bytes(number.to_be_bytes().into())), &number.to_string());
        }
        let longest = meaning(&tag(2, Value::Bytes(vec![0xff; 512]))).to_string();
        assert!(longest.len() == 1234 && longest.starts_with("1044388881413152506"), "{longest}");
        reads(&tag(2, Value::Bytes(vec![0xff; 513])), &format!("2(\"{}\")", "/".repeat(684)));
        reads(&tag(2, 7), "2(7)");
    }

    #[test]
    fn dates_and_times_of_sql_are_shown_as_written() {
        reads(&tag(0, "2025-07-06 09:03:55.377106+00"), "2025-07-06 09:03:55.377106+00");
        reads(&tag(100, "2025-04-11"), "2025-04-11");
        reads(&tag(101, "02:12:39"), "02:12:39");
        reads(&tag(0, 5), "0(5)");
        reads(&tag(100, -5), "100(-5)");
    }

    #[test]
    fn a_uuid_is_hyphenated() {
        let uuid = "e1150a60-bdb7-229b-3252-d1b7af63380c";
        let bytes = 0xe115_0a60_bdb7_229b_3252_d1b7_af63_380c_u128.to_be_bytes();
        reads(&tag(37, Value::Bytes(bytes.into())), uuid);
        reads(&tag(37, Value::Bytes(vec![0; 15])), "37(\"AAAAAAAAAAAAAAAAAAAA\")");
        reads(&tag(37, uuid), &format!("37(\"{uuid}\")"));
        reads(&tag(9, uuid), uuid);
        reads(&tag(9, "e1150a60"), "9(\"e1150a60\")");
    }

    #[test]
    fn a_record_id_is_its_table_and_its_id() {
        let id = |id: Value| tag(8, list(["client".into(), id]));
        reads(&id("a:b c".into()), "client:a:b c");
        reads(&id((-7).into()), "client:-7");
        reads(&id(list(["x".into(), 1.into()])), "client:[\"x\",1]");
        reads(&id(Value::Null), "client:null");
        reads(&id(tag(37, Value::Bytes(vec![0; 16]))), "client:00000000-0000-0000-0000-000000000000");
        reads(&tag(8, "person:tobie"), "8(\"person:tobie\")");
        reads(&tag(8, integers([1, 2])), "8([1,2])");
        reads(&tag(8, list(["t".into()])), "8([\"t\"])");
    }

    #[test]
    fn a_time_is_rfc_3339_in_utc_within_its_range_of_years() {
        for (seconds, nanoseconds, text) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (1_741_056_732, 980_400_584, "2025-03-04T02:52:12.980400584Z"),
            (951_868_799, 500_000_000, "2000-02-29T23:59:59.5Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (-62_167_219_200, 1, "0000-01-01T00:00:00.000000001Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59Z"),
        ] {
            reads(&tag(12, integers([seconds, nanoseconds])), text);
        }
        for parts in [[-62_167_219_201, 0], [253_402_300_800, 0], [i64::MIN, 0], [0, -1], [0, 1_000_000_000]] {
            reads(&tag(12, integers(parts)), &format!("12([{},{}])", parts[0], parts[1]));
        }
        reads(&tag(12, integers([1])), "12([1])");
        reads(&tag(12, list([1.into(), Value::Null])), "12([1,null])");
    }

    #[test]
    fn every_day_of_the_years_0_to_9999_has_its_date() {
        let mut day = -719_528;
        for year in 0..10_000 {
            let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
            for (month, days) in (1..).zip([31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                for day_of_month in 1..=days {
                    assert_eq!(date(day), (year, month, day_of_month));
                    day += 1;
                }
            }
        }
        assert_eq!(day, 2_932_897);
    }

    #[test]
    fn a_duration_is_exact_and_in_words() {
        for (parts, text) in [
            (integers([11_525, 0]), "3h 12m 5s"),
            (integers([84_722, 303_272]), "23h 32m 2.000303272s"),
            (integers([86_400, 0]), "1d"),
            (integers([3605]), "1h 5s"),
            (integers([60, 500_000_000]), "1m 0.5s"),
            (integers([0, 1]), "0.000000001s"),
            (integers([]), "0s"),
            (list([u64::MAX.into()]), "213503982334601d 7h 15s"),
        ] {
            reads(&tag(14, parts), text);
        }
        for parts in
            [integers([-1, 0]), integers([1, 1_000_000_000]), integers([1, 2, 3]), list([1.5.into(), 0.into()])]
        {
            reads(&tag(14, parts.clone()), &format!("14({})", json::plain(&parts)));
        }
    }

    #[test]
    fn none_differs_from_null_and_a_geometry_is_its_coordinates() {
        assert_eq!(meaning(&tag(6, Value::Null)), Meaning::Unset);
        assert_eq!(meaning(&tag(6, Value::Null)).into_text(), "none");
        reads(&tag(6, 1), "6(1)");
        reads(&tag(88, list([1.5.into(), 2.into()])), "[1.5,2]");
        reads(&tag(91, list([tag(88, integers([1, 2]))])), "[[1,2]]");
        reads(&tag(88, "x"), "88(\"x\")");
    }

    #[test]
    fn a_value_without_a_known_meaning_shows_its_tags() {
        reads(&tag(42, "x"), "42(\"x\")");
        reads(&tag(u64::MAX, Value::Null), "18446744073709551615(null)");
        reads(&tag(55_799, tag(0, "2013-03-21T20:04:00Z")), "55799(0(\"2013-03-21T20:04:00Z\"))");
        reads(&tag(1, f64::NAN), "1(NaN)");
        reads(&tag(4, integers([-2, 27_315])), "4([-2,27315])");
    }

    #[test]
    fn arrays_and_maps_are_json_of_their_values_as_data() {
        let map = vec![("a".into(), tag(10, "1.50")), (1.into(), f64::NAN.into()), (Value::Null, integers([255]))];
        reads(&Value::Map(map), "{\"a\":1.50,\"1\":null,\"null\":[255]}");
        reads(&list([Value::Bytes(vec![0xff]), 1.0.into(), "\u{1b}\n".into()]), "[\"/w==\",1.0,\"\\u001b\\n\"]");
        reads(&Value::Array(vec![]), "[]");
    }
}
