//! Strings in JSON text.

use super::input_error::InputError;
use super::position::Position;
use memchr::memchr2;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// What is wrong if [`unescaped`] returns `None`.
pub(super) const LONE_SURROGATE: &str =
    "an escape from `\\ud800` to `\\udfff` is half of a character, and its other half is missing";

/// The text of an unverified string.
pub(crate) fn parse(string: &str) -> Result<Cow<'_, str>, InputError> {
    serde_json::from_str::<IgnoredAny>(string).map_err(|error| InputError::of_json(&error))?;
    unescaped(string).ok_or_else(|| InputError::new(Position::START, LONE_SURROGATE))
}

/// The length of a string in bytes, including its quotes.
pub(super) fn string_len(bytes: &[u8]) -> usize {
    let mut len = 1;
    while let Some(end) = bytes.get(len..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        len += end + 1;
        if bytes[len - 1] == b'"' {
            return len;
        }
        len += 1;
    }
    bytes.len()
}

/// The text of a JSON string, copied only if it has escapes. `None` if an escape is half of a surrogate pair, which is
/// the only fault that a verified string can have.
pub(super) fn unescaped(string: &str) -> Option<Cow<'_, str>> {
    let inside = &string[1..string.len() - 1];
    if inside.as_bytes().contains(&b'\\') {
        serde_json::from_str(string).map(Cow::Owned).ok()
    } else {
        Some(Cow::Borrowed(inside))
    }
}
