//! The meaning of a value as data, for query engines and filters: the duration `1m` is the number 60. Like text for
//! people, it cannot be read back without loss.

use super::{Meaning, json_number, of_tag, seconds};
use base64::prelude::{BASE64_STANDARD, Engine};
use ciborium::Value;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::io::Write;

/// A value as data. A tag without a known meaning is dropped.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<'v> {
    /// Null, and SurrealDB's NONE.
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    /// The digits of a decimal, of a bignum, or of a duration in seconds.
    Digits(Cow<'v, str>),
    /// Text, and values that are written as text: dates, times, record ids and uuids.
    Text(Cow<'v, str>),
    Bytes(&'v [u8]),
    /// Arrays, and the coordinates of geometries.
    Array(&'v [Value]),
    /// See [`fields`].
    Map(&'v [(Value, Value)]),
}

/// The meaning of a value as data.
pub fn data(value: &Value) -> Data<'_> {
    match value {
        Value::Bool(is) => Data::Bool(*is),
        Value::Integer(integer) => Data::Integer((*integer).into()),
        Value::Float(float) => Data::Float(*float),
        Value::Text(text) => Data::Text(text.into()),
        Value::Bytes(bytes) => Data::Bytes(bytes),
        Value::Array(items) => Data::Array(items),
        Value::Map(pairs) => Data::Map(pairs),
        Value::Tag(tag, content) => of_tagged(*tag, content),
        // Null, and what a later ciborium may add.
        _ => Data::Null,
    }
}

fn of_tagged(tag: u64, content: &Value) -> Data<'_> {
    if let Some(seconds) = seconds(tag, content) {
        return Data::Digits(seconds.into());
    }
    if (88..=94).contains(&tag) {
        return data(content);
    }
    match of_tag(tag, content) {
        Some(Meaning::Null | Meaning::Unset) => Data::Null,
        Some(Meaning::Number(digits)) => Data::Digits(digits),
        Some(Meaning::Text(text)) => Data::Text(text),
        None => data(content),
    }
}

/// The name for a key of a map: text as it is, a number or a word as its JSON, bytes as padded base64. The JSON of an
/// array or a map would be escaped once more for each enclosing key, and double in length each time, so it is the
/// padded base64 of its CBOR.
pub fn key_name(key: &Value) -> Cow<'_, str> {
    match data(key) {
        Data::Text(text) => text,
        Data::Bytes(bytes) => BASE64_STANDARD.encode(bytes).into(),
        Data::Array(_) | Data::Map(_) => {
            let mut encoded = Vec::new();
            ciborium::into_writer(key, &mut encoded).expect("writing to memory cannot fail");
            BASE64_STANDARD.encode(encoded).into()
        }
        Data::Null | Data::Bool(_) | Data::Integer(_) | Data::Float(_) | Data::Digits(_) => json(key).into(),
    }
}

/// The fields of a map by their names. Of several keys with the same name, the last value counts, in the place of the
/// first, since engines refuse an object with a repeated name.
pub fn fields(pairs: &[(Value, Value)]) -> IndexMap<Cow<'_, str>, &Value> {
    pairs.iter().map(|(key, value)| (key_name(key), value)).collect()
}

/// A value as JSON on one line. Decimals and integers of any size are numbers with all their digits, bytes are padded
/// base64, NaN and the infinities are null.
pub fn json(value: &Value) -> String {
    let mut out = Vec::new();
    push_json(&mut out, value);
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Appends a value as [`json`] writes it.
pub fn push_json(out: &mut Vec<u8>, value: &Value) {
    match data(value) {
        Data::Null => out.extend_from_slice(b"null"),
        Data::Bool(is) => out.extend_from_slice(if is { b"true" } else { b"false" }),
        Data::Integer(integer) => write!(out, "{integer}").expect("memory takes all"),
        Data::Float(float) if !float.is_finite() => out.extend_from_slice(b"null"),
        Data::Float(float) => serde_json::to_writer(out, &float).expect("memory takes all"),
        Data::Digits(digits) => out.extend_from_slice(json_number(&digits).as_deref().unwrap_or("null").as_bytes()),
        Data::Text(text) => push_text(out, &text),
        Data::Bytes(bytes) => push_text(out, &BASE64_STANDARD.encode(bytes)),
        Data::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                out.extend_from_slice(if n > 0 { b"," } else { b"" });
                push_json(out, item);
            }
            out.push(b']');
        }
        Data::Map(pairs) => push_object(out, fields(pairs).into_iter()),
    }
}

/// Appends an object of these fields.
pub fn push_object<'v, N: AsRef<str>>(out: &mut Vec<u8>, fields: impl Iterator<Item = (N, &'v Value)>) {
    out.push(b'{');
    for (n, (name, value)) in fields.enumerate() {
        out.extend_from_slice(if n > 0 { b"," } else { b"" });
        push_text(out, name.as_ref());
        out.push(b':');
        push_json(out, value);
    }
    out.push(b'}');
}

/// Appends text with its quotes.
pub fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("memory takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(tag: u64, content: impl Into<Value>) -> Value {
        Value::Tag(tag, Box::new(content.into()))
    }

    #[test]
    fn values_are_written_by_their_meaning() {
        for (value, text) in [
            (Value::Null, "null"),
            (tag(6, Value::Null), "null"),
            (true.into(), "true"),
            (u64::MAX.into(), "18446744073709551615"),
            (tag(10, "-0012.500"), "-12.500"),
            (tag(2, Value::Bytes(vec![1, 0, 0, 0, 0, 0, 0, 0, 0])), "18446744073709551616"),
            (1.0.into(), "1.0"),
            (f64::NAN.into(), "null"),
            (f64::NEG_INFINITY.into(), "null"),
            ("a\"\n\u{1b}".into(), "\"a\\\"\\n\\u001b\""),
            (Value::Bytes(vec![255, 254]), "\"//4=\""),
            (tag(8, Value::Array(vec!["client".into(), "x".into()])), "\"client:x\""),
            (tag(12, Value::Array(vec![0.into(), 500_000_000.into()])), "\"1970-01-01T00:00:00.5Z\""),
            (tag(14, Value::Array(vec![60.into()])), "60"),
            (tag(14, Value::Array(vec![90.into(), 500_000_000.into()])), "90.5"),
            (tag(37, Value::Bytes(vec![0; 16])), "\"00000000-0000-0000-0000-000000000000\""),
            (tag(88, Value::Array(vec![1.5.into(), 2.into()])), "[1.5,2]"),
            (tag(42, "x"), "\"x\""),
            (tag(1, 5), "5"),
            (tag(55_799, tag(0, "2013-03-21T20:04:00Z")), "\"2013-03-21T20:04:00Z\""),
            (Value::Array(vec![tag(10, "1.50"), Value::Bytes(vec![0])]), "[1.50,\"AA==\"]"),
        ] {
            assert_eq!(json(&value), text, "{value:?}");
        }
    }

    #[test]
    fn every_key_has_a_name_and_the_last_value_of_a_repeated_name_counts() {
        let map = |pairs: Vec<(Value, i32)>| {
            json(&Value::Map(pairs.into_iter().map(|(key, value)| (key, value.into())).collect()))
        };
        for (key, name) in [
            ("a".into(), "a"),
            (1.into(), "1"),
            (1.5.into(), "1.5"),
            (true.into(), "true"),
            (Value::Null, "null"),
            (Value::Bytes(vec![1, 2]), "AQI="),
            (tag(42, "x"), "x"),
            (tag(8, Value::Array(vec!["client".into(), "x".into()])), "client:x"),
            (tag(14, Value::Array(vec![60.into()])), "60"),
            // `82 01 02`, as a key that is an array has no text of its own.
            (Value::Array(vec![1.into(), 2.into()]), "ggEC"),
        ] {
            assert_eq!(map(vec![(key, 7)]), format!("{{\"{name}\":7}}"));
        }
        let bytes = |bytes: [u8; 2]| Value::Bytes(bytes.into());
        assert_eq!(map(vec![(bytes([1, 2]), 1), (bytes([3, 4]), 2)]), r#"{"AQI=":1,"AwQ=":2}"#);
        assert_eq!(map(vec![(1.into(), 1), ("b".into(), 2), ("1".into(), 3)]), r#"{"1":3,"b":2}"#);
    }
}
