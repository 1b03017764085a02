//! An entry of either layout: a full key, when it was fetched, and rows in order.

use crate::diorama::meta::Meta;
use crate::live::key::{Key, joined};
use crate::snapshot::Snapshot;
use crate::snapshot::live_entries::LiveEntry;
use crate::snapshot::row::{Row, RowFault, VisitRow};
use crate::snapshot::set::Set;
use crate::snapshot::set_key::SetKey;
use std::fmt;
use std::sync::Arc;

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
            EntryKey::Live(key) => joined(key.cache_key(), key.sub_key()),
            EntryKey::Set(key) => key.shown(),
        }
    }

    /// The key of the whole entry as people read it; for a row, the name of its set.
    pub(crate) fn entry_shown(&self) -> String {
        match self {
            EntryKey::Live(key) => key.to_string(),
            EntryKey::Set(key) => key.whole().shown(),
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
            Entry::Live(entry) => entry.fetch_time().seconds(),
            Entry::Set(set) => set.fetched_at(),
        }
    }

    /// The metadata of a set; `None` for an entry of vantage-live.
    #[must_use]
    pub fn meta(&self) -> Option<&Meta> {
        match self {
            Entry::Live(_) => None,
            Entry::Set(set) => Some(set.meta()),
        }
    }

    /// The rows that are cached and the rows that the source has, where these are known to differ; `None` for one row.
    #[must_use]
    pub fn part_of_total(&self) -> Option<(u64, u64)> {
        match self {
            Entry::Live(_) => None,
            Entry::Set(set) if set.row().is_some() => None,
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
