//! An entry of either layout: a full key, when it was fetched, and rows in order.

use crate::cbor::error::Error as CborError;
use crate::cbor::pairs::{VerifiedMaps, Visit};
use crate::cbor::reader::{Head, Reader};
use crate::diorama::meta::Meta;
use crate::diorama::row::{RowError, RowView, Status};
use crate::error::Error;
use crate::live::envelope::Record;
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::live::view::EnvelopeView;
use crate::snapshot::entries::LiveEntry;
use crate::snapshot::sets::{Set, SetKey};
use crate::snapshot::{SetRow, Snapshot};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What was verified is not too deep.
const ANY_DEPTH: usize = usize::MAX;

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// vantage-live: a full key names one value, which holds rows and their time.
    #[default]
    Live,
    /// vantage-diorama: a key names a table of rows, beside which there is a second one for their times.
    Diorama,
}

/// The full key of an entry. It displays as it is stored, which can always be typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    /// Of vantage-live.
    Live(Key),
    /// Of diorama.
    Set(SetKey),
}

impl EntryKey {
    /// Who wrote the entry.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match self {
            EntryKey::Live(_) => Layout::Live,
            EntryKey::Set(_) => Layout::Diorama,
        }
    }

    /// The key as people read it and can type it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            EntryKey::Live(key) => key.to_string(),
            EntryKey::Set(key) => key.shown(),
        }
    }

    /// What entries are grouped by: the cache key, or the name of a set's table.
    #[must_use]
    pub fn cache_key(&self) -> &str {
        match self {
            EntryKey::Live(key) => key.cache_key(),
            EntryKey::Set(key) => key.name(),
        }
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryKey::Live(key) => key.fmt(f),
            EntryKey::Set(key) => key.fmt(f),
        }
    }
}

impl From<Key> for EntryKey {
    fn from(key: Key) -> EntryKey {
        EntryKey::Live(key)
    }
}

impl From<SetKey> for EntryKey {
    fn from(key: SetKey) -> EntryKey {
        EntryKey::Set(key)
    }
}

/// An entry of either layout.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A value of vantage-live.
    Live(LiveEntry),
    /// A set of diorama, or one row of it.
    Set(Arc<Set>),
}

impl Entry {
    /// Its full key.
    #[must_use]
    pub fn key(&self) -> EntryKey {
        match self {
            Entry::Live(entry) => entry.key().into(),
            Entry::Set(set) => set.key().into(),
        }
    }

    /// Who wrote it.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match self {
            Entry::Live(_) => Layout::Live,
            Entry::Set(_) => Layout::Diorama,
        }
    }

    /// When it was fetched, in whole seconds since 1970; `None` if it does not say, or that cannot be read.
    #[must_use]
    pub fn fetched_at(&self) -> Option<u64> {
        match self {
            Entry::Live(entry) => entry.head().ok().map(|head| head.fetched_at),
            Entry::Set(set) => set.fetched_at(),
        }
    }

    /// What diorama remembers of its rows; `None` for an entry of vantage-live.
    #[must_use]
    pub fn meta(&self) -> Option<&Meta> {
        match self {
            Entry::Live(_) => None,
            Entry::Set(set) => Some(set.meta()),
        }
    }

    /// The rows that are cached and the rows that the source has, where these are known to differ.
    #[must_use]
    pub fn part_of_total(&self) -> Option<(u64, u64)> {
        match self {
            Entry::Live(_) => None,
            Entry::Set(set) => set.meta().total.filter(|total| *total != set.rows()).map(|total| (set.rows(), total)),
        }
    }

    /// Calls `visit` with each row in order, or with why it cannot be read: a page of rows is in memory at a time.
    ///
    /// # Errors
    /// Those of `visit` alone.
    pub fn rows<E>(&self, snapshot: &Snapshot, visit: &mut VisitRow<'_, Result<(), E>>) -> Result<(), E> {
        match self {
            Entry::Live(entry) => match entry.envelope() {
                Ok(envelope) => Row::each_of(&envelope, &mut |row| visit(Ok(row))),
                Err(error) => visit(Err(RowFault::Envelope { key: entry.key(), error })),
            },
            Entry::Set(set) => snapshot.rows(set).try_for_each(|row| match row {
                Ok(row) => row.read(&mut |row| visit(row)),
                Err(error) => visit(Err(RowFault::Cache(error))),
            }),
        }
    }
}

/// Takes a row, or why it cannot be read.
pub type VisitRow<'v, T> = dyn FnMut(Result<Row<'_>, RowFault>) -> T + 'v;

/// Why rows cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowFault {
    /// The value of an entry of vantage-live cannot be decoded, and none of its rows can be read.
    Envelope {
        /// The entry.
        key: Key,
        /// What is wrong with its value.
        error: DecodeError,
    },
    /// A row that diorama refuses.
    Refused {
        /// The id of the row.
        id: String,
        /// Why it is refused.
        error: RowError,
    },
    /// Rows that are missing because a page is damaged, or whatever else keeps the cache from being read.
    Cache(Error),
}

/// A row of an entry, whose bytes were verified.
#[derive(Clone, Debug)]
pub struct Row<'r> {
    id: Cow<'r, str>,
    maps: &'r VerifiedMaps<'r>,
    start: usize,
    end: usize,
    is_incomplete: bool,
}

impl<'r> Row<'r> {
    /// A row of a set of diorama.
    pub(crate) fn of_set(id: &'r str, view: &'r RowView<'r>) -> Row<'r> {
        let range = view.body_range();
        let is_incomplete = view.status() == Status::Incomplete;
        Row { id: Cow::Borrowed(id), maps: view.maps(), start: range.start, end: range.end, is_incomplete }
    }

    /// Calls `visit` with each row of an envelope of vantage-live.
    pub(crate) fn each_of<E>(
        envelope: &EnvelopeView<'_>,
        visit: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        envelope.each_record(&mut |id, range| {
            visit(Row { id, maps: envelope.maps(), start: range.start, end: range.end, is_incomplete: false })
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether diorama still has to fetch some of its fields.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// Its fields as CBOR, as they are stored.
    #[must_use]
    pub fn bytes(&self) -> &'r [u8] {
        &self.maps.bytes()[self.start..self.end]
    }

    /// Calls `visit` with the name of each field and a reader at its value, which `visit` must read. A record of
    /// vantage-live that is not a map has none.
    pub(crate) fn fields<E: From<CborError>>(&self, visit: &mut Visit<'_, 'r, E>) -> Result<(), E> {
        let mut record = Reader::at(self.maps.bytes(), self.start);
        match record.peek()? {
            Head::Map(_) => self.maps.pairs(&mut record, visit),
            _ => Ok(()),
        }
    }

    /// Its fields, decoded.
    #[must_use]
    pub fn record(&self) -> Record {
        let mut fields = Record::new();
        let read = self.fields::<CborError>(&mut |name, value| {
            let start = value.pos();
            value.skip(ANY_DEPTH)?;
            let field = ciborium::from_reader(value.since(start)).expect("ciborium reads what was verified");
            fields.insert(name.into_owned(), field);
            Ok(())
        });
        read.expect("what was verified can be read");
        fields
    }
}

impl SetRow {
    /// Calls `visit` with the row as diorama reads it, or with why it does not.
    pub fn read<T>(&self, visit: &mut VisitRow<'_, T>) -> T {
        match RowView::new(self.value()) {
            Ok(view) => visit(Ok(Row::of_set(self.id(), &view))),
            Err(error) => visit(Err(RowFault::Refused { id: self.id().to_owned(), error })),
        }
    }
}
