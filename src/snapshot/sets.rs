//! Sets of diorama: a table of rows and a table of metadata, as one entry.

use crate::diorama::identity::{Identity, TableName, is_narrowed_copy, meta_table};
use crate::diorama::meta::{MalformedMeta, Meta, MetaKey, StoredPairs};
use crate::error::{Error, Result, SetError};
use crate::file::{self, Damage};
use crate::live::key::Selection;
use crate::snapshot::fetch_time::FetchTime;
use crate::snapshot::roles::TableRole;
use crate::snapshot::row::Row;
use crate::snapshot::{Snapshot, Table};
use std::collections::HashMap;
use std::fmt;
use std::str;
use std::sync::Arc;

/// The full key of a set, or of one row of it: the name of the table and, for a row, a `/` and its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetKey {
    name: Arc<str>,
    row: Option<Box<str>>,
}

impl SetKey {
    pub(crate) fn new(name: &str, row: Option<&str>) -> SetKey {
        SetKey { name: name.into(), row: row.map(Into::into) }
    }

    /// The key of the whole set whose rows are in the table of this name.
    #[must_use]
    pub fn of_table(name: &str) -> SetKey {
        SetKey::new(name, None)
    }

    /// Whether a selection takes this key or the set of this row, unless another set has a longer name that matches.
    #[must_use]
    pub fn is_selected(&self, selection: &Selection) -> bool {
        let Some(typed) = selection.named() else { return true };
        find(&typed, |name| (name == self.name()).then_some(())).is_some_and(|((), named)| {
            named.is_none_or(|named| self.row().is_some_and(|row| selection.takes_row(named, row)))
        })
    }

    /// The name of the table of rows.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key of the whole set.
    #[must_use]
    pub fn whole(&self) -> SetKey {
        SetKey { name: Arc::clone(&self.name), row: None }
    }

    /// The key of a row of the set.
    #[must_use]
    pub fn of_row(&self, id: &str) -> SetKey {
        SetKey { name: Arc::clone(&self.name), row: Some(id.into()) }
    }

    /// The id of the row; `None` if it is the key of a whole set.
    #[must_use]
    pub fn row(&self) -> Option<&str> {
        self.row.as_deref()
    }

    /// The readable key; the stored one if diorama does not write such a name.
    #[must_use]
    pub fn shown(&self) -> String {
        let name = Identity::shown(&self.name);
        match &self.row {
            None => name.into_owned(),
            Some(row) => format!("{name}/{row}"),
        }
    }
}

impl fmt::Display for SetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.row {
            None => f.write_str(&self.name),
            Some(row) => write!(f, "{}/{row}", self.name),
        }
    }
}

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
        &self.key.name
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
    fn of_row(&self, row: &str) -> Set {
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
    /// Refuses a cache key that is the name of a set: the app would not read an entry of vantage-live of that name.
    pub(crate) fn expect_no_set(&self, cache_key: &str) -> Result<()> {
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

    /// The damage of the meta table of a set, as an error.
    pub fn meta_damage(&self, set: &Set) -> Option<Error> {
        let table = set.meta_table().map(Table::name);
        set.damage().map(|damage| self.error(damage.into(), table))
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
                sets.push(self.read_set(table.name().into(), Some(table), meta)?);
            }
        }
        for (name, meta) in metas {
            sets.push(self.read_set(name.into(), None, Some(meta))?);
        }
        sets.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(sets)
    }

    fn read_set(&self, name: Arc<str>, rows: Option<Table>, meta_table: Option<Table>) -> Result<Set> {
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
        Ok(Set { key: SetKey { name, row: None }, rows, meta_table, meta, malformed, damage, keep: None })
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

    /// The sets that a selection takes, or the rows that it names. A selection names a set by its stored or readable
    /// name, and rows by such a name, a `/` and an id or a prefix of ids. The longest matching name counts.
    ///
    /// # Errors
    /// Those of [`Snapshot::sets`], and [`Error::Damaged`] if rows that are to be compared cannot be read.
    pub fn selected_sets(&self, selection: &Selection) -> Result<Vec<Set>> {
        self.select(&self.sets()?, selection)
    }

    /// Selects from these sets, which are all of the cache in the order of their names.
    pub(crate) fn select(&self, sets: &[Set], selection: &Selection) -> Result<Vec<Set>> {
        let Some(typed) = selection.named() else { return Ok(sets.to_vec()) };
        let place = |name: &str| sets.binary_search_by(|set| set.name().cmp(name)).ok();
        let Some((place, row)) = find(&typed, place) else { return Ok(Vec::new()) };
        let set = &sets[place];
        match (row, selection) {
            (None, _) => Ok(vec![set.clone()]),
            (Some(beginning), Selection::Begins(_)) => {
                let mut rows = Vec::new();
                for row in self.rows(set) {
                    let row = row?;
                    if row.id().starts_with(beginning) {
                        rows.push(set.of_row(row.id()));
                    }
                }
                Ok(rows)
            }
            (Some(row), _) => Ok(self.with_row(set, row)?.into_iter().collect()),
        }
    }

    /// The set of a key, or the row that the key names. No other set is read.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] if a page on the way to it cannot be read.
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
        let set = self.read_set(Arc::clone(&key.name), rows, meta)?;
        match key.row() {
            None => Ok(Some(set)),
            Some(row) => self.with_row(&set, row),
        }
    }

    /// The set that a typed name means, and perhaps the id of a row, which may not exist. `sets` are all of the cache
    /// in the order of their names.
    pub(crate) fn resolve<'s, 't>(sets: &'s [Set], typed: &'t str) -> Option<(&'s Set, Option<&'t str>)> {
        find(typed, |name| sets.binary_search_by(|set| set.name().cmp(name)).ok().map(|place| &sets[place]))
    }

    /// Those of `sets` that are narrowed copies of the set that a selection names, which may not exist. If the
    /// selection names a row, that row of each copy that has it.
    pub(crate) fn copies(&self, sets: &[Set], selection: &Selection) -> Result<Vec<Set>> {
        let Some(typed) = selection.named() else { return Ok(Vec::new()) };
        let copies = |name: &str| {
            let copies: Vec<&Set> = sets.iter().filter(|set| is_narrowed_copy(name, set.name())).collect();
            let exists = sets.binary_search_by(|set| set.name().cmp(name)).is_ok();
            (exists || !copies.is_empty()).then_some(copies)
        };
        match find(&typed, copies) {
            None => Ok(Vec::new()),
            Some((copies, None)) => Ok(copies.into_iter().cloned().collect()),
            Some((copies, Some(row))) => {
                copies.into_iter().filter_map(|copy| self.with_row(copy, row).transpose()).collect()
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

/// The table that a typed name means, as `place` returns it, and perhaps the id of a row.
pub(super) fn find<T>(typed: &str, place: impl Fn(&str) -> Option<T>) -> Option<(T, Option<&str>)> {
    let slashes = typed.rmatch_indices('/').map(|(at, _)| at);
    std::iter::once(typed.len()).chain(slashes).find_map(|cut| {
        let name = &typed[..cut];
        let identity = || name.parse::<Identity>().ok();
        let place = place(name).or_else(|| place(&identity()?.table()))?;
        Some((place, typed.get(cut + 1..)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_name_means_the_table_with_the_longest_name_and_then_a_row() {
        let tables = ["a", "a/b", "clients?c1:117:4:team1:=6:t3:redq-s-n1:0", "50%25"];
        let find = |typed| find(typed, |name| tables.iter().position(|table| *table == name));
        assert_eq!(find("a"), Some((0, None)));
        assert_eq!(find("a/b"), Some((1, None)));
        assert_eq!(find("a/c"), Some((0, Some("c"))));
        assert_eq!(find("a/b/c/d"), Some((1, Some("c/d"))));
        assert_eq!(find("a/"), Some((0, Some(""))));
        assert_eq!(find("clients where team = red/c1"), Some((2, Some("c1"))));
        assert_eq!(find("50%/x"), Some((3, Some("x"))));
        assert_eq!(find("b"), None);
    }
}
