//! Values as JSON and back, without loss.
//!
//! What JSON can hold is itself: null, booleans, integers of 64 bits, signed or unsigned, finite
//! floats (which always have a `.` or an `e`), text, arrays, and maps with text keys that differ.
//! The rest is an object with one key:
//!
//! | CBOR | JSON |
//! | --- | --- |
//! | byte string | `{"$bytes": "<base64, padded>"}` |
//! | tag | `{"$tag": [42, value]}` |
//! | NaN and infinities | `{"$float": "NaN"}`, `"Infinity"`, `"-Infinity"`; any other NaN by its bits: `{"$float": "0x7ff80000deadbeef"}` |
//! | an integer below -2^63 | `{"$int": "-18446744073709551616"}` |
//! | a map with a key that is no text, a key twice, or one of these five names for its only key | `{"$map": [[key, value], …]}` |
//!
//! The envelope, its `rows` and each record are plain objects; the rule is for what is inside of
//! a record. Control characters are escaped in text, those above ASCII too, so that JSON can go to
//! a terminal as it is.

mod cursor;
mod encode;
pub(crate) mod extent;
pub(crate) mod input_error;
mod names;
pub(crate) mod position;
pub(crate) mod read;
pub(crate) mod write;

pub use input_error::InputError;
pub use read::RowsInput;
pub(crate) use write::Entry;
pub use write::{JsonStyle, JsonWriter, plain};
