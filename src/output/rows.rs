//! Rows as JSON by their meaning, for engines that read a row on each line.

use super::meaning::{Meaning, json_number, meaning};
use base64::prelude::{BASE64_STANDARD, Engine};
use ciborium::Value;
use std::collections::HashMap;
use vlive::json::{JsonStyle, write_envelope};
use vlive::live::{Envelope, EnvelopeView};
use vlive::{CachedRows, Record};

/// Appends a record: an object of field to value.
///
/// Values are written by what they mean: dates as RFC 3339, decimals and integers of any size as numbers with all
/// their digits, record ids, uuids and durations as text, byte strings as padded base64. What JSON has no number for
/// (NaN and the infinities) and what is not set are null; a tag without a known meaning is text, `42("x")`.
pub fn push_record(out: &mut Vec<u8>, record: &Record) {
    push_object(out, record.iter().map(|(name, value)| (name.as_str(), value)));
}

/// Appends a record without loss, as `vlive dump` writes it.
pub fn push_lossless(out: &mut Vec<u8>, record: Record) {
    // An envelope is the smallest thing that has a lossless form: one with this row, less what stands around it.
    let envelope = Envelope::encode(&CachedRows::new([(String::new(), record)].into_iter().collect()));
    let view = EnvelopeView::new(envelope.bytes()).expect("a record that was decoded can be encoded");
    let style = JsonStyle { rows_only: true, ..JsonStyle::default() };
    let mut text = Vec::new();
    write_envelope(&view, style, &mut text).expect("memory takes all");
    let inside = text.strip_prefix(b"{\"\":").and_then(|text| text.strip_suffix(b"}"));
    out.extend_from_slice(inside.expect("the envelope has one row"));
}

/// Appends text with its quotes.
pub fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("memory takes all");
}

fn push_object<'v>(out: &mut Vec<u8>, pairs: impl Iterator<Item = (&'v str, &'v Value)>) {
    out.push(b'{');
    for (n, (name, value)) in pairs.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        push_text(out, name);
        out.push(b':');
        push_value(out, value);
    }
    out.push(b'}');
}

fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => push_text(out, text),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Bytes(bytes) => push_text(out, &BASE64_STANDARD.encode(bytes)),
        Value::Array(values) => push_array(out, values),
        Value::Map(pairs) => push_map(out, pairs),
        // A geometry is the array of its coordinates.
        Value::Tag(88..=94, content) if content.is_array() => push_value(out, content),
        value => match meaning(value) {
            Meaning::Null | Meaning::Unset => out.extend_from_slice(b"null"),
            Meaning::Number(text) => {
                let number = json_number(&text);
                out.extend_from_slice(number.as_deref().unwrap_or("null").as_bytes());
            }
            Meaning::Text(text) => push_text(out, &text),
        },
    }
}

fn push_array(out: &mut Vec<u8>, values: &[Value]) {
    out.push(b'[');
    for (n, value) in values.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        push_value(out, value);
    }
    out.push(b']');
}

/// Appends a map. Keys that are not text are written as people read them; of keys that read the same the last value
/// counts, since engines refuse an object that has a name twice.
fn push_map(out: &mut Vec<u8>, pairs: &[(Value, Value)]) {
    let names: Vec<_> = pairs.iter().map(|(key, _)| meaning(key).into_text()).collect();
    let last: HashMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (&**name, n)).collect();
    let kept = names.iter().enumerate().filter(|(n, name)| last[&***name] == *n);
    push_object(out, kept.map(|(n, name)| (&**name, &pairs[n].1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(tag: u64, content: impl Into<Value>) -> Value {
        Value::Tag(tag, Box::new(content.into()))
    }

    #[test]
    fn values_are_written_by_their_meaning() {
        for (value, json) in [
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
            (tag(14, Value::Array(vec![60.into()])), "\"1m\""),
            (tag(37, Value::Bytes(vec![0; 16])), "\"00000000-0000-0000-0000-000000000000\""),
            (tag(88, Value::Array(vec![1.5.into(), 2.into()])), "[1.5,2]"),
            (tag(42, "x"), "\"42(\\\"x\\\")\""),
            (Value::Array(vec![tag(10, "1.50"), Value::Bytes(vec![0])]), "[1.50,\"AA==\"]"),
            (Value::Map(vec![(1.into(), "a".into()), ("1".into(), tag(10, "2"))]), "{\"1\":2}"),
        ] {
            let mut out = Vec::new();
            push_value(&mut out, &value);
            assert_eq!(String::from_utf8(out).unwrap(), json, "{value:?}");
        }
    }
}
