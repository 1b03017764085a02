//! What differs between two caches, or a cache and a fixture: both are read once, side by side, in the
//! order of their keys.

mod difference;
mod text;

pub use difference::{Change, Difference, EntryDiff, FieldDiff, RowDiff};
pub use text::{DiffLine, Escape};

use super::{past_damage, unless_moved};
use crate::error::{Error, Result};
use crate::fixture::{Fixture, FixtureEntry};
use crate::json::writer::{record_json, value_json};
use crate::live::head::EnvelopeHead;
use crate::live::key::{Key, Selection};
use crate::live::view::{EnvelopeView, Ranges};
use crate::snapshot::{Entries, LiveEntry as Entry, Snapshot};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub enum Side<'s> {
    /// A cache.
    Cache(&'s Snapshot),
    /// A fixture.
    Fixture(&'s Fixture),
}

/// What counts as a difference beside entries, row ids, fields and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// The times of entries, where both sides have one.
    pub fetched_at: bool,
    /// The order of rows in an entry, and of fields in a row.
    pub order: bool,
}

/// Calls `each` with every difference, in the order of a cache, and returns the damaged pages that were
/// passed by: what they held counts as missing. Values are compared as vantage-live reads them, so
/// that another encoding of the same value is not a difference. Memory does not grow with the sides, but
/// with the largest entry.
///
/// # Errors
/// Those of the sides, and what `each` returns.
pub fn diff<E: From<Error>>(
    a: Side<'_>,
    b: Side<'_>,
    options: DiffOptions,
    mut each: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Vec<Error>, E> {
    let mut damage = Vec::new();
    let (mut a, mut b) = (a.items()?, b.items()?);
    let (mut old, mut new) = (a.next(&mut damage)?, b.next(&mut damage)?);
    loop {
        let order = match (&old, &new) {
            (None, None) => return Ok(damage),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.place().cmp(&new.place()),
        };
        match (order, &old, &new) {
            (Ordering::Less, Some(old), _) => each(Difference::Entry(alone(old, Change::Removed)?))?,
            (Ordering::Greater, _, Some(new)) => each(Difference::Entry(alone(new, Change::Added)?))?,
            (_, Some(old), Some(new)) => both(old, new, options, &mut each)?,
            _ => {}
        }
        if order.is_le() {
            old = a.next(&mut damage)?;
        }
        if order.is_ge() {
            new = b.next(&mut damage)?;
        }
    }
}

impl<'s> Side<'s> {
    fn items(self) -> Result<Items<'s>> {
        Ok(match self {
            Side::Cache(snapshot) => Items::Cache(snapshot, Box::new(snapshot.entries(&Selection::All)?)),
            Side::Fixture(fixture) => Items::Fixture(Box::new(fixture.entries())),
        })
    }
}

/// The entries of a side that are still to come.
enum Items<'s> {
    Cache(&'s Snapshot, Box<Entries<'s>>),
    Fixture(Box<dyn Iterator<Item = FixtureEntry<'s>> + 's>),
}

enum Item<'s> {
    Cache(Entry),
    Fixture(FixtureEntry<'s>),
}

impl<'s> Items<'s> {
    fn next(&mut self, damage: &mut Vec<Error>) -> Result<Option<Item<'s>>> {
        match self {
            Items::Cache(snapshot, entries) => {
                for entry in entries {
                    if let Some(entry) = past_damage(unless_moved(entry, snapshot), damage)? {
                        return Ok(Some(Item::Cache(entry)));
                    }
                }
                Ok(None)
            }
            Items::Fixture(entries) => Ok(entries.next().map(Item::Fixture)),
        }
    }
}

impl Item<'_> {
    fn key(&self) -> Key {
        match self {
            Item::Cache(entry) => entry.key(),
            Item::Fixture(entry) => entry.key().clone(),
        }
    }

    /// Cache key and sub-key, which is the order of a side.
    fn place(&self) -> (&str, &str) {
        match self {
            Item::Cache(entry) => (entry.cache_key(), entry.sub_key()),
            Item::Fixture(entry) => (entry.key().cache_key(), entry.key().sub_key()),
        }
    }

    fn value(&self) -> Result<Cow<'_, [u8]>> {
        match self {
            Item::Cache(entry) => Ok(Cow::Borrowed(entry.value())),
            Item::Fixture(entry) => entry.value().map(Cow::Owned),
        }
    }

    /// Whether its time is its own.
    fn is_dated(&self) -> bool {
        !matches!(self, Item::Fixture(entry) if !entry.is_dated())
    }
}

fn alone(item: &Item<'_>, change: Change) -> Result<EntryDiff> {
    let row_count = EnvelopeHead::decode(&item.value()?).ok().map(|head| head.rows);
    Ok(EntryDiff { row_count, ..EntryDiff::new(item.key(), change) })
}

fn both<E: From<Error>>(
    old: &Item<'_>,
    new: &Item<'_>,
    options: DiffOptions,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let options = DiffOptions { fetched_at: options.fetched_at && old.is_dated() && new.is_dated(), ..options };
    diff_values(old.key(), &old.value()?, &new.value()?, options, each)
}

/// Calls `each` with every difference between two values of an entry, as [`diff`] does.
///
/// # Errors
/// What `each` returns.
pub fn diff_values<E>(
    key: Key,
    old: &[u8],
    new: &[u8],
    options: DiffOptions,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    if old == new {
        return Ok(());
    }
    let mut entry = EntryDiff::new(key, Change::Changed);
    let (a, b) = match (EnvelopeView::new(old), EnvelopeView::new(new)) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => return each(Difference::Entry(EntryDiff { undecodable: [a.err(), b.err()], ..entry })),
    };
    if options.fetched_at && a.fetched_at() != b.fetched_at() {
        entry.fetched_at = Some((a.fetched_at(), b.fetched_at()));
    }
    let (old, new) = (a.record_ranges(), b.record_ranges());
    entry.is_reordered = options.order && is_reordered(&old, &new);
    let differs = entry.fetched_at.is_some() || entry.is_reordered;
    let mut events = Events { entry: Some(entry), row: None, each };
    if differs {
        events.begin_entry()?;
    }
    for (id, record) in &old {
        match new.get(id) {
            None => events.row(alone_row(&a, id, record, Change::Removed))?,
            Some(other) => both_rows([&a, &b], id, [record, other], options, &mut events)?,
        }
    }
    for (id, record) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        events.row(alone_row(&b, id, record, Change::Added))?;
    }
    Ok(())
}

/// What is reported of an entry. It comes before its first row, and a row before its first field.
struct Events<'e, F> {
    /// `None` once it was reported.
    entry: Option<EntryDiff>,
    /// The row whose fields are being compared, unless it was reported.
    row: Option<RowDiff>,
    each: &'e mut F,
}

impl<E, F: FnMut(Difference) -> Result<(), E>> Events<'_, F> {
    fn begin_entry(&mut self) -> Result<(), E> {
        self.entry.take().map_or(Ok(()), |entry| (self.each)(Difference::Entry(entry)))
    }

    fn row(&mut self, row: RowDiff) -> Result<(), E> {
        self.begin_entry()?;
        (self.each)(Difference::Row(row))
    }

    fn field(&mut self, name: &str, old: Option<String>, new: Option<String>) -> Result<(), E> {
        if let Some(row) = self.row.take() {
            self.row(row)?;
        }
        (self.each)(Difference::Field(FieldDiff { name: name.to_owned(), old, new }))
    }
}

fn alone_row(view: &EnvelopeView<'_>, id: &str, record: &Range<usize>, change: Change) -> RowDiff {
    RowDiff { id: id.to_owned(), change, record: Some(record_json(view, record.start)), is_reordered: false }
}

fn both_rows<E>(
    [a, b]: [&EnvelopeView<'_>; 2],
    id: &str,
    [record, other]: [&Range<usize>; 2],
    options: DiffOptions,
    events: &mut Events<'_, impl FnMut(Difference) -> Result<(), E>>,
) -> Result<(), E> {
    if a.value()[record.clone()] == b.value()[other.clone()] {
        return Ok(());
    }
    let (old, new) = (a.field_ranges(record.start), b.field_ranges(other.start));
    let is_reordered = options.order && is_reordered(&old, &new);
    let row = RowDiff { id: id.to_owned(), change: Change::Changed, record: None, is_reordered };
    if is_reordered {
        events.row(row)?;
    } else {
        events.row = Some(row);
    }
    for (name, value) in &old {
        let other = new.get(name);
        if other.is_some_and(|other| a.value()[value.clone()] == b.value()[other.clone()]) {
            continue;
        }
        let old = Some(value_json(a, value.start));
        let new = other.map(|other| value_json(b, other.start));
        if old != new {
            events.field(name, old, new)?;
        }
    }
    for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        events.field(name, None, Some(value_json(b, value.start)))?;
    }
    Ok(())
}

/// Whether what both have comes in another order.
fn is_reordered(a: &Ranges<'_>, b: &Ranges<'_>) -> bool {
    let common = |ours: &Ranges<'_>, theirs: &Ranges<'_>| {
        ours.keys().filter(|name| theirs.contains_key(*name)).cloned().map(Cow::into_owned).collect::<Vec<String>>()
    };
    common(a, b) != common(b, a)
}
