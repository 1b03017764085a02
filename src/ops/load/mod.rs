//! Loading a fixture: a plan of what would change, and its execution.

mod place;
mod source;

use crate::database::{Insert, Removal, Removals, Session};
use crate::diorama::identity::Identity;
use crate::diorama::meta::{MetaKey, StoredPairs};
use crate::error::{Result, SetError};
use crate::fixture::Fixture;
use crate::live::key::Selection;
use crate::ops::changed_key::ChangedKey;
use crate::ops::invalidate::Plan;
use crate::ops::keep::{Keeper, Lost, LostPart, LostSet};
use crate::ops::scope::Scope;
use crate::snapshot::location;
use crate::snapshot::{Set, Snapshot, Table};
use crate::system::progress;
use place::Place;
pub(crate) use place::Tables;
use source::{Source, insert_entry, insert_rows, insert_set};
use std::collections::HashSet;
use std::path::Path;

/// What a load removes from a cache before it adds the entries of a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// Entries with the same keys; of a set of diorama, its rows and the metadata that diorama reads.
    Entries,
    /// All entries of the cache keys that the fixture names, and all rows of the sets.
    CacheKeys,
    /// All entries of all cache keys, and all sets; never a table that is neither.
    All,
}

impl Fixture {
    /// Writes the entries to the cache at `path`, a folder or the file in it, in one transaction.
    /// Folder and file are created if they are missing; a new file appears with all of the entries or not at all.
    ///
    /// # Errors
    /// [`Error::InUse`](crate::Error::InUse) while an app has the cache open, and those of [`LoadPlan::new`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("clients.json"), r#"{"clients/page_1": [{"id": "c1"}]}"#)?;
    /// # let (fixtures, cache) = (folder.path().join("clients.json"), folder.path().join("cache"));
    /// let fixture = vlive::Fixture::open(fixtures)?;
    /// let loaded = fixture.seed(cache, vlive::ops::Replace::All)?;
    /// assert_eq!(loaded.added(&fixture).count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seed(&self, path: impl AsRef<Path>, replace: Replace) -> Result<LoadPlan> {
        Session::create_with(location::find(path.as_ref())?, |mut session| {
            let plan = LoadPlan::carry_out(&mut session, &Keeper::default(), self, replace, |_| Ok(true))?;
            session.close()?;
            Ok(plan.expect("it is due in any case"))
        })
    }
}

/// What a fixture adds to, replaces in and removes from one commit of a cache.
#[derive(Clone, Debug, Default)]
pub struct LoadPlan {
    /// Where each entry of the fixture goes, followed by where each of its sets goes.
    items: Vec<Item>,
    removal: Plan,
    removed: Vec<ChangedKey>,
    /// Sets that are replaced or emptied, and rows of them that are replaced.
    replaced_sets: Vec<LostSet>,
    /// Tables of sets that are removed before rows are written.
    replaced_tables: Removals,
}

#[derive(Clone, Debug)]
struct Item {
    place: Place,
    is_replaced: bool,
    /// The pairs of a set's meta table that diorama ignores: they stay beside those that are written.
    ignored: StoredPairs,
}

impl LoadPlan {
    /// Compares the fixture with the cache, and so verifies every page that the load changes.
    ///
    /// Rows that do not say which layout they have become a set if the cache has a set of that name, or if it has
    /// nothing of that name and holds only sets of diorama.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`](crate::Error::NotACacheTable) if the table of one of its cache keys has another type
    /// and is not replaced, and [`SetError::NotASetTable`](crate::error::SetError::NotASetTable) for the table of a set;
    /// [`SetError::OtherLayout`](crate::error::SetError::OtherLayout) if the cache holds only entries of the other
    /// layout.
    pub fn new(snapshot: &Snapshot, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        LoadPlan::of(Some(snapshot), fixture, replace)
    }

    /// The plan for a cache that does not exist yet.
    ///
    /// # Errors
    /// [`Error::Set`](crate::Error::Set) if the fixture has a set that cannot be written.
    pub fn of_new(fixture: &Fixture) -> Result<LoadPlan> {
        LoadPlan::of(None, fixture, Replace::Entries)
    }

    fn of(snapshot: Option<&Snapshot>, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        let tables = Tables::of(snapshot)?;
        let mut plan = LoadPlan::default();
        let mut names = HashSet::new();
        for source in Source::all(fixture) {
            let place = match source {
                Source::Entry(entry) => tables.place_of_entry(fixture, &entry)?,
                Source::Set(set) => {
                    let place = tables.place_of_set(fixture, &set)?;
                    tables.expect_to_be_found(fixture, &set, &place)?;
                    place
                }
            };
            if let Place::Set(name) = &place
                && !names.insert(name.clone())
            {
                return Err(SetError::SetIsRepeated { name: Identity::shown(name).into_owned() }.into());
            }
            plan.items.push(Item { place, is_replaced: false, ignored: Vec::new() });
        }
        let Some(snapshot) = snapshot else { return Ok(plan) };
        plan.removal = Plan::new(snapshot, &Scope::new(plan.emptied(fixture, replace)))?;
        plan.find_entries(snapshot, fixture)?;
        plan.find_sets(snapshot, &tables, fixture, (replace, &names))?;
        let loaded: HashSet<&str> = names.iter().map(String::as_str).collect();
        let is_loaded = |key: &str| {
            loaded.contains(key) || key.split_once('/').is_some_and(|(cache_key, sub)| fixture.contains(cache_key, sub))
        };
        let removed = plan.removal.removed().keys.iter().filter(|key| !is_loaded(key.as_str()));
        plan.removed.splice(0..0, removed.cloned());
        Ok(plan)
    }

    /// The selections to remove before entries of vantage-live are written.
    fn emptied(&self, fixture: &Fixture, replace: Replace) -> Vec<Selection> {
        match replace {
            Replace::Entries => Vec::new(),
            Replace::All => vec![Selection::All],
            Replace::CacheKeys => {
                let entries = fixture.entries().zip(&self.items).filter(|(_, item)| item.place == Place::Entry);
                let mut keys: Vec<&str> = entries.map(|(entry, _)| entry.key().cache_key()).collect();
                keys.dedup();
                keys.into_iter().map(|key| Selection::CacheKey(key.to_owned())).collect()
            }
        }
    }

    /// Finds which entries of vantage-live the cache has already.
    fn find_entries(&mut self, snapshot: &Snapshot, fixture: &Fixture) -> Result<()> {
        let mut table: Option<(&str, Option<Table>)> = None;
        for (entry, item) in fixture.entries().zip(&mut self.items) {
            if item.place != Place::Entry {
                continue;
            }
            let cache_key = entry.key().cache_key();
            let table = match &mut table {
                Some((open, table)) if *open == cache_key => table,
                other => {
                    let table = snapshot
                        .table(cache_key)?
                        .filter(|table| !self.removal.drops(table.name()) || table.cache_key().is_some());
                    if let Some(table) = &table {
                        table.expect_cache_table(snapshot.path())?;
                    }
                    &mut other.insert((cache_key, table)).1
                }
            };
            let there = table.as_ref().map(|table| snapshot.has(table, entry.key().sub_key())).transpose()?;
            item.is_replaced = there.unwrap_or(false);
        }
        Ok(())
    }

    /// Finds which sets and rows of sets the cache has already, and what is removed of them.
    fn find_sets(
        &mut self,
        snapshot: &Snapshot,
        tables: &Tables<'_>,
        fixture: &Fixture,
        (replace, whole): (Replace, &HashSet<String>),
    ) -> Result<()> {
        let mut emptied = HashSet::new();
        for (source, item) in Source::all(fixture).zip(&mut self.items) {
            let (Place::Set(name) | Place::Rows(name)) = &item.place else { continue };
            let Some(set) = tables.set(name) else { continue };
            let is_whole = matches!(item.place, Place::Set(_));
            if !is_whole && (replace != Replace::Entries || whole.contains(name)) {
                // The old row is removed with its set.
                let is_emptied_here = replace == Replace::CacheKeys && !whole.contains(name);
                if is_emptied_here && emptied.insert(name.clone()) {
                    self.removed.push(set.key().into());
                    self.replaced_sets.push(LostSet { set: set.clone(), what: LostPart::All });
                    remove_tables(snapshot, set, &mut self.replaced_tables)?;
                }
                continue;
            }
            if is_whole {
                item.is_replaced = true;
                if replace == Replace::Entries && !source.is_stored() {
                    item.ignored = snapshot.stored_meta(set)?.unwrap_or_default();
                    item.ignored.retain(|(key, _)| MetaKey::of_name(key).is_none());
                }
                self.replaced_sets.push(LostSet { set: set.clone(), what: LostPart::All });
                remove_tables(snapshot, set, &mut self.replaced_tables)?;
                continue;
            }
            let brings_meta = source.meta_of_part();
            let (lost, is_replaced) = (&mut self.replaced_sets, &mut item.is_replaced);
            let mut has_rows = false;
            source.each_row(&mut |id, _| {
                has_rows = true;
                if let Some(row) = snapshot.with_row(set, id)? {
                    *is_replaced = true;
                    lost.push(LostSet { set: row, what: LostPart::Rows });
                }
                Ok(())
            })?;
            if let Some(table) = set.meta_table().filter(|_| brings_meta.is_some()) {
                snapshot.verify_table(table.name())?;
                self.replaced_tables.insert(table.name().to_owned(), Removal::Table);
                lost.push(LostSet { set: set.clone(), what: LostPart::Meta });
                // Metadata without rows replaces metadata.
                item.is_replaced |= !has_rows;
            }
        }
        Ok(())
    }

    /// Makes the plan and carries it out, in one transaction; returns `None` if `is_due` refuses the present commit.
    pub(crate) fn carry_out(
        session: &mut Session,
        keeper: &Keeper,
        fixture: &Fixture,
        replace: Replace,
        is_due: impl FnOnce(&Snapshot) -> Result<bool>,
    ) -> Result<Option<LoadPlan>> {
        let snapshot = session.snapshot()?;
        if !is_due(&snapshot)? {
            return Ok(None);
        }
        let plan = LoadPlan::new(&snapshot, fixture, replace)?;
        let removals = plan.removals();
        if !fixture.is_empty() || !removals.is_empty() {
            keeper.keep(&snapshot, &plan.lost(fixture))?;
            progress::current().expect(Some(fixture.bytes()));
            session.transact(&removals, |insert| plan.insert(fixture, insert))?;
        }
        Ok(Some(plan))
    }

    /// What is removed before anything is written.
    pub(crate) fn removals(&self) -> Removals {
        let mut removals = self.removal.removals().clone();
        removals.extend(self.replaced_tables.clone());
        removals
    }

    /// Writes the entries and sets of the fixture, which must be that of the plan.
    pub(crate) fn insert(&self, fixture: &Fixture, insert: &mut Insert<'_>) -> Result<()> {
        // If the fixture has a set and rows to add to it, the set is written first.
        for is_part in [false, true] {
            for (source, item) in Source::all(fixture).zip(&self.items) {
                match (source, &item.place) {
                    (_, place) if matches!(place, Place::Rows(_)) != is_part => {}
                    (Source::Entry(entry), Place::Entry) => insert_entry(entry, insert)?,
                    (source, Place::Set(name)) => insert_set(source, name, &item.ignored, insert)?,
                    (source, Place::Rows(name)) => insert_rows(source, name, insert)?,
                    (Source::Set(_), Place::Entry) => unreachable!("a set is not placed among entries"),
                }
            }
        }
        Ok(())
    }

    /// What a backup must hold before it is replaced or removed.
    pub(crate) fn lost(&self, fixture: &Fixture) -> Lost {
        let mut lost = self.removal.lost();
        let entries = fixture.entries().zip(&self.items);
        let replaced = entries.filter(|(_, item)| item.is_replaced && item.place == Place::Entry);
        lost.keys.extend(replaced.map(|(entry, _)| entry.key().clone()));
        let removed: HashSet<String> = lost.sets.iter().map(|lost| lost.set.name().to_owned()).collect();
        let left = self.replaced_sets.iter().filter(|lost| !removed.contains(lost.set.name()));
        lost.sets.extend(left.cloned());
        lost
    }

    /// Bytes of the values that the load writes; the fixture must be that of the plan.
    ///
    /// # Errors
    /// [`Error::Temporary`](crate::Error::Temporary) if the temporary file of the fixture cannot be read.
    pub fn bytes(&self, fixture: &Fixture) -> Result<u64> {
        let mut bytes = 0;
        for (source, item) in Source::all(fixture).zip(&self.items) {
            match source {
                Source::Entry(entry) if item.place == Place::Entry => bytes += entry.len() as u64,
                Source::Set(set) => bytes += set.bytes(),
                source @ Source::Entry(_) => source.each_row(&mut |_, value| {
                    bytes += value.len() as u64;
                    Ok(())
                })?,
            }
        }
        Ok(bytes)
    }

    /// The keys of what the cache does not have; the fixture must be that of the plan.
    pub fn added<'f>(&'f self, fixture: &'f Fixture) -> impl Iterator<Item = ChangedKey> + 'f {
        self.keys(fixture, false)
    }

    /// The keys of what the cache has already; the fixture must be that of the plan.
    pub fn replaced<'f>(&'f self, fixture: &'f Fixture) -> impl Iterator<Item = ChangedKey> + 'f {
        self.keys(fixture, true)
    }

    fn keys<'f>(&'f self, fixture: &'f Fixture, replaced: bool) -> impl Iterator<Item = ChangedKey> + 'f {
        let items = Source::all(fixture).zip(&self.items);
        items.filter(move |(_, item)| item.is_replaced == replaced).map(|(source, item)| source.key(&item.place))
    }

    /// The full keys of what is removed and not in the fixture, in the order of the cache. A table that vantage-live
    /// cannot read is listed with its cache key alone, and a set of diorama with the name of its table.
    #[must_use]
    pub fn removed(&self) -> &[ChangedKey] {
        &self.removed
    }
}

/// Verifies the tables of a set and adds them to `removals`: when redb removes them, it may merge their pages with any
/// adjacent ones.
fn remove_tables(snapshot: &Snapshot, set: &Set, removals: &mut Removals) -> Result<()> {
    for table in set.tables() {
        snapshot.verify_table(table.name())?;
        removals.insert(table.name().to_owned(), Removal::Table);
    }
    Ok(())
}
