//! Values as JSON and back, without loss.
//!
//! What JSON can hold is itself: null, booleans, integers of 64 bits, signed or unsigned, finite floats
//! (always with a `.` or an `e`), text, arrays, and maps whose keys are text and differ. The rest is an
//! object with one key:
//!
//! | CBOR | JSON |
//! | --- | --- |
//! | byte string | `{"$bytes": "<base64, padded>"}` |
//! | tag | `{"$tag": [42, value]}` |
//! | NaN and infinities | `{"$float": "NaN"}`, `"Infinity"`, `"-Infinity"`; any other NaN by its bits: `{"$float": "0x7ff80000deadbeef"}` |
//! | an integer below -2^63 | `{"$int": "-18446744073709551616"}` |
//! | a map with a key that is not text, with a repeated key, or with one of these five names for its only key | `{"$map": [[key, value], …]}` |
//!
//! The envelope, its `rows` and each record are plain objects; the table is about the values in a record.
//! Control characters are escaped in text, those above ASCII too, so that JSON can go to a terminal.
//!
//! This wing knows the layout of an envelope, and is the only one that knows the `$` names. It must not know redb,
//! files, or where a text comes from or goes to. For writing, `writer` (entries, in two passes) uses `envelopes`,
//! `values` and `plain`, and these use `tokens` (text). For reading, `reader` (rows) uses `encoder` (values), and this
//! uses `cursor` (text).

mod cursor;
mod encoder;
mod envelopes;
pub(crate) mod extent;
pub(crate) mod input_error;
pub mod names;
mod plain;
pub(crate) mod position;
pub(crate) mod reader;
pub(crate) mod set_reader;
pub(crate) mod set_writer;
mod specials;
pub(crate) mod string;
pub(crate) mod style;
mod tokens;
mod values;
pub(crate) mod writer;

pub use input_error::InputError;
pub use plain::plain;
pub use reader::RowsInput;
pub use set_writer::write_fields;
pub use style::JsonStyle;
pub use writer::{EntryError, JsonWriter, write_envelope};
