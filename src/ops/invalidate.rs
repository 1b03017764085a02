//! Invalidation: a plan of what would be removed, and its execution.

use crate::database::{Removal, Removals, Session};
use crate::diorama::meta::MetaKey;
use crate::error::Result;
use crate::live::key::{self, Key, Selection};
use crate::ops::changed_key::ChangedKey;
use crate::ops::keep::{Keeper, Lost, LostPart};
use crate::ops::scope::{Matched, Scope};
use crate::ops::selected_sets::{narrowed_copies, selected_sets};
use crate::snapshot::{Set, SetKey, Snapshot, Table};

/// What an invalidation removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removed {
    /// The number of entries.
    pub entries: u64,
    /// Bytes of their values.
    pub bytes: u64,
    /// Their full keys, in the order of the cache. A table that vantage-live drops but cannot read is listed with its
    /// cache key alone, and a set of diorama with the name of its table.
    pub keys: Vec<ChangedKey>,
    /// Sets of diorama that stay and hold narrowed copies of what is removed; see [`Scope::with_narrowed`].
    pub narrowed: Vec<SetKey>,
    /// What the selections matched.
    pub matched: Matched,
}

/// What a scope removes from one commit of a cache.
///
/// The rules are those of vantage-live's `invalidate_prefix`: a whole cache key is removed with its table, whatever the
/// types of that table; single sub-keys are removed from a cache table, and a table that they leave empty goes too.
///
/// A set of diorama is removed with its meta table, as diorama's `drop_table` does: if the metadata still recorded that
/// the rows were fetched, the app would believe that the source has none. With a row, the times of its set are removed;
/// the number of rows at the source stays.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    removals: Removals,
    removed: Removed,
    /// Sets of diorama, and rows of them.
    sets: Vec<Set>,
}

impl Plan {
    /// Finds what the scope removes, and so verifies every page of the tables concerned.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`](crate::Error::NotACacheTable) where vantage-live fails too: for a
    /// multimap, and for sub-keys in a table that is not a cache table.
    pub fn new(snapshot: &Snapshot, scope: &Scope) -> Result<Plan> {
        let mut plan = Plan::default();
        let mut is_matched = vec![false; scope.selections().len()];
        for table in concerned(snapshot, scope)? {
            plan.add(snapshot, &table, scope, &mut is_matched)?;
        }
        plan.removed.matched.unmatched = scope.unmarked(&is_matched);
        let sets = selected_sets(snapshot, scope, &mut plan.removed.matched)?;
        plan.removed.narrowed = narrowed_copies(snapshot, &sets)?;
        for set in &sets {
            plan.add_set(snapshot, set)?;
        }
        plan.sets = sets;
        Ok(plan)
    }

    /// Makes the plan and carries it out, in one transaction.
    pub(crate) fn carry_out(session: &mut Session, keeper: &Keeper, scope: &Scope) -> Result<Removed> {
        let snapshot = session.snapshot()?;
        let plan = Plan::new(&snapshot, scope)?;
        if !plan.removals.is_empty() {
            keeper.keep(&snapshot, &plan.lost())?;
            session.transact(&plan.removals, |_| Ok(()))?;
        }
        Ok(plan.into_removed())
    }

    /// What a backup must hold before the removal.
    pub(crate) fn lost(&self) -> Lost {
        let mut lost = Lost::of_keys(self.removed.keys.iter().map(|key| Key::new(key.as_str())));
        self.sets.iter().for_each(|set| lost.add(set, LostPart::All));
        lost
    }

    /// What is removed from each table.
    pub(crate) fn removals(&self) -> &Removals {
        &self.removals
    }

    /// What the plan removes.
    #[must_use]
    pub fn removed(&self) -> &Removed {
        &self.removed
    }

    /// What the plan removes, consuming the plan.
    #[must_use]
    pub fn into_removed(self) -> Removed {
        self.removed
    }

    /// Whether the whole table is removed.
    pub(crate) fn drops(&self, table: &str) -> bool {
        matches!(self.removals.get(table), Some(Removal::Table))
    }

    fn add(&mut self, snapshot: &Snapshot, table: &Table, scope: &Scope, is_matched: &mut [bool]) -> Result<()> {
        let cache_key = key::cache_key(table.name()).expect("only tables named as cache tables are concerned");
        let mut whole = false;
        for (selection, is_matched) in scope.selections().iter().zip(&mut *is_matched) {
            if matches!(selection, Selection::All | Selection::CacheKey(_)) && selection.concerns(cache_key) {
                (whole, *is_matched) = (true, true);
            }
        }
        // Entries of a table that is not a cache table have no age.
        if table.is_multimap() || !whole || scope.is_narrowed() {
            table.expect_cache_table(snapshot.path())?;
        }
        if table.cache_key().is_none() {
            return self.add_foreign(snapshot, table, cache_key);
        }
        let mut sub_keys = Vec::new();
        let mut left = 0;
        for entry in snapshot.entries(&Selection::CacheKey(cache_key.to_owned()))? {
            let entry = entry?;
            scope.mark(cache_key, entry.sub_key(), is_matched);
            let is_selected = scope.first_match(cache_key, entry.sub_key()).is_some();
            if !is_selected || !scope.is_within(|| entry.fetch_time(), &mut self.removed.matched) {
                left += 1;
                continue;
            }
            self.removed.entries += 1;
            self.removed.bytes += entry.value().len() as u64;
            self.removed.keys.push(Key::from_parts(cache_key, entry.sub_key()).into());
            sub_keys.push(entry.sub_key().to_owned());
        }
        if left == 0 {
            self.removals.insert(table.name().to_owned(), Removal::Table);
        } else if !sub_keys.is_empty() {
            self.removals.insert(table.name().to_owned(), Removal::SubKeys(sub_keys));
        }
        Ok(())
    }

    fn add_set(&mut self, snapshot: &Snapshot, set: &Set) -> Result<()> {
        self.removed.entries += 1;
        self.removed.keys.push(set.key().into());
        for row in snapshot.rows(set) {
            self.removed.bytes += row?.value().len() as u64;
        }
        for table in set.tables() {
            let removal = self.removals.entry(table.name().to_owned());
            let Some(row) = set.row() else {
                *removal.or_insert(Removal::Table) = Removal::Table;
                continue;
            };
            let Removal::SubKeys(keys) = removal.or_insert_with(|| Removal::SubKeys(Vec::new())) else { continue };
            if table.name() == set.name() {
                keys.push(row.to_owned());
            } else if keys.is_empty() {
                keys.extend(MetaKey::STAMPS.map(|stamp| stamp.name().to_owned()));
            }
        }
        Ok(())
    }

    /// A table of other types is removed whole; its keys are not sub-keys.
    fn add_foreign(&mut self, snapshot: &Snapshot, table: &Table, cache_key: &str) -> Result<()> {
        for entry in table.definition().tree(snapshot.file()).entries() {
            let entry = entry.map_err(|error| snapshot.error(error, Some(table.name())))?;
            self.removed.entries += 1;
            self.removed.bytes += entry.value().len() as u64;
        }
        self.removed.keys.push(ChangedKey::plain(cache_key));
        self.removals.insert(table.name().to_owned(), Removal::Table);
        Ok(())
    }
}

/// The tables that the selections name; for a selection of everything, only cache tables.
fn concerned(snapshot: &Snapshot, scope: &Scope) -> Result<Vec<Table>> {
    let selections = scope.selections();
    if selections.contains(&Selection::All) {
        let named = |table: &Table| {
            key::cache_key(table.name())
                .is_some_and(|name| selections.iter().any(|selection| selection.cache_key() == Some(name)))
        };
        let tables = snapshot.tables()?.into_iter();
        return Ok(tables.filter(|table| table.cache_key().is_some() || named(table)).collect());
    }
    let of_live = selections.iter().filter(|selection| !matches!(selection, Selection::Set(_)));
    let mut cache_keys: Vec<&str> = of_live.filter_map(Selection::cache_key).collect();
    cache_keys.sort_unstable();
    cache_keys.dedup();
    cache_keys.into_iter().filter_map(|cache_key| snapshot.table(cache_key).transpose()).collect()
}
