//! Finding sets of diorama: all of a cache, those of a selection, and the set of a key.

use crate::diorama::identity::{TableName, is_narrowed_copy, meta_table};
use crate::error::{Result, SetError};
use crate::live::key::Selection;
use crate::snapshot::roles::TableRole;
use crate::snapshot::set::Set;
use crate::snapshot::set_key::{SetKey, table_and_row};
use crate::snapshot::{Snapshot, Table};
use std::collections::HashMap;

impl Snapshot {
    /// Refuses a new cache key that is the name of a set: the app would not read an entry of vantage-live of that name.
    pub(crate) fn expect_no_set(&self, cache_key: &str) -> Result<()> {
        if self.table(cache_key)?.is_some_and(|table| table.cache_key().is_some()) {
            return Ok(());
        }
        for name in [cache_key.to_owned(), meta_table(cache_key)] {
            let table = self.table_tree().get(&name).map_err(|error| self.error(error, None))?;
            // The other tables are read only if this one exists.
            if table.is_some() && self.sets()?.iter().any(|set| set.name() == cache_key) {
                return Err(SetError::IsASet {
                    path: self.path().to_owned(),
                    name: SetKey::of_table(cache_key).shown(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// All sets, in the order of their names. A damaged meta table is read as far as it can be; see
    /// [`Snapshot::meta_damage`].
    ///
    /// # Errors
    /// Those of [`Snapshot::roles`].
    pub fn sets(&self) -> Result<Vec<Set>> {
        self.sets_of(self.roles()?)
    }

    /// The sets of these tables, which are all that can be read.
    pub(crate) fn sets_of(&self, mut roles: Vec<(Table, TableRole)>) -> Result<Vec<Set>> {
        let mut sets: Vec<Set> = Vec::new();
        // A meta table sorts after its rows, but perhaps not next to them.
        let mut metas: HashMap<String, Table> = HashMap::new();
        for (table, _) in roles.extract_if(.., |(_, role)| *role == TableRole::Meta) {
            if let TableName::Meta(rows) = TableName::of(table.name()) {
                metas.insert(rows.to_owned(), table);
            }
        }
        for (table, role) in roles {
            if role == TableRole::Rows {
                let meta = metas.remove(table.name());
                sets.push(self.read_set(SetKey::of_table(table.name()), Some(table), meta)?);
            }
        }
        for (name, meta) in metas {
            sets.push(self.read_set(SetKey::of_table(&name), None, Some(meta))?);
        }
        sets.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(sets)
    }

    /// The sets that a selection takes, or the rows that it names. A selection names a set by its stored or readable
    /// name, and rows by such a name, a `/` and an id or a prefix of ids. The longest matching name counts.
    ///
    /// # Errors
    /// Those of [`Snapshot::sets`], and [`Error::Damaged`](crate::Error::Damaged) if rows that are to be compared cannot
    /// be read.
    pub fn selected_sets(&self, selection: &Selection) -> Result<Vec<Set>> {
        self.select(&self.sets()?, selection)
    }

    /// Selects from these sets, which are all of the cache in the order of their names.
    pub(crate) fn select(&self, sets: &[Set], selection: &Selection) -> Result<Vec<Set>> {
        let Some(typed) = selection.named() else { return Ok(sets.to_vec()) };
        // The root entry stands for the whole set, unless the set has a row with that id.
        if let Selection::Entry(key) = selection
            && let Some((set, Some(row))) = Snapshot::resolve(sets, &key.to_string())
            && let Some(row) = self.with_row(set, row)?
        {
            return Ok(vec![row]);
        }
        let Some((set, row)) = Snapshot::resolve(sets, &typed) else { return Ok(Vec::new()) };
        match row {
            None => Ok(vec![set.clone()]),
            Some(row) => self.rows_named(set, selection, row),
        }
    }

    /// The rows of a set that have the id which a selection names, or begin with it.
    fn rows_named(&self, set: &Set, selection: &Selection, id: &str) -> Result<Vec<Set>> {
        if !matches!(selection, Selection::Begins(_)) {
            return Ok(self.with_row(set, id)?.into_iter().collect());
        }
        let mut rows = Vec::new();
        for row in self.rows(set) {
            let row = row?;
            if row.id().starts_with(id) {
                rows.push(set.of_row(row.id()));
            }
        }
        Ok(rows)
    }

    /// The set of a key, or the row that the key names. No other set is read.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) or [`Error::Io`](crate::Error::Io) if a page on the way to it cannot be
    /// read.
    pub fn set(&self, key: &SetKey) -> Result<Option<Set>> {
        let table = |name: &str| -> Result<Option<Table>> {
            let definition = self.table_tree().get(name).map_err(|error| self.error(error, None))?;
            let Some(definition) = definition else { return Ok(None) };
            let table = Table::new(name.to_owned(), definition);
            Ok(self.is_of_set(&table)?.then_some(table))
        };
        let (rows, meta) = (table(key.name())?, table(&meta_table(key.name()))?);
        if rows.is_none() && meta.is_none() {
            return Ok(None);
        }
        let set = self.read_set(key.whole(), rows, meta)?;
        match key.row() {
            None => Ok(Some(set)),
            Some(row) => self.with_row(&set, row),
        }
    }

    /// The set that a typed name means, and perhaps the id of a row, which may not exist. `sets` are all of the cache
    /// in the order of their names.
    pub(crate) fn resolve<'s, 't>(sets: &'s [Set], typed: &'t str) -> Option<(&'s Set, Option<&'t str>)> {
        table_and_row(typed, |name| sets.binary_search_by(|set| set.name().cmp(name)).ok().map(|place| &sets[place]))
    }

    /// Those of `sets` that are narrowed copies of the set that a selection names, which may not exist. If the
    /// selection names rows, those of each copy.
    pub(crate) fn copies(&self, sets: &[Set], selection: &Selection) -> Result<Vec<Set>> {
        let Some(typed) = selection.named() else { return Ok(Vec::new()) };
        let copies = |name: &str| {
            let copies: Vec<&Set> = sets.iter().filter(|set| is_narrowed_copy(name, set.name())).collect();
            let exists = sets.binary_search_by(|set| set.name().cmp(name)).is_ok();
            (exists || !copies.is_empty()).then_some(copies)
        };
        match table_and_row(&typed, copies) {
            None => Ok(Vec::new()),
            Some((copies, None)) => Ok(copies.into_iter().cloned().collect()),
            Some((copies, Some(row))) => {
                let mut rows = Vec::new();
                for copy in copies {
                    rows.extend(self.rows_named(copy, selection, row)?);
                }
                Ok(rows)
            }
        }
    }

    /// The set with this row alone; `None` if it has no such row.
    pub(crate) fn with_row(&self, set: &Set, row: &str) -> Result<Option<Set>> {
        let set = set.of_row(row);
        let exists = self.rows(&set).next().transpose()?.is_some();
        Ok(exists.then_some(set))
    }
}
