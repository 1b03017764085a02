//! Where the rows to show come from. They are read twice, for the columns and for printing, so that none is kept in
//! memory.

use super::evaluated::Evaluated;
use super::rows::{Row, Visitor};
use vlive::ops::{DumpError, Scope, Walked};
use vlive::{Record, Snapshot};

/// Where rows come from.
pub struct Rows<'s> {
    pub snapshot: &'s Snapshot,
    pub scope: &'s Scope,
    /// What filters have left of them, instead of the cache.
    pub evaluated: Option<Evaluated>,
}

impl Rows<'_> {
    /// Reads all rows, in order.
    pub fn each(&mut self, visitor: &mut dyn Visitor) -> Result<Walked, DumpError> {
        if let Some(evaluated) = &mut self.evaluated {
            return evaluated.each(visitor).map(|()| Walked::default());
        }
        vlive::ops::each_entry::<DumpError>(self.snapshot, self.scope, |entry, unread| {
            let key = entry.key();
            let unreadable_before = unread.unreadable.len();
            vlive::ops::each_row::<DumpError>(self.snapshot, &entry, unread, |row| {
                let record = if visitor.looks_at_fields() { row.record() } else { Record::new() };
                visitor.row(Row { key: &key, id: row.id(), record: &record, is_incomplete: row.is_incomplete() })
            })?;
            let is_whole = unread.unreadable.len() == unreadable_before;
            if is_whole { visitor.entry(&key, entry.part_of_total()) } else { Ok(()) }
        })
    }
}
