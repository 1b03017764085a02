//! Parts of a set of diorama in JSON text: the names by which a set is recognized, its rows, and its metadata.

use super::cursor::Cursor;
use super::encoder::{Encoder, Limits};
use super::input_error::{InputError, Place, Step};
use super::position::Position;
use crate::diorama::meta::MetaKey;
use crate::diorama::row::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// A name beside the rows of a set. No envelope of vantage-live has one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetName {
    Layout,
    /// The set to which the rows belong, if they are a part of it.
    Set,
    /// A number of the metadata.
    Number(MetaKey),
    Incomplete,
    /// Whether rows were left out.
    Partial,
    /// The stored bytes of the meta table.
    Meta,
}

impl SetName {
    pub fn of(name: &str) -> Option<SetName> {
        Some(match name {
            "layout" => SetName::Layout,
            "set" => SetName::Set,
            "incomplete" => SetName::Incomplete,
            "partial" => SetName::Partial,
            "meta" => SetName::Meta,
            _ => SetName::Number(MetaKey::of_name(name)?),
        })
    }
}

/// Whether a text that is neither an envelope nor rows is a set: an object with one of these names whose value is not
/// a row.
pub(crate) fn is_set(json: &str) -> bool {
    let mut at = Cursor::new(json);
    if at.peek() != b'{' || serde_json::from_str::<IgnoredAny>(json).is_err() {
        return false;
    }
    let encoder = Encoder::new(json, Limits::DIORAMA);
    at.pass();
    while at.more() {
        let Ok(key) = encoder.key(&mut at, None) else { return false };
        let name = SetName::of(&key);
        let is_row = at.peek() == b'{' && name != Some(SetName::Meta);
        if name.is_some() && !is_row {
            return true;
        }
        at.take();
    }
    false
}

/// The value of a complete row, from the text of an object of field to value.
pub(crate) fn row_value(json: &str, id: &str) -> Result<Vec<u8>, InputError> {
    serde_json::from_str::<IgnoredAny>(json).map_err(|error| InputError::of_json(&error))?;
    let mut encoder = Encoder::new(json, Limits::DIORAMA);
    let place = Place::top(Step::Row(id));
    let mut at = Cursor::new(json);
    if at.peek() != b'{' {
        return Err(encoder.error(at.rest(), Some(&place), "a row is an object of field name to value"));
    }
    encoder.out.push(Status::Complete.byte());
    encoder.record(&mut at, &place)?;
    Ok(encoder.out)
}

/// Text that is copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// The text of a JSON string; `what` is the error if it is not a string.
pub(crate) fn text<'t>(json: &'t str, at: Position, what: &str) -> Result<Cow<'t, str>, InputError> {
    serde_json::from_str(json).map(|Text(text)| text).map_err(|_| InputError::new(at, what))
}

/// An array of texts.
pub(crate) fn texts(json: &str, at: Position, what: &str) -> Result<Vec<Box<str>>, InputError> {
    serde_json::from_str(json).map_err(|_| InputError::new(at, what))
}

/// `true` or `false`.
pub(crate) fn flag(json: &str, at: Position, what: &str) -> Result<bool, InputError> {
    serde_json::from_str(json).map_err(|_| InputError::new(at, what))
}

/// A number of 64 bits.
pub(crate) fn number(json: &str, at: Position, what: &str) -> Result<u64, InputError> {
    serde_json::from_str(json).map_err(|_| InputError::new(at, what))
}
