//! `dump --format rows`: a line of JSON for each row, for engines that read JSON Lines.

use super::filtering::Replacing;
use crate::output::rows;
use std::io::Write;
use vlive::ops::{DumpError, Dumped, Scope, Unread};
use vlive::snapshot::EntryKey;
use vlive::{Record, Snapshot};

/// Bytes of lines that are written at once.
const CHUNK: usize = 64 * 1024;

/// What is written of a row.
pub struct RowStyle {
    /// Values without loss, not by their meaning.
    pub lossless: bool,
    /// What stands in place of the row.
    pub replacing: Option<Replacing>,
    /// The name of the cache, where rows of several are read together.
    pub label: Option<String>,
}

impl RowStyle {
    /// What is written of a row.
    fn records(
        &self,
        key: &EntryKey,
        fetched_at: Option<u64>,
        id: &str,
        record: Record,
    ) -> Result<Vec<Record>, DumpError> {
        match &self.replacing {
            Some(replacing) => Ok(replacing.replace(key, fetched_at, id, &record)?),
            None => Ok(vec![record]),
        }
    }

    /// What the line of a row begins with, up to its id.
    fn begin(&self, key: &str, fetched_at: Option<u64>) -> Vec<u8> {
        let mut begin = b"{".to_vec();
        if let Some(label) = &self.label {
            begin.extend_from_slice(b"\"cache\":");
            rows::push_text(&mut begin, label);
            begin.push(b',');
        }
        begin.extend_from_slice(b"\"key\":");
        rows::push_text(&mut begin, key);
        let fetched_at = fetched_at.map_or_else(|| "null".to_owned(), |fetched_at| fetched_at.to_string());
        begin.extend_from_slice(format!(",\"fetched_at\":{fetched_at},\"id\":").as_bytes());
        begin
    }
}

/// Writes `{"key": …, "fetched_at": …, "id": …, "row": {…}}` for every row in the scope, with `"cache"` first if there
/// is a label: a record at a time is in memory.
///
/// # Errors
/// Those of `out` and of the cache.
pub fn write(snapshot: &Snapshot, scope: &Scope, style: &RowStyle, out: &mut dyn Write) -> Result<Dumped, DumpError> {
    let mut dumped = Dumped::default();
    let mut lines = Vec::new();
    let mut push = |begin: &[u8], id: &str, record: Record, end: &[u8]| {
        lines.extend_from_slice(begin);
        rows::push_text(&mut lines, id);
        lines.extend_from_slice(b",\"row\":");
        if style.lossless {
            rows::push_lossless(&mut lines, record);
        } else {
            rows::push_record(&mut lines, &record);
        }
        lines.extend_from_slice(end);
        if lines.len() >= CHUNK {
            out.write_all(&lines)?;
            lines.clear();
        }
        Ok::<(), DumpError>(())
    };
    let mut unread = Unread::default();
    let walked = vlive::ops::each_entry::<DumpError>(snapshot, scope, |entry| {
        let (key, fetched_at) = (entry.key(), entry.fetched_at());
        let begin = style.begin(&key.to_string(), fetched_at);
        let unreadable_before = unread.unreadable.len();
        vlive::ops::each_row::<DumpError>(snapshot, &entry, &mut unread, |row| {
            let end: &[u8] = if row.is_incomplete() { b",\"incomplete\":true}\n" } else { b"}\n" };
            for record in style.records(&key, fetched_at, row.id(), row.record())? {
                push(&begin, row.id(), record, end)?;
            }
            Ok(())
        })?;
        dumped.entries += u64::from(unread.unreadable.len() == unreadable_before);
        Ok(())
    });
    if !matches!(walked, Err(DumpError::Output(_))) {
        out.write_all(&lines)?;
    }
    let (matched, damage) = walked?;
    unread.damage.extend(damage);
    dumped.matched = matched;
    (dumped.unreadable, dumped.refused, dumped.damage) = (unread.unreadable, unread.refused, unread.damage);
    Ok(dumped)
}
