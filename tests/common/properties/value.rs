//! What holds of any bytes as the value of an entry. The other side is ciborium alone: what it makes of
//! them, read as vantage-live reads it, and written by the rules of the README.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ciborium::Value;
use indexmap::IndexMap;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt::Write;
use std::io;
use std::time::{Duration, UNIX_EPOCH};
use vlive::json::{JsonStyle, RowsInput, write_envelope};
use vlive::live::FetchedAt;
use vlive::live::{Envelope, EnvelopeView};
use vlive::{CachedRows, Record};

/// Of indented JSON more than this is not read back: what is nested deeply is mostly space, and the space
/// at every level of it is passed once for each level around it.
const MOST_READ: usize = 32 * 1024;

/// Holds all that reads a value against each other and against ciborium. Returns the bytes that
/// vantage-live would write for what it reads, or `None` if it reads nothing.
pub fn value(value: &[u8]) -> Option<Vec<u8>> {
    let view = EnvelopeView::new(value);
    // A time of the future is no matter of the bytes.
    let deviations = vlive::live::deviations(value, u64::MAX);
    vlive::cbor::notation(value, Some(0), &mut io::sink()).expect("nowhere takes all");
    drop(vlive::live::redact(value));
    let shown = value.escape_ascii();
    let Some((fetched_at, rows)) = decode(value) else {
        let error = view.expect_err("ciborium refuses it");
        assert_eq!(CachedRows::decode(value), Err(error), "{shown}");
        assert_eq!(deviations, Err(error), "{shown}");
        return None;
    };
    let canonical = encode(fetched_at, &rows);
    let view = view.unwrap_or_else(|error| panic!("ciborium takes it: {error}: {shown}"));
    assert_eq!(view.fetched_at(), fetched_at, "{shown}");
    let decoded = CachedRows::decode(value).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(decoded.fetched_at, UNIX_EPOCH + Duration::from_secs(fetched_at), "{shown}");
    // As bytes, since no NaN equals another.
    assert_eq!(Envelope::encode(&decoded).bytes(), canonical, "{shown}");
    let deviations = deviations.unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(deviations.is_empty(), canonical == value, "{deviations:?}: {shown}");

    let expected = json_of(fetched_at, &rows);
    for pretty in [false, true] {
        let json = write(&view, JsonStyle { pretty, ..JsonStyle::default() });
        assert_eq!(if pretty { without_space(&json) } else { json.clone() }, expected, "{shown}");
        if json.len() > MOST_READ && pretty {
            continue;
        }
        match RowsInput::parse(&json, "id") {
            Ok(input) => {
                let fetched_at = FetchedAt::new(fetched_at).unwrap();
                assert_eq!(input.fetched_at(), Some(fetched_at), "{shown}");
                assert_eq!(input.into_envelope(fetched_at).bytes(), canonical, "{shown}\n{json}");
            }
            // What ciborium read from a bignum in segments it may write so that it cannot read it.
            Err(error) => assert!(decode(&canonical).is_none(), "{error}: {shown}\n{json}"),
        }
    }
    let plain = write(&view, JsonStyle { plain: true, ..JsonStyle::default() });
    assert!(serde_json::from_str::<&RawValue>(&plain).is_ok(), "{shown}\n{plain}");
    Some(canonical)
}

fn write(view: &EnvelopeView<'_>, style: JsonStyle) -> String {
    let mut json = Vec::new();
    write_envelope(view, style, &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

type Rows = IndexMap<String, Record>;

/// The time and the rows, with vantage-live's leniency.
fn decode(value: &[u8]) -> Option<(u64, Rows)> {
    let Ok(Value::Map(pairs)) = ciborium::from_reader(value) else { return None };
    let (mut fetched_at, mut rows) = (0, Rows::new());
    for pair in pairs {
        match pair {
            (Value::Text(key), Value::Integer(seconds)) if key == "fetched_at" => {
                let seconds = i64::try_from(seconds).ok();
                fetched_at = seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
            }
            (Value::Text(key), Value::Map(pairs)) if key == "rows" => {
                let row = |row: Value| texts(row.into_map().unwrap_or_default()).collect();
                rows.extend(texts(pairs).map(|(id, fields)| (id, row(fields))));
            }
            _ => {}
        }
    }
    Some((fetched_at, rows))
}

/// The pairs whose key is text.
fn texts(pairs: Vec<(Value, Value)>) -> impl Iterator<Item = (String, Value)> {
    pairs.into_iter().filter_map(|(key, value)| Some((key.into_text().ok()?, value)))
}

/// As vantage-live writes it: one value, by ciborium.
fn encode(fetched_at: u64, rows: &Rows) -> Vec<u8> {
    let text = |text: &String| Value::Text(text.clone());
    let row = |fields: &Record| fields.iter().map(|(name, value)| (text(name), value.clone())).collect();
    let rows = rows.iter().map(|(id, fields)| (text(id), Value::Map(row(fields)))).collect();
    let envelope = vec![("fetched_at".into(), fetched_at.into()), ("rows".into(), Value::Map(rows))];
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Map(envelope), &mut bytes).unwrap();
    bytes
}

fn json_of(fetched_at: u64, rows: &Rows) -> String {
    let mut out = format!("{{\"fetched_at\":{fetched_at},\"rows\":");
    object(rows, &mut out, |fields, out| object(fields, out, push_value));
    out.push('}');
    out
}

fn object<T>(pairs: &IndexMap<String, T>, out: &mut String, value: impl Fn(&T, &mut String)) {
    let pairs = pairs.iter().map(|(key, inner)| (key.as_str(), inner));
    list(pairs, ['{', '}'], out, |(key, inner), out| {
        push_text(key, out);
        out.push(':');
        value(inner, out);
    });
}

fn list<T>(items: impl Iterator<Item = T>, [open, close]: [char; 2], out: &mut String, each: impl Fn(T, &mut String)) {
    out.push(open);
    for (n, item) in items.enumerate() {
        if n > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(close);
}

fn push_text(text: &str, out: &mut String) {
    for char in serde_json::to_string(text).unwrap().chars() {
        match char {
            '\u{7f}'..='\u{9f}' => write!(out, "\\u{:04x}", u32::from(char)).unwrap(),
            _ => out.push(char),
        }
    }
}

/// What JSON cannot hold.
fn push_special(name: &str, text: &str, out: &mut String) {
    write!(out, "{{\"{name}\":\"{text}\"}}").unwrap();
}

fn push_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(&value.to_string()),
        Value::Integer(value) => match i128::from(*value) {
            value if value < i128::from(i64::MIN) => push_special("$int", &value.to_string(), out),
            value => out.push_str(&value.to_string()),
        },
        Value::Float(value) if value.is_finite() => out.push_str(&serde_json::to_string(value).unwrap()),
        Value::Float(value) => match value.to_bits() {
            0x7ff8_0000_0000_0000 => push_special("$float", "NaN", out),
            0x7ff0_0000_0000_0000 => push_special("$float", "Infinity", out),
            0xfff0_0000_0000_0000 => push_special("$float", "-Infinity", out),
            bits => push_special("$float", &format!("{bits:#018x}"), out),
        },
        Value::Text(text) => push_text(text, out),
        Value::Bytes(bytes) => push_special("$bytes", &BASE64.encode(bytes), out),
        Value::Tag(tag, content) => {
            write!(out, "{{\"$tag\":[{tag},").unwrap();
            push_value(content, out);
            out.push_str("]}");
        }
        Value::Array(values) => list(values.iter(), ['[', ']'], out, push_value),
        Value::Map(pairs) => push_map(pairs, out),
        other => panic!("{other:?} is new"),
    }
}

fn push_map(pairs: &[(Value, Value)], out: &mut String) {
    let mut names = HashSet::new();
    let are_distinct = pairs.iter().all(|(key, _)| key.as_text().is_some_and(|name| names.insert(name)));
    let is_reserved =
        pairs.len() == 1 && ["$bytes", "$tag", "$float", "$int", "$map"].iter().any(|n| names.contains(n));
    if are_distinct && !is_reserved {
        let pairs = pairs.iter().map(|(key, value)| (key.as_text().unwrap(), value));
        return list(pairs, ['{', '}'], out, |(name, value), out| {
            push_text(name, out);
            out.push(':');
            push_value(value, out);
        });
    }
    out.push_str("{\"$map\":");
    list(pairs.iter(), ['[', ']'], out, |(key, value), out| {
        list([key, value].into_iter(), ['[', ']'], out, push_value);
    });
    out.push('}');
}

/// JSON without the space between its tokens.
fn without_space(json: &str) -> String {
    let (mut in_text, mut is_escaped) = (false, false);
    let kept = |char: &char| {
        if in_text {
            in_text = is_escaped || *char != '"';
            is_escaped = !is_escaped && *char == '\\';
            return true;
        }
        in_text = *char == '"';
        !matches!(char, ' ' | '\n')
    };
    json.chars().filter(kept).collect()
}
