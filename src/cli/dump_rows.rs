//! `dump --format rows`: a line of JSON for each row, for engines that read JSON Lines.

use super::filtering::Replacing;
use crate::output::rows;
use std::io::{self, Write};
use vlive::ops::{Dumped, Scope, Unread};
use vlive::snapshot::EntryKey;
use vlive::{Error, Record, Snapshot};

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
    fn records(&self, key: &EntryKey, fetched_at: Option<u64>, id: &str, record: Record) -> Result<Vec<Record>, Stop> {
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

/// Why a walk over rows stops.
enum Stop {
    Out(io::Error),
    Cache(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Cache(error)
    }
}

/// Writes `{"key": …, "fetched_at": …, "id": …, "row": {…}}` for every row in the scope, with `"cache"` first if there
/// is a label: a record at a time is in memory.
///
/// # Errors
/// The outer error is that of `out`, the inner one that of the cache.
pub fn write(
    snapshot: &Snapshot,
    scope: &Scope,
    style: &RowStyle,
    out: &mut dyn Write,
) -> io::Result<vlive::Result<Dumped>> {
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
            out.write_all(&lines).map_err(Stop::Out)?;
            lines.clear();
        }
        Ok::<(), Stop>(())
    };
    let mut unread = Unread::default();
    let walked = vlive::ops::each_entry::<Stop>(snapshot, scope, |entry| {
        let (key, fetched_at) = (entry.key(), entry.fetched_at());
        let begin = style.begin(&key.to_string(), fetched_at);
        let unreadable_before = unread.unreadable.len();
        vlive::ops::each_row::<Stop>(snapshot, &entry, &mut unread, |row| {
            let end: &[u8] = if row.is_incomplete() { b",\"incomplete\":true}\n" } else { b"}\n" };
            for record in style.records(&key, fetched_at, row.id(), row.record())? {
                push(&begin, row.id(), record, end)?;
            }
            Ok(())
        })?;
        dumped.entries += u64::from(unread.unreadable.len() == unreadable_before);
        Ok(())
    });
    (dumped.unreadable, dumped.refused, dumped.damage) = (unread.unreadable, unread.refused, unread.damage);
    out.write_all(&lines)?;
    match walked {
        Ok((matched, damage)) => {
            (dumped.matched, dumped.damage) = (matched, damage);
            Ok(Ok(dumped))
        }
        Err(Stop::Cache(error)) => Ok(Err(error)),
        Err(Stop::Out(error)) => Err(error),
    }
}
