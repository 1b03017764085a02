//! Giving entries new values, all of which are worked out before any is written.

use super::load::{LoadPlan, Replace};
use super::scope::{Matched, Scope, selected};
use super::selected_sets::selected_sets;
use crate::database::{NewValue, Removals, Session};
use crate::error::{Error, Result};
use crate::fixture::Fixture;
use crate::live::envelope::Envelope;
use crate::live::key::{self, Key};
use crate::live::view::EnvelopeView;
use crate::ops::changed_key::ChangedKey;
use crate::ops::keep::{Keeper, Lost};
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{Set, Snapshot};
use crate::system::spill::Spill;

/// Bytes of new values in memory.
const MEMORY: usize = 8 * 1024 * 1024;

/// What a rewrite changes, or has changed.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Rewritten {
    /// The full keys of the entries that change, each once, in the order of the selections and of the cache.
    pub keys: Vec<ChangedKey>,
    /// Bytes of their new values.
    pub bytes: u64,
    /// Entries in the scope that stay as they are.
    pub unchanged: u64,
    /// Entries that vantage-live cannot decode, and that stay as they are. A damaged page is an error.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

/// Makes the plan and carries it out, in one transaction.
pub(crate) fn carry_out<E: From<Error>>(
    session: &mut Session,
    keeper: &Keeper,
    scope: &Scope,
    rewrite: impl FnMut(&Key, &EnvelopeView<'_>) -> Result<Option<Envelope>, E>,
    rewrite_set: impl FnMut(&Snapshot, &Set) -> Result<Option<Fixture>, E>,
) -> Result<Rewritten, E> {
    let snapshot = session.snapshot()?;
    let plan = RewritePlan::new(&snapshot, scope, rewrite, rewrite_set)?;
    if !plan.rewritten.keys.is_empty() {
        let mut lost = Lost::of_keys(plan.items.iter().map(|item| item.key.clone()));
        let mut removals = Removals::new();
        for (_, fixture, load) in &plan.sets {
            lost.sets.extend(load.lost(fixture).sets);
            removals.extend(load.removals());
        }
        keeper.keep(&snapshot, &lost)?;
        session.transact(&removals, |insert| {
            plan.each(|key, value| insert(&key::table_name(key.cache_key()), key.sub_key(), NewValue::Bytes(value)))?;
            plan.sets.iter().try_for_each(|(_, fixture, load)| load.insert(fixture, insert))
        })?;
    }
    Ok(plan.into_rewritten())
}

/// The new values of the entries in a scope of one commit of a cache: up to 8 MiB in memory, the rest in a temporary
/// file without a name.
#[derive(Debug)]
pub struct RewritePlan {
    items: Vec<Item>,
    values: Spill,
    /// Sets of diorama and rows of sets, with the fixture that replaces each and the plan to load it.
    sets: Vec<(Set, Fixture, LoadPlan)>,
    rewritten: Rewritten,
}

#[derive(Debug)]
struct Item {
    key: Key,
    offset: u64,
    len: usize,
}

impl RewritePlan {
    /// Asks `rewrite` for the new value of every entry in the scope, and `rewrite_set` for a fixture that replaces each
    /// set of diorama, or each single row; `None` leaves it as it is.
    ///
    /// # Errors
    /// Those of the cache, and what `rewrite` and `rewrite_set` return.
    pub fn new<E: From<Error>>(
        snapshot: &Snapshot,
        scope: &Scope,
        mut rewrite: impl FnMut(&Key, &EnvelopeView<'_>) -> Result<Option<Envelope>, E>,
        mut rewrite_set: impl FnMut(&Snapshot, &Set) -> Result<Option<Fixture>, E>,
    ) -> Result<RewritePlan, E> {
        let (values, rewritten) = (Spill::new(MEMORY), Rewritten::default());
        let mut plan = RewritePlan { items: Vec::new(), values, sets: Vec::new(), rewritten };
        let matched = selected::<E>(snapshot, scope, |entry| {
            let entry = entry?;
            let key = entry.key();
            match entry.envelope().map(|envelope| rewrite(&key, &envelope)) {
                Ok(new) => plan.add(key, new?.as_ref())?,
                Err(error) => plan.rewritten.unread.unreadable.push(Unreadable { key, error }),
            }
            Ok(())
        })?;
        plan.rewritten.matched = matched;
        for set in selected_sets(snapshot, scope, &mut plan.rewritten.matched)? {
            match rewrite_set(snapshot, &set)? {
                Some(fixture) => plan.add_set(snapshot, &set, fixture)?,
                None => plan.rewritten.unchanged += 1,
            }
        }
        Ok(plan)
    }

    fn add_set(&mut self, snapshot: &Snapshot, set: &Set, fixture: Fixture) -> Result<()> {
        let load = LoadPlan::new(snapshot, &fixture, Replace::Entries)?;
        self.rewritten.keys.push(set.key().into());
        self.rewritten.bytes += fixture.bytes();
        self.sets.push((set.clone(), fixture, load));
        Ok(())
    }

    /// The sets and rows of sets that change, each with the fixture that replaces it.
    pub fn sets(&self) -> impl Iterator<Item = (&Set, &Fixture)> {
        self.sets.iter().map(|(set, fixture, _)| (set, fixture))
    }

    fn add(&mut self, key: Key, new: Option<&Envelope>) -> Result<()> {
        let Some(new) = new else {
            self.rewritten.unchanged += 1;
            return Ok(());
        };
        let value = new.bytes();
        let offset = self.values.push(value).map_err(Error::temporary)?;
        self.rewritten.keys.push(key.clone().into());
        self.rewritten.bytes += value.len() as u64;
        self.items.push(Item { key, offset, len: value.len() });
        Ok(())
    }

    /// What the plan changes.
    #[must_use]
    pub fn rewritten(&self) -> &Rewritten {
        &self.rewritten
    }

    /// What the plan changes, consuming the plan.
    #[must_use]
    pub fn into_rewritten(self) -> Rewritten {
        self.rewritten
    }

    /// Calls `visit` with every entry of vantage-live that changes and its new value.
    ///
    /// # Errors
    /// [`Error::Temporary`] if the temporary file cannot be read, and what `visit` returns.
    pub fn each<E: From<Error>>(&self, mut visit: impl FnMut(&Key, &[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut value = Vec::new();
        for item in &self.items {
            value.resize(item.len, 0);
            self.values.read(item.offset, &mut value).map_err(Error::temporary)?;
            visit(&item.key, &value)?;
        }
        Ok(())
    }
}
