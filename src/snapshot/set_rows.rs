//! The rows of a set.

use crate::error::{Error, Result};
use crate::file::{self, Cursor, Sum, TreeEntries, TreeEntry};
use crate::snapshot::row::{Row, VisitRow};
use crate::snapshot::set::Set;
use crate::snapshot::set_key::SetKey;
use crate::snapshot::{Snapshot, Table};
use std::str;

/// From this many rows on, reading them on all cores takes less time.
const MANY: u64 = 5000;

/// A row of a set as it is stored.
#[derive(Clone, Debug)]
pub struct SetRow(TreeEntry);

impl SetRow {
    /// The id of the row.
    #[must_use]
    pub fn id(&self) -> &str {
        str::from_utf8(self.0.key()).expect("verified when the row was read")
    }

    /// The value as stored.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.0.value()
    }

    /// Calls `visit` with the row as diorama reads it, or with the reason why diorama refuses it.
    pub fn read<T>(&self, visit: &mut VisitRow<'_, T>) -> T {
        Row::read_of_set(self.id(), self.value(), visit)
    }
}

/// Consecutive rows of a set in one page, as they are stored.
#[derive(Clone, Debug)]
pub(crate) struct RowRun(TreeEntries);

impl RowRun {
    /// The ids and the values.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(id, value)| (str::from_utf8(id).expect("verified when the row was read"), value))
    }

    /// The rows one by one.
    pub fn each(&self) -> impl Iterator<Item = SetRow> {
        self.0.each().map(SetRow)
    }

    /// The ids, one after the other.
    pub fn ids(&self) -> &[u8] {
        self.0.keys()
    }

    /// The values, one after the other.
    pub fn values(&self) -> &[u8] {
        self.0.values()
    }

    /// Bytes of memory that the rows take: those of their page.
    pub fn bytes(&self) -> usize {
        self.0.page_bytes()
    }

    /// These rows without the first `count`.
    pub fn skip(&self, count: usize) -> RowRun {
        RowRun(self.0.skip(count))
    }
}

impl From<SetRow> for RowRun {
    fn from(SetRow(entry): SetRow) -> RowRun {
        RowRun(entry.into())
    }
}

/// The rows of a set in the order of their ids, a page in memory at a time. An error stands for a page that
/// cannot be read; after it the iterator goes on with the next page that can.
#[derive(Debug)]
pub struct SetRows<'s> {
    snapshot: &'s Snapshot,
    set: &'s Set,
    cursor: Option<Cursor<'s>>,
    /// The number of rows so far; `None` if some could not be read, or if not all are selected.
    seen: Option<u64>,
}

impl Iterator for SetRows<'_> {
    type Item = Result<SetRow>;

    fn next(&mut self) -> Option<Result<SetRow>> {
        loop {
            let row = self.next_stored()?;
            let Ok(stored) = &row else { return Some(row) };
            match self.set.keeps(stored) {
                Ok(false) => {}
                Ok(true) => return Some(row),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl SetRows<'_> {
    /// The next rows: those of a page, or one row if one row is selected or the set has a filter.
    pub(crate) fn next_run(&mut self) -> Option<Result<RowRun>> {
        if self.set.filter().is_none()
            && self.set.row().is_none()
            && let Some(cursor) = &mut self.cursor
        {
            match cursor.next_run(|id| str::from_utf8(id).is_ok()) {
                Ok(Some(run)) if run.len() > 0 => {
                    self.seen = self.seen.map(|seen| seen + run.len() as u64);
                    return Some(Ok(RowRun(run)));
                }
                Err(error) => return Some(Err(self.unreadable(error))),
                // An id that is not text, or the end.
                Ok(_) => {}
            }
        }
        self.next().map(|row| row.map(RowRun::from))
    }

    /// The error for a page of rows that cannot be read.
    fn unreadable(&mut self, error: file::Error) -> Error {
        self.seen = None;
        self.snapshot.error(error, self.set.rows_table().map(Table::name))
    }

    /// The next row, before the filter.
    fn next_stored(&mut self) -> Option<Result<SetRow>> {
        let table = self.set.rows_table()?;
        let damaged = |error| Some(Err(self.snapshot.error(error, Some(table.name()))));
        match self.cursor.as_mut()?.next() {
            Some(Ok(entry)) => {
                self.seen = self.seen.map(|seen| seen + 1);
                let Ok(id) = str::from_utf8(entry.key()) else { return damaged(table.definition().key_is_no_text()) };
                if self.set.row().is_some_and(|row| row != id) {
                    self.cursor = None;
                    return None;
                }
                Some(Ok(SetRow(entry)))
            }
            Some(Err(error)) => Some(Err(self.unreadable(error))),
            None => {
                self.cursor = None;
                match self.seen.take() {
                    Some(seen) if seen != table.entries() => damaged(table.definition().miscounted()),
                    _ => None,
                }
            }
        }
    }
}

impl Set {
    /// Whether a row passes the filter of the set. A row that diorama refuses does.
    pub(crate) fn keeps(&self, row: &SetRow) -> Result<bool> {
        self.filter().map_or(Ok(true), |keep| row.read(&mut |row| row.map_or(Ok(true), keep)))
    }
}

impl Snapshot {
    /// The size of the rows of a set, if it can be computed faster than by [`Snapshot::rows`]: there are many, all are
    /// selected, and all can be read.
    pub(crate) fn sum_many(&self, set: &Set) -> Option<Sum> {
        let table = set.rows_table().filter(|table| table.entries() >= MANY)?;
        if set.filter().is_some() || set.row().is_some() {
            return None;
        }
        table.definition().tree(self.file()).sum().filter(|sum| sum.entries == table.entries())
    }

    /// A row of a set by its id. Neither other rows nor the metadata of the set are read.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] if a page on the way to the row cannot be read.
    pub fn row(&self, set: &SetKey, id: &str) -> Result<Option<SetRow>> {
        let definition = self.table_tree().get(set.name()).map_err(|error| self.error(error, None))?;
        let Some(definition) = definition else { return Ok(None) };
        let entry = definition.tree(self.file()).get(id.as_bytes());
        Ok(entry.map_err(|error| self.error(error, Some(set.name())))?.map(SetRow))
    }

    /// The rows of a set from an id on.
    #[must_use]
    pub fn rows_from<'s>(&'s self, set: &'s Set, id: &str) -> SetRows<'s> {
        let cursor = set.rows_table().map(|table| table.definition().tree(self.file()).entries_from(id.as_bytes()));
        SetRows { snapshot: self, set, cursor, seen: None }
    }

    /// The rows of a set: all of them, or the selected one.
    #[must_use]
    pub fn rows<'s>(&'s self, set: &'s Set) -> SetRows<'s> {
        let start = set.row().unwrap_or_default().as_bytes();
        let cursor = set.rows_table().map(|table| table.definition().tree(self.file()).entries_from(start));
        SetRows { snapshot: self, set, cursor, seen: set.row().is_none().then_some(0) }
    }
}
