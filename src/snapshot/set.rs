//! A set of diorama: a table of rows and a table of metadata, as one entry.

use crate::diorama::meta::{MalformedMeta, Meta, MetaKey, StoredPairs};
use crate::error::{Error, Result};
use crate::file::{self, Damage};
use crate::snapshot::fetch_time::FetchTime;
use crate::snapshot::row::Row;
use crate::snapshot::set_key::SetKey;
use crate::snapshot::{Snapshot, Table};
use std::fmt;
use std::str;
use std::sync::Arc;

/// Decides which rows of a set count.
#[derive(Clone)]
struct KeepRows(Arc<Keep>);

type Keep = dyn Fn(&Row<'_>) -> Result<bool> + Send + Sync;

impl fmt::Debug for KeepRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepRows").finish_non_exhaustive()
    }
}

/// A set of diorama: its rows and its metadata. It is an entry, as a value under a full key is one of vantage-live.
#[derive(Clone, Debug)]
pub struct Set {
    key: SetKey,
    /// `None` for a set without rows that was copied from a source.
    rows: Option<Table>,
    meta_table: Option<Table>,
    meta: Meta,
    malformed: Vec<MalformedMeta>,
    /// The first damage of the meta table.
    damage: Option<Damage>,
    /// `None` if all rows count.
    keep: Option<KeepRows>,
}

impl Set {
    /// The name of its table, which is its full key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// The full key of what is selected.
    #[must_use]
    pub fn key(&self) -> SetKey {
        self.key.clone()
    }

    /// The readable full key.
    #[must_use]
    pub fn shown(&self) -> String {
        self.key.shown()
    }

    /// The metadata of the set: its times and its total.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The metadata that diorama cannot read.
    #[must_use]
    pub fn malformed(&self) -> &[MalformedMeta] {
        &self.malformed
    }

    /// The first damage of the meta table.
    #[must_use]
    pub fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// When its rows were last fetched, in whole seconds since 1970; `None` if that is not known.
    #[must_use]
    pub fn fetched_at(&self) -> Option<u64> {
        self.fetch_time().seconds()
    }

    /// When its rows were last fetched, or why that is not known.
    #[must_use]
    pub fn fetch_time(&self) -> FetchTime {
        let mut malformed = self.malformed.iter().map(MalformedMeta::key);
        match self.meta.refreshed_at {
            Some(at) => FetchTime::At(at.seconds()),
            None if self.damage.is_some() || malformed.any(|key| key == MetaKey::RefreshedAt) => FetchTime::Unreadable,
            None => FetchTime::Unknown,
        }
    }

    /// The number of its rows, selected or not.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.as_ref().map_or(0, Table::entries)
    }

    /// The one row that is selected; `None` if all are.
    #[must_use]
    pub fn row(&self) -> Option<&str> {
        self.key.row()
    }

    /// The set with only those rows for which `keep` is true, and those that diorama refuses.
    pub(crate) fn keeping(self, keep: impl Fn(&Row<'_>) -> Result<bool> + Send + Sync + 'static) -> Set {
        Set { keep: Some(KeepRows(Arc::new(keep))), ..self }
    }

    /// Whether the tables of both have the same bytes, whatever rows are selected.
    #[must_use]
    pub fn has_same_tables(&self, other: &Set) -> bool {
        let root = |table: &Option<Table>| table.as_ref().map(|table| table.definition().clone());
        root(&self.rows) == root(&other.rows) && root(&self.meta_table) == root(&other.meta_table)
    }

    /// The set with this row alone, which it must have.
    pub(super) fn of_row(&self, row: &str) -> Set {
        Set { key: self.key.of_row(row), ..self.clone() }
    }

    /// The set without its filter.
    pub(crate) fn of_all_rows(self) -> Set {
        Set { keep: None, ..self }
    }

    /// The filter that its rows must pass.
    pub(super) fn filter(&self) -> Option<&Keep> {
        self.keep.as_ref().map(|KeepRows(keep)| &**keep)
    }

    /// Its tables of rows and of metadata, as far as it has them.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.rows.iter().chain(&self.meta_table)
    }

    /// Its table of rows.
    pub(crate) fn rows_table(&self) -> Option<&Table> {
        self.rows.as_ref()
    }

    /// Its meta table.
    pub(crate) fn meta_table(&self) -> Option<&Table> {
        self.meta_table.as_ref()
    }
}

impl Snapshot {
    /// The damage of the meta table of a set, as an error.
    pub fn meta_damage(&self, set: &Set) -> Option<Error> {
        let table = set.meta_table().map(Table::name);
        set.damage().map(|damage| self.error(damage.into(), table))
    }

    /// Reads the metadata of a set that has these tables. Damage of the meta table is kept in the set.
    pub(super) fn read_set(&self, key: SetKey, rows: Option<Table>, meta_table: Option<Table>) -> Result<Set> {
        let (mut meta, mut malformed, mut damage) = (Meta::default(), Vec::new(), None);
        if let Some(table) = &meta_table {
            for entry in table.definition().tree(self.file()).entries() {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(file::Error::Damaged(found)) => {
                        damage.get_or_insert(found);
                        continue;
                    }
                    Err(error) => return Err(self.error(error, Some(table.name()))),
                };
                let Ok(key) = str::from_utf8(entry.key()) else { continue };
                malformed.extend(meta.read(key, entry.value()).err());
            }
        }
        Ok(Set { key, rows, meta_table, meta, malformed, damage, keep: None })
    }

    /// The stored pairs of the meta table of a set; `None` if it has no such table.
    pub(crate) fn stored_meta(&self, set: &Set) -> Result<Option<StoredPairs>> {
        let Some(table) = set.meta_table() else { return Ok(None) };
        let in_table = |error| self.error(error, Some(table.name()));
        let mut pairs = Vec::new();
        for entry in table.definition().tree(self.file()).entries() {
            let entry = entry.map_err(in_table)?;
            let key = str::from_utf8(entry.key()).map_err(|_| in_table(table.definition().key_is_no_text()))?;
            pairs.push((key.to_owned(), entry.value().to_vec()));
        }
        Ok(Some(pairs))
    }
}
