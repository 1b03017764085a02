//! Values of a cache as a filter sees them, and the results of a filter as values.
//!
//! | value | in a filter |
//! | --- | --- |
//! | null, NONE of SurrealDB, undefined | null |
//! | booleans, text, arrays | themselves |
//! | integers of any size, bignums included | numbers, exactly |
//! | floats, NaN and the infinities included | numbers |
//! | decimals | numbers; printed with all their digits, compared as floats of 64 bits |
//! | dates and times | text, RFC 3339 where the backend has that |
//! | durations | numbers, seconds |
//! | record ids, uuids | text: `table:id` |
//! | byte strings | byte strings, as jaq has them |
//! | maps | objects; a key that is not text is itself |
//! | any other tag | what it tags |

use crate::output::meaning::{self, Meaning};
use ciborium::Value;
use jaq_json::{Map, Num, Val};
use std::rc::Rc;
use vlive::Record;

/// A row as an object.
pub fn of_record(record: &Record) -> Val {
    Val::obj(record.iter().map(|(name, value)| (Val::utf8_str(name.clone()), of(value))).collect())
}

/// A value by its meaning.
pub fn of(value: &Value) -> Val {
    match value {
        Value::Bool(is) => Val::Bool(*is),
        Value::Integer(integer) => Val::Num(Num::from_integral(i128::from(*integer))),
        Value::Float(float) => Val::Num(Num::Float(*float)),
        Value::Text(text) => Val::utf8_str(text.clone()),
        Value::Bytes(bytes) => Val::byte_str(bytes.clone()),
        Value::Array(items) => items.iter().map(of).collect(),
        Value::Map(pairs) => Val::obj(pairs.iter().map(|(key, value)| (of(key), of(value))).collect::<Map>()),
        Value::Tag(tag, content) => of_tag(*tag, content),
        // Null, and what a later ciborium may add.
        _ => Val::Null,
    }
}

fn of_tag(tag: u64, content: &Value) -> Val {
    if let Some(seconds) = meaning::seconds(tag, content) {
        return number(&seconds);
    }
    match meaning::of_tag(tag, content) {
        // Geometries are arrays, and stay so.
        Some(_) if matches!(content, Value::Array(_)) && (88..=94).contains(&tag) => of(content),
        Some(Meaning::Null | Meaning::Unset) => Val::Null,
        Some(Meaning::Number(digits)) => number(&digits),
        Some(Meaning::Text(text)) => Val::utf8_str(text.into_owned()),
        None => of(content),
    }
}

/// A result as a row: an object with its fields, anything else as the field `value`.
pub fn to_record(result: &Val) -> Record {
    match result {
        Val::Obj(fields) => fields.iter().map(|(name, value)| (name_of(name), to_value(value))).collect(),
        other => Record::from_iter([("value".to_owned(), to_value(other))]),
    }
}

/// A key of an object: its text, or else its JSON.
fn name_of(key: &Val) -> String {
    match key {
        Val::TStr(text) => String::from_utf8_lossy(text).into_owned(),
        other => other.to_string(),
    }
}

fn to_value(result: &Val) -> Value {
    match result {
        Val::Null => Value::Null,
        Val::Bool(is) => Value::Bool(*is),
        Val::Num(Num::Int(integer)) => Value::from(*integer as i64),
        Val::Num(Num::Float(float)) => Value::Float(*float),
        // A number with more digits than these types hold becomes a decimal, which keeps all digits.
        Val::Num(number) => Value::Tag(10, Box::new(number.to_string().into())),
        Val::TStr(text) => Value::from(String::from_utf8_lossy(text).into_owned()),
        Val::BStr(bytes) => Value::Bytes(bytes.to_vec()),
        Val::Arr(items) => Value::Array(items.iter().map(to_value).collect()),
        Val::Obj(fields) => {
            Value::Map(fields.iter().map(|(name, value)| (name_of(name).into(), to_value(value))).collect())
        }
    }
}

/// A decimal number with all its digits.
fn number(digits: &str) -> Val {
    Val::Num(Num::from_str_radix(digits, 10).unwrap_or_else(|| Num::Dec(Rc::new(digits.to_owned()))))
}
