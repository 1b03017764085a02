//! What differs between two caches, or a cache and a fixture: both are read once, side by side, in the
//! order of their keys.

mod difference;
mod rows;
mod sets;
mod text;

pub use difference::{Change, Difference, EntryDiff, FieldDiff, MetaDiff, RowDiff};
pub use rows::diff_values;
pub use sets::diff_rows;
pub use text::{DiffLine, Escape};

use super::each_entry::Walked;
use super::scope::{Matched, Scope};
use super::{past_damage, unless_moved};
use crate::error::{Error, Result};
use crate::fixture::{Fixture, FixtureEntry};
use crate::live::head::EnvelopeHead;
use crate::live::key::{Key, Selection};
use crate::ops::unread::Unread;
use crate::snapshot::{FetchTime, LiveEntry, Snapshot};
use sets::SetSide;
use std::borrow::Cow;
use std::cmp::Ordering;

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub enum Side<'s> {
    /// A cache.
    Cache(&'s Snapshot),
    /// A fixture.
    Fixture(&'s Fixture),
}

/// What counts as a difference besides entries, row ids, fields and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// The times of entries, where both sides have one, and those of sets, unless one side is only rows.
    pub fetched_at: bool,
    /// The order of rows in an entry, and of fields in a row.
    pub order: bool,
}

/// Calls `each` with every difference, in the order of a cache, with sets of diorama after the entries of vantage-live.
/// Values are compared as the app reads them: another encoding of the same value is not a difference. Memory does not
/// grow with the sides, but with the largest entry.
///
/// Returns the damaged pages that were skipped: what they held counts as missing. An entry or a row that cannot be
/// decoded is reported as a difference.
///
/// # Errors
/// Those of the sides, and what `each` returns.
pub fn diff<E: From<Error>>(
    a: Side<'_>,
    b: Side<'_>,
    options: DiffOptions,
    each: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Unread, E> {
    Ok(diff_in(a, b, &Scope::all(), options, each)?.unread)
}

/// Compares the entries in a scope, as [`diff`] does. If the scope has bounds of age, an entry is compared if it lies
/// within them on either side. The result counts entries outside the bounds and in the future, but does not list
/// selections without a match.
///
/// # Errors
/// Those of the sides, and what `each` returns.
pub fn diff_in<E: From<Error>>(
    a: Side<'_>,
    b: Side<'_>,
    scope: &Scope,
    options: DiffOptions,
    mut each: impl FnMut(Difference) -> Result<(), E>,
) -> Result<Walked, E> {
    let mut walked = Walked::default();
    let Walked { unread: Unread { damage, .. }, matched } = &mut walked;
    merge(
        damage,
        [a.items(scope)?, b.items(scope)?],
        Items::next,
        |old, new| old.place().cmp(&new.place()),
        |old, new, _| match (old, new) {
            sides if !is_within(scope, sides.into(), Item::fetch_time, matched) => Ok(()),
            (Some(old), Some(new)) => both(old, new, options, &mut each),
            (Some(item), None) => each(Difference::Entry(alone(item, Change::Removed)?)),
            (None, Some(item)) => each(Difference::Entry(alone(item, Change::Added)?)),
            (None, None) => Ok(()),
        },
    )?;
    let of_any_age = scope.of_any_age();
    let sets = [SetSide::of(a, &of_any_age, damage)?, SetSide::of(b, &of_any_age, damage)?];
    sets::diff(sets, scope, options, &mut walked, &mut each)?;
    Ok(walked)
}

/// Whether a thing lies within the bounds of age of a scope on either side. Counts it in `matched` if that is worth a
/// warning.
fn is_within<Thing>(
    scope: &Scope,
    sides: [Option<&Thing>; 2],
    fetched: impl Fn(&Thing) -> FetchTime,
    matched: &mut Matched,
) -> bool {
    if !scope.is_narrowed() {
        return true;
    }
    let (mut of_sides, mut is_within) = (Matched::default(), false);
    for thing in sides.into_iter().flatten() {
        is_within |= scope.is_within(|| fetched(thing), &mut of_sides);
    }
    matched.future += of_sides.future.min(1);
    matched.outside += u64::from(!is_within);
    matched.timeless += of_sides.timeless.min(u64::from(!is_within));
    is_within
}

/// Walks two sorted sides together: calls `visit` with each thing that both have, and with each that only one has.
/// `next` reads the next thing of a side.
fn merge<Side, Thing, E: From<Error>>(
    damage: &mut Vec<Error>,
    [mut a, mut b]: [Side; 2],
    next: impl Fn(&mut Side, &mut Vec<Error>) -> Result<Option<Thing>>,
    compare: impl Fn(&Thing, &Thing) -> Ordering,
    mut visit: impl FnMut(Option<&Thing>, Option<&Thing>, &mut Vec<Error>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut old, mut new) = (next(&mut a, damage)?, next(&mut b, damage)?);
    loop {
        let order = match (&old, &new) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => compare(old, new),
        };
        visit(old.as_ref().filter(|_| order.is_le()), new.as_ref().filter(|_| order.is_ge()), damage)?;
        if order.is_le() {
            old = next(&mut a, damage)?;
        }
        if order.is_ge() {
            new = next(&mut b, damage)?;
        }
    }
}

impl<'s> Side<'s> {
    fn items(self, scope: &'s Scope) -> Result<Items<'s>> {
        let items = match self {
            Side::Cache(snapshot) => {
                let entries = snapshot.entries(&Selection::All)?;
                Box::new(entries.map(|entry| unless_moved(entry, snapshot).map(Item::Cache)))
                    as Box<dyn Iterator<Item = _>>
            }
            Side::Fixture(fixture) => Box::new(fixture.entries().map(|entry| Ok(Item::Fixture(entry)))),
        };
        Ok(Items { items, scope })
    }
}

/// The remaining vantage-live entries of a side.
struct Items<'s> {
    items: Box<dyn Iterator<Item = Result<Item<'s>>> + 's>,
    scope: &'s Scope,
}

enum Item<'s> {
    Cache(LiveEntry),
    Fixture(FixtureEntry<'s>),
}

impl<'s> Items<'s> {
    fn next(&mut self, damage: &mut Vec<Error>) -> Result<Option<Item<'s>>> {
        for item in self.items.by_ref() {
            let Some(item) = past_damage(item, damage)? else { continue };
            let (cache_key, sub_key) = item.place();
            if self.scope.first_match(cache_key, sub_key).is_some() {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

impl Item<'_> {
    fn key(&self) -> Key {
        match self {
            Item::Cache(entry) => entry.key(),
            Item::Fixture(entry) => entry.key().clone(),
        }
    }

    /// Cache key and sub-key, by which the sides are sorted.
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

    /// When it was fetched; not known where its time is not its own.
    fn fetch_time(&self) -> FetchTime {
        match self {
            Item::Cache(entry) => entry.fetch_time(),
            Item::Fixture(entry) if !entry.is_dated() => FetchTime::Unknown,
            Item::Fixture(entry) => {
                let head = entry.value().ok().and_then(|value| EnvelopeHead::decode(&value).ok());
                head.map_or(FetchTime::Unreadable, |head| FetchTime::At(head.fetched_at))
            }
        }
    }

    /// Whether its time is its own.
    fn is_dated(&self) -> bool {
        !matches!(self, Item::Fixture(entry) if !entry.is_dated())
    }
}

fn alone(item: &Item<'_>, change: Change) -> Result<EntryDiff> {
    let row_count = EnvelopeHead::decode(&item.value()?).ok().map(|head| head.rows);
    Ok(EntryDiff { row_count, ..EntryDiff::new(item.key().into(), change) })
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
