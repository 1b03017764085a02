//! `dump --format rows`: a line of JSON for each row, for engines that read JSON Lines.

use super::filtering::Replacing;
use crate::output::rows;
use std::io::Write;
use vlive::diorama::row::{RowView, Status};
use vlive::ops::{DumpError, Dumped, Scope, Unreadable};
use vlive::{Key, Record, Snapshot};

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
    fn records(&self, key: &Key, fetched_at: u64, id: &str, record: Record) -> Result<Vec<Record>, DumpError> {
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
    let walked = vlive::ops::each_entry::<DumpError>(snapshot, scope, |entry| {
        let envelope = match entry.envelope() {
            Ok(envelope) => envelope,
            Err(error) => {
                dumped.unreadable.push(Unreadable { key: entry.key(), error });
                return Ok(());
            }
        };
        dumped.entries += 1;
        let (key, fetched_at) = (entry.key(), envelope.fetched_at());
        let begin = style.begin(&key.to_string(), Some(fetched_at));
        envelope.records::<DumpError>(&mut |id, record| {
            for record in style.records(&key, fetched_at, &id, record)? {
                push(&begin, &id, record, b"}\n")?;
            }
            Ok(())
        })
    });
    let walked = walked.and_then(|(mut matched, mut damage)| {
        vlive::ops::each_set::<DumpError>(snapshot, scope, &mut matched, |set| {
            dumped.entries += 1;
            let (key, fetched_at) = (Key::new(set.name()), set.fetched_at());
            let begin = style.begin(set.name(), fetched_at);
            vlive::ops::each_row::<DumpError>(snapshot, set, &mut damage, |row| {
                let view = match RowView::new(row.value()) {
                    Ok(view) => view,
                    Err(error) => {
                        dumped.refused.add(set, row.id(), error);
                        return Ok(());
                    }
                };
                let end: &[u8] = if view.status() == Status::Incomplete { b",\"incomplete\":true}\n" } else { b"}\n" };
                for record in style.records(&key, fetched_at.unwrap_or_default(), row.id(), view.decode())? {
                    push(&begin, row.id(), record, end)?;
                }
                Ok(())
            })
        })?;
        Ok((matched, damage))
    });
    if !matches!(walked, Err(DumpError::Output(_))) {
        out.write_all(&lines)?;
    }
    (dumped.matched, dumped.damage) = walked?;
    Ok(dumped)
}
