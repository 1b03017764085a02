//! Rows as text that the caller makes, on as many threads as there are cores, and written in order.

use super::{DumpError, Dumped};
use crate::error::{Error, Result};
use crate::ops::parts::{Collector, Part, Work, collect_on_all_cores};
use crate::ops::scope::Scope;
use crate::snapshot::{Entry, EntryKey, Row, Snapshot};
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Bytes of text after which a batch is written before more is made.
const LONG: usize = 2 * 1024 * 1024;

/// Makes the text of rows.
pub trait RowText: Sync {
    /// Appends the text of a row, given the full key of its entry and when the entry was fetched, in seconds since
    /// 1970. It is called on several threads; these have a [large stack](crate::system::stack) if the calling thread
    /// has one.
    ///
    /// # Errors
    /// An error ends the dump.
    fn push(&self, text: &mut Vec<u8>, key: &EntryKey, fetched_at: Option<u64>, row: &Row<'_>) -> Result<()>;

    /// Appends the text of an entry that can be read: after its rows, or before those of a set. By default there is
    /// none. The numbers are those of [`Entry::part_of_total`].
    fn entry(&self, _text: &mut Vec<u8>, _key: &EntryKey, _part_of_total: Option<(u64, u64)>) {}
}

/// Writes the text of every row in the scope.
///
/// # Errors
/// Those of `out`, of the cache and of `rows`. All rows before that have been written.
pub fn dump_rows(
    snapshot: &Snapshot,
    scope: &Scope,
    rows: &dyn RowText,
    out: &mut dyn Write,
) -> Result<Dumped, DumpError> {
    let collect = |part: &Part, texts: &mut Collector<'_, Text>| {
        let (key, fetched_at) = (part.key(), part.fetched_at());
        let mut is_whole = true;
        part.rows(&mut |row| match row {
            Ok(row) => texts.add(|text| {
                text.error = rows.push(&mut text.bytes, &key, fetched_at, row).err();
                let is_full = text.error.is_some() || text.bytes.len() >= LONG;
                if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }),
            Err(fault) => {
                is_whole = false;
                texts.fault(part, fault)
            }
        })?;
        let part_of_total = match part {
            Part::Live(_) => None,
            Part::Key(set) => Entry::Set(Arc::clone(set)).part_of_total(),
            Part::Rows(..) => return ControlFlow::Continue(()),
        };
        if !is_whole {
            return ControlFlow::Continue(());
        }
        texts.add(|text| {
            rows.entry(&mut text.bytes, &key, part_of_total);
            ControlFlow::Continue(())
        })
    };
    let work = Work { skips: &|_| false, collect: &collect };
    let mut dumped = Dumped::default();
    let written = |text: Text| {
        out.write_all(&text.bytes)?;
        text.error.map_or(Ok(()), |error| Err(DumpError::from(error)))
    };
    (dumped.matched, dumped.entries) = collect_on_all_cores(snapshot, scope, None, &work, &mut dumped.unread, written)?;
    Ok(dumped)
}

/// The text of some rows.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    /// The error that ends the dump.
    error: Option<Error>,
}
