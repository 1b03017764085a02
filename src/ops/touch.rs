//! Touching entries: a plan of which entries get a new time, and its execution.

use super::scope::{Matched, Scope, selected};
use super::selected_sets::{narrowed_copies, selected_sets};
use crate::database::{Insert, NewValue, Removals, Session};
use crate::diorama::identity;
use crate::diorama::meta::{Meta, MetaKey, Nanoseconds};
use crate::error::{Error, Result, SetError};
use crate::live::fetched_at::FetchedAt;
use crate::live::key::{self, Key};
use crate::live::redate::redated;
use crate::ops::changed_key::ChangedKey;
use crate::ops::keep::{Keeper, Lost, LostPart};
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{Set, SetKey, Snapshot};

/// What a touch dates anew, or has dated anew.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Touched {
    /// The full keys of the entries, each once, in the order of the selections and of the cache; for a set of diorama,
    /// the name of its table.
    pub keys: Vec<ChangedKey>,
    /// Sets of diorama that stay and hold narrowed copies of touched rows; see [`Scope::with_narrowed`].
    pub narrowed: Vec<SetKey>,
    /// Entries that vantage-live cannot decode, and that stay as they are. A damaged page is an error.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

/// Gives every selected entry a new time, in one transaction.
pub(crate) fn touch(session: &mut Session, keeper: &Keeper, scope: &Scope, fetched_at: FetchedAt) -> Result<Touched> {
    let snapshot = session.snapshot()?;
    let plan = TouchPlan::new(&snapshot, scope, fetched_at)?;
    if !plan.touched.keys.is_empty() {
        let mut lost = Lost::of_keys(plan.touched.keys.iter().map(|key| Key::new(key.as_str())));
        // Rows stay; a set without metadata loses nothing.
        plan.sets.iter().filter(|set| set.meta_table().is_some()).for_each(|set| lost.add(set, LostPart::Meta));
        keeper.keep(&snapshot, &lost)?;
        // Entries are read while redb writes others, which saves keeping them in memory: redb writes to free pages, and
        // those of the last commit do not become free before the next commit.
        session.transact(&Removals::new(), |insert| plan.apply(insert))?;
    }
    Ok(plan.into_touched())
}

/// The selected entries of one commit of a cache. Their values are not kept, but read again when they are touched.
#[derive(Debug)]
pub struct TouchPlan<'s> {
    snapshot: &'s Snapshot,
    scope: &'s Scope,
    fetched_at: FetchedAt,
    /// The sets of diorama.
    sets: Vec<Set>,
    touched: Touched,
}

impl<'s> TouchPlan<'s> {
    /// Finds the selected entries, verifies every page on the way to them, and decodes every value.
    ///
    /// # Errors
    /// [`Error::NotACacheTable`](crate::Error::NotACacheTable) if the table of a selected cache key is not a cache
    /// table, [`SetError::RowWithoutTime`](crate::error::SetError::RowWithoutTime) if a single row of diorama is
    /// selected, [`SetError::TimeOutOfRange`](crate::error::SetError::TimeOutOfRange) if a set is selected and cannot
    /// store the time.
    pub fn new(snapshot: &'s Snapshot, scope: &'s Scope, fetched_at: FetchedAt) -> Result<TouchPlan<'s>> {
        let mut touched = Touched::default();
        let matched = selected::<Error>(snapshot, scope, |entry| {
            let entry = entry?;
            match entry.envelope() {
                Ok(_) => touched.keys.push(entry.key().into()),
                Err(error) => touched.unread.unreadable.push(Unreadable { key: entry.key(), error }),
            }
            Ok(())
        })?;
        touched.matched = matched;
        let sets = selected_sets(snapshot, scope, &mut touched.matched)?;
        if let Some(set) = sets.iter().find(|set| set.row().is_some()) {
            return Err(SetError::RowWithoutTime { key: set.shown(), set: set.key().whole().shown() }.into());
        }
        sets.iter().try_for_each(|set| nanoseconds(set, fetched_at).map(drop))?;
        touched.keys.extend(sets.iter().map(|set| set.key().into()));
        touched.narrowed = narrowed_copies(snapshot, &sets)?;
        Ok(TouchPlan { snapshot, scope, fetched_at, sets, touched })
    }

    /// What the plan touches.
    #[must_use]
    pub fn touched(&self) -> &Touched {
        &self.touched
    }

    /// What the plan touches, consuming the plan.
    #[must_use]
    pub fn into_touched(self) -> Touched {
        self.touched
    }

    /// Inserts every entry with its new time. The commit of the plan must not be replaced before this is committed.
    fn apply(&self, insert: &mut Insert<'_>) -> Result<()> {
        selected(self.snapshot, self.scope, |entry| {
            let entry = entry?;
            match redated(entry.value(), self.fetched_at) {
                Ok(value) => insert(&key::table_name(entry.cache_key()), entry.sub_key(), NewValue::Bytes(&value)),
                // The plan has reported it.
                Err(_) => Ok(()),
            }
        })
        .map(drop)?;
        self.sets.iter().try_for_each(|set| date(set, self.fetched_at, insert))
    }
}

fn nanoseconds(set: &Set, fetched_at: FetchedAt) -> Result<Nanoseconds> {
    let seconds = fetched_at.seconds();
    let out_of_range = || SetError::TimeOutOfRange { key: set.shown(), fetched_at: seconds }.into();
    Nanoseconds::of_parts(seconds, fetched_at.nanoseconds()).ok_or_else(out_of_range)
}

/// Writes `refreshed_at`, and `copied_at` only if the set has one, readable or not: a touch does not turn a partial
/// copy of a set into a whole one.
fn date(set: &Set, fetched_at: FetchedAt, insert: &mut Insert<'_>) -> Result<()> {
    let at = nanoseconds(set, fetched_at)?;
    let has = |key| set.meta().get(key).is_some() || set.malformed().iter().any(|number| number.key() == key);
    let meta = Meta { total: None, refreshed_at: Some(at), copied_at: has(MetaKey::CopiedAt).then_some(at) };
    let table = identity::meta_table(set.name());
    meta.pairs().try_for_each(|(key, value)| insert(&table, key, NewValue::Bytes(&value)))
}
