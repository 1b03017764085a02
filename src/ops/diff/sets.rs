//! What differs between two sets of diorama: their rows are read side by side, in the order of their ids.

use super::difference::{Change, Difference, EntryDiff, MetaDiff, RowDiff};
use super::rows::Events;
use super::{DiffOptions, Side, is_within, merge};
use crate::diorama::meta::Meta;
use crate::diorama::row::RowView;
use crate::error::{Error, Result};
use crate::fixture::FixtureSet;
use crate::fixture::sorted_rows::SortedRows;
use crate::ops::each_entry::Walked;
use crate::ops::scope::{Matched, Scope};
use crate::ops::selected_sets::readable_sets;
use crate::ops::unread::Unread;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{EntryKey, FetchTime, Row, Set, SetKey, SetRow, Snapshot};
use std::collections::HashSet;

/// A set on one side.
pub(super) enum SetSide<'s> {
    Cache(&'s Snapshot, Box<Set>),
    /// One set, or several parts of the same set.
    Fixture(SetKey, Vec<FixtureSet<'s>>),
}

/// A row with its stored value.
enum Stored {
    Cache(SetRow),
    Fixture(Box<str>, Vec<u8>),
}

impl Stored {
    fn id(&self) -> &str {
        match self {
            Stored::Cache(row) => row.id(),
            Stored::Fixture(id, _) => id,
        }
    }

    fn value(&self) -> &[u8] {
        match self {
            Stored::Cache(row) => row.value(),
            Stored::Fixture(_, value) => value,
        }
    }
}

/// Rows in the order of their ids.
type Rows<'s> = Box<dyn Iterator<Item = Result<Stored>> + 's>;

impl<'s> SetSide<'s> {
    /// The sets of a side that are in the scope, in the order of their keys.
    pub fn of(side: Side<'s>, scope: &Scope, damage: &mut Vec<Error>) -> Result<Vec<SetSide<'s>>> {
        let mut sets: Vec<SetSide<'s>> = match side {
            Side::Cache(snapshot) => {
                let sets = readable_sets(snapshot, scope, &mut Matched::default(), damage)?;
                sets.into_iter().map(|set| SetSide::Cache(snapshot, Box::new(set))).collect()
            }
            Side::Fixture(fixture) => {
                let is_selected = |key: &SetKey| scope.selections().iter().any(|selection| key.is_selected(selection));
                let sets = fixture.sets().map(|set| (set.set_key(), set));
                sets.filter(|(key, _)| is_selected(key)).map(|(key, set)| SetSide::Fixture(key, vec![set])).collect()
            }
        };
        sets.sort_by_cached_key(SetSide::key);
        Ok(sets)
    }

    fn key(&self) -> SetKey {
        match self {
            SetSide::Cache(_, set) => set.key(),
            SetSide::Fixture(key, _) => key.clone(),
        }
    }

    fn row_count(&self) -> u64 {
        match self {
            SetSide::Cache(_, set) if set.row().is_some() => 1,
            SetSide::Cache(_, set) => set.rows(),
            SetSide::Fixture(_, sets) => sets.iter().map(FixtureSet::rows).sum(),
        }
    }

    /// The metadata of a whole set; `None` for a part of one.
    fn meta(&self) -> Option<Meta> {
        match self {
            SetSide::Cache(_, set) => set.row().is_none().then(|| *set.meta()),
            SetSide::Fixture(_, sets) => sets.iter().find(|set| !set.is_part()).map(FixtureSet::meta),
        }
    }

    fn fetch_time(&self) -> FetchTime {
        match self {
            SetSide::Cache(_, set) => set.fetch_time(),
            SetSide::Fixture(..) => {
                let at = self.meta().and_then(|meta| meta.refreshed_at);
                at.map_or(FetchTime::Unknown, |at| FetchTime::At(at.seconds()))
            }
        }
    }

    /// Whether its times are its own.
    fn has_own_times(&self) -> bool {
        match self {
            SetSide::Cache(..) => true,
            SetSide::Fixture(_, sets) => sets.iter().any(FixtureSet::has_own_times),
        }
    }

    /// The rows in the order of their ids, with an error in place of a damaged page.
    fn rows(&self) -> Result<Rows<'_>> {
        Ok(match self {
            SetSide::Cache(snapshot, set) => {
                let rows = snapshot.rows(set).map(|row| unless_moved(row, snapshot));
                Box::new(rows.map(|row| row.map(Stored::Cache)))
            }
            SetSide::Fixture(_, sets) => {
                Box::new(SortedRows::of(sets)?.map(|row| row.map(|(id, value)| Stored::Fixture(id, value))))
            }
        })
    }
}

/// Where the other side has a whole set, treats rows of it in a fixture as the whole set too: its other rows then count
/// as missing.
fn with_parts_as_sets<'s>(sides: Vec<SetSide<'s>>, other: &HashSet<SetKey>) -> Vec<SetSide<'s>> {
    let mut taken: Vec<SetSide<'s>> = Vec::new();
    for side in sides {
        let (key, part) = match side {
            SetSide::Fixture(key, part) if key.row().is_some() && other.contains(&key.whole()) => (key.whole(), part),
            side => {
                taken.push(side);
                continue;
            }
        };
        match taken.last_mut() {
            Some(SetSide::Fixture(last, parts)) if *last == key => parts.extend(part),
            _ => taken.push(SetSide::Fixture(key, part)),
        }
    }
    taken
}

/// Calls `each` with every difference between the sets of two sides.
pub(super) fn diff<E: From<Error>>(
    sides: [Vec<SetSide<'_>>; 2],
    scope: &Scope,
    options: DiffOptions,
    walked: &mut Walked,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let Walked { unread: Unread { damage, .. }, matched } = walked;
    let keys = sides.each_ref().map(|sides| sides.iter().map(SetSide::key).collect());
    let [old, new] = sides;
    let sides = [with_parts_as_sets(old, &keys[1]), with_parts_as_sets(new, &keys[0])];
    merge(
        damage,
        sides.map(Vec::into_iter),
        |sets, _| Ok(sets.next()),
        |old, new| old.key().cmp(&new.key()),
        |old, new, damage| {
            if !is_within(scope, [old, new], SetSide::fetch_time, matched) {
                return Ok(());
            }
            let (set, change) = match (old, new) {
                (Some(old), Some(new)) => return both([old, new], options, damage, each),
                (Some(set), None) => (set, Change::Removed),
                (None, Some(set)) => (set, Change::Added),
                (None, None) => return Ok(()),
            };
            let row_count = Some(set.row_count());
            each(Difference::Entry(EntryDiff { row_count, ..EntryDiff::new(set.key().into(), change) }))
        },
    )
}

fn both<E: From<Error>>(
    [a, b]: [&SetSide<'_>; 2],
    options: DiffOptions,
    damage: &mut Vec<Error>,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let options = DiffOptions { fetched_at: options.fetched_at && a.has_own_times() && b.has_own_times(), ..options };
    let meta = a.meta().zip(b.meta());
    let meta = meta.map_or_else(Vec::new, |(old, new)| MetaDiff::between(&old, &new, options.fetched_at));
    let differs = !meta.is_empty();
    let mut events = Events::new(EntryDiff { meta, ..EntryDiff::new(a.key().into(), Change::Changed) }, each);
    if differs {
        events.begin_entry()?;
    }
    let next = |rows: &mut Rows<'_>, damage: &mut Vec<Error>| {
        for row in rows.by_ref() {
            if let Some(row) = past_damage(row, damage)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    };
    merge(
        damage,
        [a.rows()?, b.rows()?],
        next,
        |old, new| old.id().cmp(new.id()),
        |old, new, _| {
            let id = old.or(new).map_or("", Stored::id);
            row(id, [old, new].map(|row| row.map(Stored::value)), options, &mut events)
        },
    )
}

/// Calls `each` with every difference between rows of a set, as [`diff`](super::diff) does. Each row is given by its id
/// and its stored value on either side.
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

/// Reports what differs in a row, which either side may lack.
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
