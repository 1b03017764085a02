//! The head of an envelope: what can be known without reading its rows.

use super::error::Result;
use super::layout::{MAX_DEPTH, seconds};
use super::view::EnvelopeView;
use crate::cbor;
use crate::cbor::reader::{Head, Reader};

/// The time of an envelope and its number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvelopeHead {
    /// Whole seconds since 1970.
    pub fetched_at: u64,
    /// The number of rows that the envelope announces.
    pub rows: u64,
}

impl EnvelopeHead {
    /// Reads the head of an entry's value. If the envelope begins as vantage-live writes it, its rows are not read: a
    /// fault in them is not found, and rows that have the same id are all counted. Any other envelope is read to its
    /// end.
    ///
    /// # Errors
    /// What [`EnvelopeView::new`] refuses, as far as it was read.
    pub fn decode(value: &[u8]) -> Result<EnvelopeHead> {
        if let Some(head) = announced(value) {
            return Ok(head);
        }
        let view = EnvelopeView::new(value)?;
        let mut rows = 0;
        view.rows::<cbor::Error>(&mut |_, record| {
            rows += 1;
            record.skip(MAX_DEPTH)
        })?;
        Ok(EnvelopeHead { fetched_at: view.fetched_at(), rows })
    }
}

/// The time of an envelope that begins as vantage-live writes one, and the offset of its map of rows, to which nothing
/// is added.
pub(crate) fn usual(value: &[u8]) -> Option<(u64, usize)> {
    let rest = value.strip_prefix(b"\xa2\x6afetched_at")?;
    let mut reader = Reader::at(rest, 0);
    let Head::Unsigned(fetched_at) = reader.head().ok()? else { return None };
    let rest = reader.rest().strip_prefix(b"\x64rows")?;
    Some((seconds(i128::from(fetched_at)), value.len() - rest.len()))
}

/// The head of an envelope that begins as vantage-live writes one.
fn announced(value: &[u8]) -> Option<EnvelopeHead> {
    let (fetched_at, rows) = usual(value)?;
    let mut reader = Reader::at(value, rows);
    let Head::Map(Some(rows)) = reader.head().ok()? else { return None };
    // A row takes at least two bytes; a higher number is wrong.
    let room = reader.rest().len() / 2;
    (rows <= room).then_some(EnvelopeHead { fetched_at, rows: rows as u64 })
}
