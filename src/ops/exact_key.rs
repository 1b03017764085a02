//! Keys for lists that are read back: each selects what it was listed for, and nothing else.

use crate::error::Result;
use crate::live::key::Selection;
use crate::snapshot::{EntryKey, Set, SetKey, Snapshot};

/// Finds the key that selects exactly one entry, set or row of a cache, as [`Selection::listed`] reads it.
#[derive(Debug)]
pub struct ExactKeys<'s> {
    snapshot: &'s Snapshot,
    sets: Vec<Set>,
}

impl<'s> ExactKeys<'s> {
    /// Reads the names of the sets.
    ///
    /// # Errors
    /// Those of [`Snapshot::sets`].
    pub fn new(snapshot: &'s Snapshot) -> Result<ExactKeys<'s>> {
        Ok(ExactKeys { snapshot, sets: snapshot.sets()? })
    }

    /// The key of something in the cache as it is stored, or if that selects something else, with quotes around the name
    /// of its set; `None` if that selects something else too.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) or [`Error::Io`](crate::Error::Io) if a page cannot be read.
    pub fn of(&self, key: &EntryKey) -> Result<Option<String>> {
        match key {
            // Where a key names an entry of vantage-live, it names nothing else.
            EntryKey::Live(key) => Ok(Some(key.to_string())),
            EntryKey::Set(key) => self.of_set(key),
        }
    }

    pub(super) fn of_set(&self, key: &SetKey) -> Result<Option<String>> {
        let stored = key.to_string();
        if self.selects(&stored, key)? {
            return Ok(Some(stored));
        }
        let quoted = key.quoted();
        let selects = quoted.as_deref().map_or(Ok(false), |quoted| self.selects(quoted, key))?;
        Ok(quoted.filter(|_| selects))
    }

    fn selects(&self, typed: &str, key: &SetKey) -> Result<bool> {
        if let Selection::Entry(entry) = Selection::listed(typed)
            && self.snapshot.entry(&entry)?.is_some()
        {
            return Ok(false);
        }
        Ok(Snapshot::resolve(&self.sets, typed).is_some_and(|(set, row)| (set.name(), row) == (key.name(), key.row())))
    }
}
