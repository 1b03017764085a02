//! `dump --format rows`: a line of JSON per row, for engines that read JSON Lines.

use super::filtering::Replacing;
use crate::output::rows;
use vlive::ops::RowText;
use vlive::snapshot::{EntryKey, Row};

/// How a row is written: `{"key": …, "fetched_at": …, "id": …, "row": {…}}`, with `"cache"` first if there is a label.
pub struct RowStyle {
    /// Whether values are written without loss rather than by their meaning.
    pub lossless: bool,
    /// The filter whose result replaces the row.
    pub replacing: Option<Replacing>,
    /// The name of the cache, to read the rows of several caches together.
    pub label: Option<String>,
}

impl RowStyle {
    /// The beginning of a line, up to the fields of the row.
    fn push_begin(&self, line: &mut Vec<u8>, key: &EntryKey, fetched_at: Option<u64>, id: &str) {
        line.push(b'{');
        if let Some(label) = &self.label {
            line.extend_from_slice(b"\"cache\":");
            rows::push_text(line, label);
            line.push(b',');
        }
        line.extend_from_slice(b"\"key\":");
        rows::push_text(line, &key.to_string());
        let fetched_at = fetched_at.map_or_else(|| "null".to_owned(), |fetched_at| fetched_at.to_string());
        line.extend_from_slice(format!(",\"fetched_at\":{fetched_at},\"id\":").as_bytes());
        rows::push_text(line, id);
        line.extend_from_slice(b",\"row\":");
    }
}

impl RowText for RowStyle {
    fn push(
        &self,
        text: &mut Vec<u8>,
        key: &EntryKey,
        fetched_at: Option<u64>,
        row: &Row<'_>,
    ) -> Result<(), vlive::Error> {
        let records = match &self.replacing {
            Some(replacing) => replacing.replace(key, fetched_at, row)?,
            None => vec![row.record()],
        };
        for record in records {
            self.push_begin(text, key, fetched_at, row.id());
            if self.lossless {
                rows::push_lossless(text, &record);
            } else {
                rows::push_record(text, &record);
            }
            text.extend_from_slice(if row.is_incomplete() { b",\"incomplete\":true}\n" } else { b"}\n" });
        }
        Ok(())
    }
}
