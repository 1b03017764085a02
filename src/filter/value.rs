//! Values of a cache as a filter sees them, and the results of a filter as values.
//!
//! They are [data](crate::output::meaning::data) of jaq's kinds: byte strings stay byte strings, and decimals have all
//! their digits and are compared as floats of 64 bits.

use super::Fault;
use crate::output::meaning::data::{Data, data, fields, key_name};
use ciborium::Value;
use jaq_json::{Num, Val};
use std::rc::Rc;
use vlive::Record;

/// A row as an object.
pub fn of_record(record: &Record) -> Val {
    Val::obj(record.iter().map(|(name, value)| (Val::utf8_str(name.clone()), of(value))).collect())
}

/// A value as data.
pub fn of(value: &Value) -> Val {
    match data(value) {
        Data::Null => Val::Null,
        Data::Bool(is) => Val::Bool(is),
        Data::Integer(integer) => Val::Num(Num::from_integral(integer)),
        Data::Float(float) => Val::Num(Num::Float(float)),
        Data::Digits(digits) => number(&digits),
        Data::Text(text) => Val::utf8_str(text.into_owned()),
        Data::Bytes(bytes) => Val::byte_str(bytes.to_vec()),
        Data::Array(items) => items.iter().map(of).collect(),
        Data::Map(pairs) => Val::obj(
            fields(pairs).into_iter().map(|(name, value)| (Val::utf8_str(name.into_owned()), of(value))).collect(),
        ),
    }
}

/// How many levels a field may have, tags included: as many as one of diorama has, the deepest in a cache.
const DEPTH: usize = 255;

/// A result as a row: an object with its fields, anything else as the field `value`.
pub fn to_record(result: &Val) -> Result<Record, Fault> {
    match result {
        Val::Obj(fields) => {
            fields.iter().map(|(name, value)| Ok((name_of(name, DEPTH)?, to_value(value, DEPTH)?))).collect()
        }
        other => Ok(Record::from_iter([("value".to_owned(), to_value(other, DEPTH)?)])),
    }
}

/// The name of an object's key. A filter can create keys that are not text.
fn name_of(key: &Val, depth: usize) -> Result<String, Fault> {
    Ok(key_name(&to_value(key, depth)?).into_owned())
}

fn to_value(result: &Val, depth: usize) -> Result<Value, Fault> {
    let deeper = || {
        let fault = || Fault::new(format!("it gives a value with more than {DEPTH} levels of arrays and objects"));
        depth.checked_sub(1).ok_or_else(fault)
    };
    Ok(match result {
        Val::Null => Value::Null,
        Val::Bool(is) => Value::Bool(*is),
        Val::Num(Num::Int(integer)) => Value::from(*integer as i64),
        Val::Num(Num::Float(float)) => Value::Float(*float),
        // A number with more digits than these types hold becomes a decimal, which keeps all digits.
        Val::Num(number) => {
            deeper()?;
            Value::Tag(10, Box::new(number.to_string().into()))
        }
        Val::TStr(text) => Value::from(String::from_utf8_lossy(text).into_owned()),
        Val::BStr(bytes) => Value::Bytes(bytes.to_vec()),
        Val::Arr(items) => {
            let depth = deeper()?;
            Value::Array(items.iter().map(|item| to_value(item, depth)).collect::<Result<_, _>>()?)
        }
        Val::Obj(fields) => {
            let depth = deeper()?;
            let pair = |(name, value): (&Val, &Val)| Ok((name_of(name, depth)?.into(), to_value(value, depth)?));
            Value::Map(fields.iter().map(pair).collect::<Result<_, Fault>>()?)
        }
    })
}

/// A decimal number with all its digits.
fn number(digits: &str) -> Val {
    Val::Num(Num::from_str_radix(digits, 10).unwrap_or_else(|| Num::Dec(Rc::new(digits.to_owned()))))
}
