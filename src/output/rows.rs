//! Rows as JSON, for engines that read a row per line.

use super::meaning::data::push_object;
pub use super::meaning::data::push_text;
use vlive::Record;
use vlive::diorama::row::{RowView, Status, encode};
use vlive::json::write_fields;

/// Appends a record: an object of field to value, each [as data](super::meaning::data).
pub fn push_record(out: &mut Vec<u8>, record: &Record) {
    push_object(out, record.iter());
}

/// Appends a record without loss, as `vlive dump` writes it.
pub fn push_lossless(out: &mut Vec<u8>, record: &Record) {
    // Diorama's rows may be nested deeper than those of vantage-live, and their fields are written alike.
    let row = encode(record, Status::Complete);
    let view = RowView::new(&row).expect("a record that was decoded can be encoded");
    write_fields(&view, out).expect("memory takes all");
}
