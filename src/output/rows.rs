//! Rows as JSON, for engines that read a row per line.

use super::meaning::data::push_object;
pub use super::meaning::data::push_text;
use vlive::json::{JsonStyle, write_envelope};
use vlive::live::{Envelope, EnvelopeView};
use vlive::{CachedRows, Record};

/// Appends a record: an object of field to value, each [as data](super::meaning::data).
pub fn push_record(out: &mut Vec<u8>, record: &Record) {
    push_object(out, record.iter());
}

/// Appends a record without loss, as `vlive dump` writes it.
pub fn push_lossless(out: &mut Vec<u8>, record: Record) {
    // Only an envelope can be written without loss: the record is taken from the text of one with this row alone.
    let envelope = Envelope::encode(&CachedRows::new([(String::new(), record)].into_iter().collect()));
    let view = EnvelopeView::new(envelope.bytes()).expect("a record that was decoded can be encoded");
    let style = JsonStyle { rows_only: true, ..JsonStyle::default() };
    let mut text = Vec::new();
    write_envelope(&view, style, &mut text).expect("memory takes all");
    let inside = text.strip_prefix(b"{\"\":").and_then(|text| text.strip_suffix(b"}"));
    out.extend_from_slice(inside.expect("the envelope has one row"));
}
