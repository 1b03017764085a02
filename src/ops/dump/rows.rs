//! Rows as text that the caller makes: on as many threads as there are cores, written in order.

use super::{DumpError, Dumped};
use crate::error::{Error, Result};
use crate::ops::parts::{Part, Worked, on_all_cores};
use crate::ops::scope::Scope;
use crate::ops::unread::Unread;
use crate::snapshot::{EntryKey, Row, RowFault, Snapshot};
use std::io::Write;

/// Bytes of text that are written at once of an entry that is not handed out.
const CHUNK: usize = 64 * 1024;

/// Text of a batch that is kept; a part that does not fit is treated as a large one.
const LONG: usize = 2 * 1024 * 1024;

/// Makes the text of rows.
pub trait RowText: Sync {
    /// Whether rows may be handed to other threads.
    fn is_for_all_cores(&self) -> bool {
        true
    }

    /// Appends the text of a row, given the full key of its entry and when that was fetched, in seconds since 1970.
    ///
    /// # Errors
    /// Whatever ends the dump.
    fn push(&self, text: &mut Vec<u8>, key: &EntryKey, fetched_at: Option<u64>, row: &Row<'_>) -> Result<()>;
}

/// Writes the text of every row in the scope.
///
/// # Errors
/// Those of `out` and of the cache, and those of `rows`; what came before was written.
pub fn dump_rows(
    snapshot: &Snapshot,
    scope: &Scope,
    rows: &dyn RowText,
    out: &mut dyn Write,
) -> Result<Dumped, DumpError> {
    let (mut dumped, mut unread, mut damage) = (Dumped::default(), Unread::default(), Vec::new());
    let work = |parts: Vec<Part>| if rows.is_for_all_cores() { Text::of(parts, rows) } else { Text::none_of(parts) };
    dumped.matched = on_all_cores::<_, DumpError>(snapshot, scope, None, work, &mut damage, |worked| {
        let text = match worked {
            Worked::Parts(text) => text,
            Worked::Large(part) => Text::none_of(vec![part]),
        };
        out.write_all(&text.bytes)?;
        dumped.entries += text.entries;
        for (key, fault) in text.faults {
            unread.add(snapshot, || key.entry_shown(), fault)?;
        }
        if let Some(error) = text.error {
            return Err(error.into());
        }
        for part in text.left {
            match write(&part, rows, out)? {
                None => dumped.entries += u64::from(is_entry(&part)),
                Some(fault) => unread.add(snapshot, || part.key().entry_shown(), fault)?,
            }
        }
        Ok(())
    })?;
    unread.damage.extend(damage);
    dumped.unread = unread;
    Ok(dumped)
}

/// Whether a part stands for its entry, of which there may be others.
fn is_entry(part: &Part) -> bool {
    !matches!(part, Part::Row(..))
}

/// Writes the rows of a part piece by piece. Returns why they cannot be read.
fn write(part: &Part, rows: &dyn RowText, out: &mut dyn Write) -> Result<Option<RowFault>, DumpError> {
    let (key, fetched_at) = (part.key(), part.fetched_at());
    let (mut text, mut written) = (Vec::new(), Ok(()));
    let read = part.rows(&mut |row| {
        if written.is_err() {
            return;
        }
        written = rows.push(&mut text, &key, fetched_at, row).map_err(DumpError::from);
        if written.is_ok() && text.len() >= CHUNK {
            written = out.write_all(&text).map_err(DumpError::from);
            text.clear();
        }
    });
    if !matches!(written, Err(DumpError::Output(_))) {
        out.write_all(&text)?;
    }
    written?;
    Ok(read.err())
}

/// The text of some parts.
struct Text {
    bytes: Vec<u8>,
    /// Entries that are in it.
    entries: u64,
    faults: Vec<(EntryKey, RowFault)>,
    /// What ends the dump.
    error: Option<Error>,
    /// The parts that are not in it, for lack of room: all from the first that did not fit.
    left: Vec<Part>,
}

impl Text {
    fn none_of(parts: Vec<Part>) -> Text {
        Text { bytes: Vec::new(), entries: 0, faults: Vec::new(), error: None, left: parts }
    }

    fn of(mut parts: Vec<Part>, rows: &dyn RowText) -> Text {
        let mut text = Text::none_of(Vec::new());
        let mut done = 0;
        for part in &parts {
            let (key, fetched_at, before) = (part.key(), part.fetched_at(), text.bytes.len());
            let read = part.rows(&mut |row| {
                if text.error.is_none() && text.bytes.len() < LONG {
                    text.error = rows.push(&mut text.bytes, &key, fetched_at, row).err();
                }
            });
            if text.bytes.len() >= LONG && text.error.is_none() {
                text.bytes.truncate(before);
                break;
            }
            done += 1;
            match read {
                Ok(()) => text.entries += u64::from(is_entry(part)),
                Err(fault) => text.faults.push((key, fault)),
            }
            if text.error.is_some() {
                break;
            }
        }
        text.left = parts.split_off(done);
        text
    }
}
