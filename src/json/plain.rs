//! The plain form of values, for people and for tools that do not know the `$` names: tags are dropped, and
//! every key is text.

use super::tokens::{Result, Tokens};
use super::values::{Maps, Values};
use crate::cbor::reader::{Head, Reader};
use crate::live::layout::MAX_DEPTH;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as URL_BASE64;
use ciborium::Value;
use std::io::{self, Write};

/// A value as [plain](super::JsonStyle::plain) JSON on one line.
pub fn plain(value: &Value) -> String {
    let tokens = Tokens::buffered(io::sink(), false, Vec::new(), usize::MAX);
    let mut values = Values::new(tokens, true);
    values.built(value).map_err(io::Error::from).expect("memory takes all text");
    String::from_utf8(values.tokens.into_text()).expect("JSON is UTF-8")
}

// A key that is a number or a word becomes its JSON. The JSON of any other key would be escaped once more for each
// enclosing key, and double in length each time, so such a key becomes the base64url of its CBOR.

impl<W: Write> Values<W> {
    /// Writes a map whose keys become text.
    pub(super) fn plain_pairs(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>, maps: Maps<'_>) -> Result {
        self.begin_object();
        while reader.more(&mut left)? {
            self.plain_key(reader)?;
            self.value(reader, maps, MAX_DEPTH)?;
        }
        self.end_object();
        Ok(())
    }

    fn plain_key(&mut self, reader: &mut Reader<'_>) -> Result {
        let start = *reader;
        let text = match reader.head()? {
            Head::Text(len) => {
                let key = reader.text(len)?;
                return self.tokens.key(&key);
            }
            Head::Unsigned(value) => value.to_string(),
            Head::Negative(value) => (-1 - i128::from(value)).to_string(),
            Head::Float(float) => serde_json::to_string(&float.value()).map_err(io::Error::from)?,
            Head::Simple(20) => "false".to_owned(),
            Head::Simple(21) => "true".to_owned(),
            Head::Simple(_) => "null".to_owned(),
            _ => {
                *reader = start;
                reader.skip(MAX_DEPTH)?;
                URL_BASE64.encode(reader.since(start.pos()))
            }
        };
        self.tokens.key(&text)
    }

    /// Writes a decoded value.
    fn built(&mut self, value: &Value) -> Result {
        match value {
            Value::Integer(integer) => self.integer((*integer).into())?,
            Value::Bytes(bytes) => self.byte_string(bytes)?,
            Value::Float(float) => self.float(*float)?,
            Value::Text(text) => self.tokens.string(text.as_bytes())?,
            Value::Bool(true) => self.tokens.raw(b"true"),
            Value::Bool(false) => self.tokens.raw(b"false"),
            Value::Tag(_, content) => self.built(content)?,
            Value::Array(values) => {
                self.tokens.begin(b'[');
                for value in values {
                    self.tokens.item()?;
                    self.built(value)?;
                }
                self.tokens.end(b']');
            }
            Value::Map(pairs) => {
                self.begin_object();
                for (key, value) in pairs {
                    self.built_key(key)?;
                    self.built(value)?;
                }
                self.end_object();
            }
            // Null; ciborium reads no other values.
            _ => self.tokens.raw(b"null"),
        }
        Ok(())
    }

    fn built_key(&mut self, key: &Value) -> Result {
        match key {
            Value::Text(text) => self.tokens.key(text),
            Value::Bytes(_) | Value::Tag(..) | Value::Array(_) | Value::Map(_) => {
                let mut encoded = Vec::new();
                ciborium::into_writer(key, &mut encoded).expect("writing to memory cannot fail");
                self.tokens.key(&URL_BASE64.encode(encoded))
            }
            word => self.tokens.key(&plain(word)),
        }
    }
}
