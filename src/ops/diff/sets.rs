//! What differs between two sets of diorama: their rows are read side by side, in the order of their ids.

use super::difference::{Change, Difference, EntryDiff, MetaDiff, RowDiff};
use super::rows::Events;
use super::{DiffOptions, Side, is_within, merge};
use crate::diorama::meta::Meta;
use crate::diorama::row::RowView;
use crate::error::{Error, Result};
use crate::ops::scope::{Matched, Scope};
use crate::ops::sets::readable_sets;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{EntryKey, Row, Set, SetRow, Snapshot};

/// A set on one side.
pub(super) struct SetSide<'s> {
    snapshot: &'s Snapshot,
    set: Set,
}

impl<'s> SetSide<'s> {
    /// The sets of a side that are in the scope, in the order of their keys.
    pub fn of(side: Side<'s>, scope: &Scope, damage: &mut Vec<Error>) -> Result<Vec<SetSide<'s>>> {
        let Side::Cache(snapshot) = side else { return Ok(Vec::new()) };
        let mut sets = readable_sets(snapshot, scope, &mut Matched::default(), damage)?;
        sets.sort_by_cached_key(Set::key);
        Ok(sets.into_iter().map(|set| SetSide { snapshot, set }).collect())
    }

    fn key(&self) -> EntryKey {
        self.set.key().into()
    }

    fn row_count(&self) -> u64 {
        if self.set.row().is_some() { 1 } else { self.set.rows() }
    }

    /// What is remembered of the rows, unless one row is compared by itself.
    fn meta(&self) -> Meta {
        if self.set.row().is_some() { Meta::default() } else { *self.set.meta() }
    }

    /// The rows, without those in damaged pages.
    fn rows(&self) -> impl Iterator<Item = Result<SetRow>> {
        self.snapshot.rows(&self.set).map(|row| unless_moved(row, self.snapshot))
    }
}

/// Calls `each` with every difference between the sets of two sides.
pub(super) fn diff<E: From<Error>>(
    sides: [Vec<SetSide<'_>>; 2],
    scope: &Scope,
    options: DiffOptions,
    damage: &mut Vec<Error>,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    merge(
        damage,
        sides.map(Vec::into_iter),
        |sets, _| Ok(sets.next()),
        |old, new| old.key().cmp(&new.key()),
        |old, new, damage| {
            if !is_within(scope, [old, new], |side| side.set.fetched_at()) {
                return Ok(());
            }
            let (set, change) = match (old, new) {
                (Some(old), Some(new)) => return both([old, new], options, damage, each),
                (Some(set), None) => (set, Change::Removed),
                (None, Some(set)) => (set, Change::Added),
                (None, None) => return Ok(()),
            };
            let row_count = Some(set.row_count());
            each(Difference::Entry(EntryDiff { row_count, ..EntryDiff::new(set.key(), change) }))
        },
    )
}

fn both<E: From<Error>>(
    [a, b]: [&SetSide<'_>; 2],
    options: DiffOptions,
    damage: &mut Vec<Error>,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let meta = MetaDiff::between(&a.meta(), &b.meta(), options.fetched_at);
    let differs = !meta.is_empty();
    let mut events = Events::new(EntryDiff { meta, ..EntryDiff::new(a.key(), Change::Changed) }, each);
    if differs {
        events.begin_entry()?;
    }
    let next = |rows: &mut dyn Iterator<Item = Result<SetRow>>, damage: &mut Vec<Error>| {
        for row in rows {
            if let Some(row) = past_damage(row, damage)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    };
    merge(
        damage,
        [a.rows(), b.rows()],
        |rows, damage| next(rows, damage),
        |old, new| old.id().cmp(new.id()),
        |old, new, _| {
            let id = old.or(new).map_or("", SetRow::id);
            row(id, [old, new].map(|row| row.map(SetRow::value)), options, &mut events)
        },
    )
}

/// Calls `each` with every difference between rows of a set that are given by their ids and their stored values on both
/// sides, as [`diff`](super::diff) does.
///
/// # Errors
/// What `each` returns.
pub fn diff_rows<'r, E>(
    key: impl Into<EntryKey>,
    rows: impl IntoIterator<Item = (&'r str, [Option<&'r [u8]>; 2])>,
    options: DiffOptions,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let mut events = Events::new(EntryDiff::new(key.into(), Change::Changed), each);
    rows.into_iter().try_for_each(|(id, sides)| row(id, sides, options, &mut events))
}

/// Reports what differs in a row that one side has, or both.
fn row<E, F: FnMut(Difference) -> Result<(), E>>(
    id: &str,
    sides: [Option<&[u8]>; 2],
    options: DiffOptions,
    events: &mut Events<'_, F>,
) -> Result<(), E> {
    let change = match sides {
        [old, new] if old == new => return Ok(()),
        [Some(_), Some(_)] => Change::Changed,
        [Some(_), None] => Change::Removed,
        [None, _] => Change::Added,
    };
    match sides.map(|value| value.map(RowView::new).transpose()) {
        [Ok(Some(old)), Ok(Some(new))] => events.both([&Row::of_set(id, &old), &Row::of_set(id, &new)], options),
        [Ok(Some(row)), Ok(None)] | [Ok(None), Ok(Some(row))] => events.alone(&Row::of_set(id, &row), change),
        views => events.row(RowDiff { refused: views.map(Result::err), ..RowDiff::new(id, change) }),
    }
}
