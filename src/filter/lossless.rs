//! Entries as filters that change them see them: lossless JSON, in which every number keeps its text.

use super::Fault;
use base64::prelude::{BASE64_STANDARD, Engine};
use jaq_json::{Num, Val, read};
use std::fmt::Write;
use vlive::json::names;

/// Reads JSON that was written without loss. Numbers that are not integers keep their digits.
pub fn read(json: &str) -> Val {
    read::parse_single(json.as_bytes()).expect("JSON that was just written")
}

/// Writes the result of a filter as lossless JSON: floats always have a `.` or an `e`, and what JSON cannot represent,
/// such as NaN or bytes, has the same form as in a dump.
pub fn write(value: &Val) -> Result<String, Fault> {
    let mut json = String::new();
    push(&mut json, value)?;
    Ok(json)
}

fn push(json: &mut String, value: &Val) -> Result<(), Fault> {
    match value {
        Val::Null => json.push_str("null"),
        Val::Bool(is) => json.push_str(if *is { "true" } else { "false" }),
        Val::Num(number) => push_number(json, number),
        Val::TStr(text) => push_text(json, text)?,
        Val::BStr(bytes) => push_special(json, names::BYTES, &BASE64_STANDARD.encode(bytes.as_ref())),
        Val::Arr(items) => {
            json.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    json.push(',');
                }
                push(json, item)?;
            }
            json.push(']');
        }
        Val::Obj(fields) => {
            json.push('{');
            for (n, (name, value)) in fields.iter().enumerate() {
                if n > 0 {
                    json.push(',');
                }
                let Val::TStr(name) = name else {
                    return Err(Fault::new(format!("it gives an object with the key {name}, which is not text")));
                };
                push_text(json, name)?;
                json.push(':');
                push(json, value)?;
            }
            json.push('}');
        }
    }
    Ok(())
}

fn push_number(json: &mut String, number: &Num) {
    match number {
        Num::Float(float) if !float.is_finite() => {
            let name = match () {
                () if float.is_nan() => "NaN",
                () if float.is_sign_positive() => "Infinity",
                () => "-Infinity",
            };
            push_special(json, names::FLOAT, name);
        }
        // The shortest text of a float that is not the text of an integer.
        Num::Float(float) => write!(json, "{float:?}").expect("memory takes all"),
        Num::BigInt(integer) if **integer < i64::MIN.into() => push_special(json, names::INT, &integer.to_string()),
        number => write!(json, "{number}").expect("memory takes all"),
    }
}

fn push_special(json: &mut String, name: &str, content: &str) {
    write!(json, "{{\"{name}\":\"{content}\"}}").expect("memory takes all");
}

fn push_text(json: &mut String, text: &[u8]) -> Result<(), Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::new("it gives text that is not UTF-8"))?;
    json.push_str(&serde_json::to_string(text).expect("text is JSON"));
    Ok(())
}
