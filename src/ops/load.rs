//! What loading a fixture would change, told before it changes anything.

use crate::database::{Insert, NewValue, Session};
use crate::error::Result;
use crate::fixture::{Fixture, FixtureEntry};
use crate::live::key::{self, Key, Selection};
use crate::ops::invalidate::Plan;
use crate::ops::keep::Keeper;
use crate::ops::scope::Scope;
use crate::snapshot::location;
use crate::snapshot::{Snapshot, Table};
use crate::system::progress;
use std::path::Path;

/// What of a cache gives way to the entries of a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// Entries with the same keys.
    Entries,
    /// All entries of the cache keys that the fixture names.
    CacheKeys,
    /// All entries of all cache keys; never a table that is not a cache table.
    All,
}

impl Fixture {
    /// Writes the entries to the cache at `path`, a folder or the file in it, in one transaction.
    /// Folder and file are created where they are missing, the file with all of the entries or not at all.
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
            let plan = LoadPlan::carry_out(&mut session, &Keeper::default(), self, replace)?;
            session.close()?;
            Ok(plan)
        })
    }
}

/// Bytes from which on a value is read to where redb wants it: redb takes longer to make room than to take one.
const LARGE: usize = 1024 * 1024;

fn insert_entry(entry: FixtureEntry<'_>, insert: &mut Insert<'_>) -> Result<()> {
    let key = entry.key();
    let table = key::table_name(key.cache_key());
    if entry.len() < LARGE {
        return insert(&table, key.sub_key(), NewValue::Bytes(&entry.value()?));
    }
    let len = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    insert(&table, key.sub_key(), NewValue::Read(len, &mut |room| entry.read(room)))
}

/// What a fixture adds to one commit of a cache, replaces in it and removes from it.
#[derive(Clone, Debug, Default)]
pub struct LoadPlan {
    /// Whether the cache has it, for each entry of the fixture.
    is_replaced: Vec<bool>,
    removal: Plan,
    removed: Vec<String>,
}

impl LoadPlan {
    /// Compares the fixture with the cache. Every page that the load changes is verified by that.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`](crate::Error::NotACacheTable) if there is a table of another type for
    /// one of its cache keys, unless that gives way.
    pub fn new(snapshot: &Snapshot, fixture: &Fixture, replace: Replace) -> Result<LoadPlan> {
        let selections = match replace {
            Replace::Entries => Vec::new(),
            Replace::CacheKeys => fixture.cache_keys().map(|key| Selection::CacheKey(key.to_owned())).collect(),
            Replace::All => vec![Selection::All],
        };
        let removal = Plan::new(snapshot, &Scope::new(selections))?;
        let mut is_replaced = Vec::with_capacity(fixture.len());
        let mut table: Option<(&str, Option<Table>)> = None;
        for entry in fixture.entries() {
            let cache_key = entry.key().cache_key();
            let table = match &mut table {
                Some((open, table)) if *open == cache_key => table,
                other => {
                    snapshot.expect_no_set(cache_key)?;
                    let table = snapshot
                        .table(cache_key)?
                        .filter(|table| !removal.drops(table.name()) || table.cache_key().is_some());
                    if let Some(table) = &table {
                        table.expect_cache_table(snapshot.path())?;
                    }
                    &mut other.insert((cache_key, table)).1
                }
            };
            let there = table.as_ref().map(|table| snapshot.has(table, entry.key().sub_key())).transpose()?;
            is_replaced.push(there.unwrap_or(false));
        }
        let is_loaded =
            |key: &str| key.split_once('/').is_some_and(|(cache_key, sub)| fixture.contains(cache_key, sub));
        let removed = removal.removed().keys.iter().filter(|key| !is_loaded(key)).cloned().collect();
        Ok(LoadPlan { is_replaced, removal, removed })
    }

    /// Makes the plan and does what it says, in one transaction.
    pub(crate) fn carry_out(
        session: &mut Session,
        keeper: &Keeper,
        fixture: &Fixture,
        replace: Replace,
    ) -> Result<LoadPlan> {
        let snapshot = session.snapshot()?;
        let plan = LoadPlan::new(&snapshot, fixture, replace)?;
        if !fixture.is_empty() || !plan.removal.removals().is_empty() {
            let removed = plan.removal.removed().keys.iter().map(|key| Key::new(key));
            keeper.keep(&snapshot, removed.chain(plan.replaced(fixture).map(|entry| entry.key().clone())))?;
            progress::current().expect(Some(fixture.bytes()));
            session.transact(plan.removal.removals(), |insert| {
                fixture.entries().try_for_each(|entry| insert_entry(entry, insert))
            })?;
        }
        Ok(plan)
    }

    /// The plan where there is no cache yet.
    #[must_use]
    pub fn of_new(fixture: &Fixture) -> LoadPlan {
        LoadPlan { is_replaced: vec![false; fixture.len()], ..LoadPlan::default() }
    }

    /// The entries of the fixture that the cache does not have; it must be the fixture of the plan.
    pub fn added<'f>(&self, fixture: &'f Fixture) -> impl Iterator<Item = FixtureEntry<'f>> {
        self.entries(fixture, false)
    }

    /// The entries of the fixture that the cache has already; it must be the fixture of the plan.
    pub fn replaced<'f>(&self, fixture: &'f Fixture) -> impl Iterator<Item = FixtureEntry<'f>> {
        self.entries(fixture, true)
    }

    fn entries<'f>(&self, fixture: &'f Fixture, replaced: bool) -> impl Iterator<Item = FixtureEntry<'f>> {
        fixture.entries().zip(&self.is_replaced).filter(move |(_, is)| **is == replaced).map(|(entry, _)| entry)
    }

    /// The full keys of what is removed and not in the fixture, in the order of the cache. A table that
    /// vantage-live cannot read stands here with its cache key alone.
    #[must_use]
    pub fn removed(&self) -> &[String] {
        &self.removed
    }
}
