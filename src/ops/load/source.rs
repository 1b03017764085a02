//! An entry or a set of a fixture, and how it is written.

use super::place::{Place, each_row_of_entry, meta_of_entry};
use crate::database::{Insert, NewValue};
use crate::diorama::identity::meta_table;
use crate::diorama::meta::StoredPairs;
use crate::error::Result;
use crate::fixture::{Fixture, FixtureEntry, FixtureSet};
use crate::live::key;
use crate::ops::changed_key::ChangedKey;
use crate::snapshot::SetKey;

/// An entry or a set of a fixture.
#[derive(Clone, Copy)]
pub(super) enum Source<'f> {
    Entry(FixtureEntry<'f>),
    Set(FixtureSet<'f>),
}

impl<'f> Source<'f> {
    pub(super) fn all(fixture: &'f Fixture) -> impl Iterator<Item = Source<'f>> {
        fixture.entries().map(Source::Entry).chain(fixture.sets().map(Source::Set))
    }

    pub(super) fn each_row(self, visit: &mut dyn FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        match self {
            Source::Entry(entry) => each_row_of_entry(&entry, visit),
            Source::Set(set) => set.each_row(visit),
        }
    }

    /// The pairs of the meta table that a whole set gets.
    fn meta(self) -> Result<Option<StoredPairs>> {
        match self {
            Source::Entry(entry) => {
                let pairs = meta_of_entry(&entry)?.pairs().map(|(key, value)| (key.to_owned(), value.to_vec()));
                Ok(Some(pairs.collect()))
            }
            Source::Set(set) => Ok(set.meta_pairs()),
        }
    }

    /// Whether it is a set given by its stored bytes, which then is complete.
    pub(super) fn is_stored(self) -> bool {
        matches!(self, Source::Set(set) if set.is_stored())
    }

    fn has_table(self) -> bool {
        match self {
            // Without rows, the metadata alone says that it is empty.
            Source::Entry(_) => false,
            Source::Set(set) => set.has_table(),
        }
    }

    pub(super) fn key(self, place: &Place) -> ChangedKey {
        // A part of a set that is not one row has the key of the set.
        let of_rows = |name: &str, key: String| {
            SetKey::of_typed_row(name, &key).map_or_else(|| ChangedKey::plain(key), ChangedKey::from)
        };
        match (self, place) {
            (Source::Entry(entry), Place::Entry) => entry.key().clone().into(),
            (Source::Entry(entry), Place::Rows(name)) => of_rows(name, entry.key().set_name()),
            (Source::Set(set), Place::Rows(name)) => of_rows(name, set.key().to_owned()),
            (_, Place::Set(name)) => SetKey::new(name, None).into(),
            (Source::Set(_), Place::Entry) => unreachable!("a set is not placed among entries"),
        }
    }

    /// The pairs of the meta table that come with rows of a set, as in a backup.
    pub(super) fn meta_of_part(self) -> Option<StoredPairs> {
        match self {
            Source::Entry(_) => None,
            Source::Set(set) => set.meta_pairs().filter(|_| set.is_part()),
        }
    }
}

/// Bytes from which a value is read directly into redb's buffer: reserving the space takes redb longer than copying a
/// small value.
const LARGE: usize = 1024 * 1024;

pub(super) fn insert_entry(entry: FixtureEntry<'_>, insert: &mut Insert<'_>) -> Result<()> {
    let key = entry.key();
    let table = key::table_name(key.cache_key());
    if entry.len() < LARGE {
        return insert(&table, key.sub_key(), NewValue::Bytes(&entry.value()?));
    }
    let len = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    insert(&table, key.sub_key(), NewValue::Read(len, &mut |room| entry.read(room)))
}

pub(super) fn insert_set(
    source: Source<'_>,
    name: &str,
    ignored: &[(String, Vec<u8>)],
    insert: &mut Insert<'_>,
) -> Result<()> {
    if source.has_table() {
        insert(name, "", NewValue::Table)?;
    }
    source.each_row(&mut |id, value| insert(name, id, NewValue::Bytes(value)))?;
    let mut pairs = source.meta()?;
    if !ignored.is_empty() {
        pairs.get_or_insert_default().extend_from_slice(ignored);
    }
    insert_meta(pairs, name, insert)
}

/// Adds rows to a set. Its metadata stays as it is, so that the app treats them like the other rows, unless the source
/// brings metadata.
pub(super) fn insert_rows(source: Source<'_>, name: &str, insert: &mut Insert<'_>) -> Result<()> {
    source.each_row(&mut |id, value| insert(name, id, NewValue::Bytes(value)))?;
    insert_meta(source.meta_of_part(), name, insert)
}

fn insert_meta(pairs: Option<StoredPairs>, name: &str, insert: &mut Insert<'_>) -> Result<()> {
    let Some(pairs) = pairs else { return Ok(()) };
    let table = meta_table(name);
    insert(&table, "", NewValue::Table)?;
    pairs.iter().try_for_each(|(key, value)| insert(&table, key, NewValue::Bytes(value)))
}
