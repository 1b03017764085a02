//! Where the entries of a fixture go in a cache: into which layout, and under which name.

use crate::diorama::identity::{Identity, TableName, meta_table};
use crate::diorama::meta::{Meta, Nanoseconds};
use crate::diorama::row::{Likeness, SAMPLE};
use crate::error::{Result, SetError};
use crate::fixture::sets::rows_of_envelope;
use crate::fixture::{Fixture, FixtureEntry, FixtureSet};
use crate::live::key::Key;
use crate::live::view::EnvelopeView;
use crate::snapshot::{Layout, Set, Snapshot, Table, TableRole};
use std::collections::BTreeMap;

/// Where an entry of a fixture goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// To its key, as an entry of vantage-live.
    Entry,
    /// To the table of this name, in place of the whole set.
    Set(String),
    /// To the table of this name, beside its other rows.
    Rows(String),
}

/// The tables of a cache, by which it is decided where something goes.
pub(crate) struct Tables<'s> {
    snapshot: Option<&'s Snapshot>,
    pub sets: Vec<Set>,
    roles: Vec<(Table, TableRole)>,
    /// The layout of everything in the cache; `None` if it holds both layouts, or neither.
    layout: Option<Layout>,
}

impl<'s> Tables<'s> {
    /// The tables of a commit, or none at all if there is no cache yet.
    pub fn of(snapshot: Option<&'s Snapshot>) -> Result<Tables<'s>> {
        let roles = snapshot.map_or(Ok(Vec::new()), Snapshot::roles)?;
        let sets = snapshot.map_or(Ok(Vec::new()), Snapshot::sets)?;
        let has_cache_keys = roles.iter().any(|(_, role)| *role == TableRole::CacheKey);
        let layout = match (has_cache_keys, sets.is_empty()) {
            (true, true) => Some(Layout::Live),
            (false, false) => Some(Layout::Diorama),
            _ => None,
        };
        Ok(Tables { snapshot, sets, roles, layout })
    }

    /// Where an entry goes that consists of rows and perhaps a time.
    pub fn place_of_entry(&self, fixture: &Fixture, entry: &FixtureEntry<'_>) -> Result<Place> {
        let name = entry.key().set_name();
        if entry.is_stored() {
            return Ok(Place::Entry);
        }
        if !entry.may_be_set() {
            self.expect_layout(fixture, Layout::Live, &name)?;
            self.expect_no_set(entry.key().cache_key())?;
            return Ok(Place::Entry);
        }
        match Snapshot::resolve(&self.sets, &name) {
            // A key means an entry of vantage-live if there is one.
            Some(_) if fixture.layout().is_none() && self.holds_entry(entry.key())? => Ok(Place::Entry),
            Some((set, None)) => Ok(Place::Set(set.name().to_owned())),
            Some((set, Some(row))) => {
                let mut ids = Vec::new();
                each_row_of_entry(entry, &mut |id, _| {
                    ids.push(id.to_owned());
                    Ok(())
                })?;
                expect_row(&name, row, ids.iter().map(String::as_str))?;
                expect_no_time(&name, set.name(), entry.is_dated())?;
                Ok(Place::Rows(set.name().to_owned()))
            }
            None if self.holds_cache_key(entry.key().cache_key()) || self.layout != Some(Layout::Diorama) => {
                Ok(Place::Entry)
            }
            None => self.expect_free(table_of(fixture, &name)).map(Place::Set),
        }
    }

    /// Where a set goes.
    pub fn place_of_set(&self, fixture: &Fixture, set: &FixtureSet<'_>) -> Result<Place> {
        // Stored bytes come from a cache like this one; perhaps their set has been removed since.
        if !set.is_stored() {
            self.expect_layout(fixture, Layout::Diorama, &shown(fixture, set))?;
        }
        if !fixture.is_typed() {
            let name = self.expect_free(set.name().to_owned())?;
            if !set.is_part() {
                return Ok(Place::Set(name));
            }
            // The key of the set itself may bring any of its rows.
            if set.key() != name {
                let row = set.key().strip_prefix(&*name).and_then(|row| row.strip_prefix('/'));
                let row = row.ok_or_else(|| SetError::OtherSet {
                    key: set.key().to_owned(),
                    set: Identity::shown(&name).into_owned(),
                })?;
                expect_only_row(fixture, set, row)?;
            }
            return Ok(Place::Rows(name));
        }
        let there = Snapshot::resolve(&self.sets, set.key());
        let named = match (there, set.is_part()) {
            (Some((there, None)), false) => return Ok(Place::Set(there.name().to_owned())),
            (None, false) => return self.expect_free(table_of(fixture, set.key())).map(Place::Set),
            (Some((there, Some(row))), _) => Some((there.name(), row)),
            // A row of a set that the cache does not have.
            (None, true) => {
                set.key().strip_prefix(set.name()).and_then(|row| Some((set.name(), row.strip_prefix('/')?)))
            }
            (Some((_, None)), true) => None,
        };
        let Some((name, row)) = named else { return Err(SetError::OnlyARow { key: set.key().to_owned() }.into()) };
        expect_only_row(fixture, set, row)?;
        if set.is_part() && set.name() != name {
            return Err(SetError::OtherSet {
                key: set.key().to_owned(),
                set: Identity::shown(set.name()).into_owned(),
            }
            .into());
        }
        let has_time =
            if set.is_stored() { set.meta_pairs().is_some() } else { set.is_dated() || set.meta().total.is_some() };
        expect_no_time(&shown(fixture, set), name, has_time && !set.is_part())?;
        self.expect_free(name.to_owned()).map(Place::Rows)
    }

    /// Refuses stored rows that would not be recognized as a set once they are in the cache: the set has no metadata,
    /// and their bytes do not look like rows.
    pub fn expect_to_be_found(&self, fixture: &Fixture, set: &FixtureSet<'_>, place: &Place) -> Result<()> {
        let is_recognized = match place {
            Place::Entry => true,
            Place::Set(_) => set.meta_pairs().is_some(),
            Place::Rows(name) => set.meta_pairs().is_some() || self.set(name).is_some(),
        };
        if is_recognized || !set.is_stored() {
            return Ok(());
        }
        let mut first = BTreeMap::new();
        set.each_row(&mut |id, value| {
            if first.len() < SAMPLE || first.last_key_value().is_some_and(|(last, _)| id < String::as_str(last)) {
                first.insert(id.to_owned(), value.to_owned());
            }
            if first.len() > SAMPLE {
                first.pop_last();
            }
            Ok(())
        })?;
        let likeness = first.values().fold(None, |likeness, value| Some(Likeness::with(likeness, value)));
        match likeness {
            None | Some(Likeness::Row | Likeness::Refused) => Ok(()),
            Some(Likeness::Record | Likeness::Neither) => Err(SetError::NotRows { key: shown(fixture, set) }.into()),
        }
    }

    /// The set with the table of this name.
    pub fn set(&self, name: &str) -> Option<&Set> {
        self.sets.binary_search_by(|set| set.name().cmp(name)).ok().map(|place| &self.sets[place])
    }

    /// The name of the table of a new set, given the name as it is stored or as people read it.
    pub fn name_of_new(typed: &str) -> String {
        // The readable form has these characters only if a name has them, which is rare.
        let is_stored = typed.contains(['?', '#', '%']) && Identity::of_table(typed).is_some();
        match typed.parse::<Identity>() {
            Ok(identity) if !is_stored => identity.table(),
            _ => typed.to_owned(),
        }
    }

    fn holds_entry(&self, key: &Key) -> Result<bool> {
        match self.snapshot {
            Some(snapshot) if self.holds_cache_key(key.cache_key()) => Ok(snapshot.entry(key)?.is_some()),
            _ => Ok(false),
        }
    }

    /// Refuses a new cache key that is the name of a set, as [`Snapshot::expect_no_set`] does.
    fn expect_no_set(&self, cache_key: &str) -> Result<()> {
        match (self.set(cache_key), self.snapshot) {
            (Some(set), Some(snapshot)) if !self.holds_cache_key(cache_key) => {
                Err(SetError::IsASet { path: snapshot.path().to_owned(), name: set.shown() }.into())
            }
            _ => Ok(()),
        }
    }

    fn holds_cache_key(&self, cache_key: &str) -> bool {
        self.roles.iter().any(|(table, _)| table.cache_key() == Some(cache_key))
    }

    /// Refuses an entry of one layout in a cache that has only the other, unless the fixture asks for that layout.
    fn expect_layout(&self, fixture: &Fixture, layout: Layout, key: &str) -> Result<()> {
        match (fixture.layout(), self.layout, self.snapshot) {
            (None, Some(there), Some(snapshot)) if there != layout => {
                let (path, is_set) = (snapshot.path().to_owned(), layout == Layout::Diorama);
                Err(SetError::OtherLayout { path, key: key.to_owned(), is_set }.into())
            }
            _ => Ok(()),
        }
    }

    /// Refuses a name that a set cannot have, and one that a table of another kind has, or has the name of its meta
    /// table.
    pub fn expect_free(&self, name: String) -> Result<String> {
        let meta = meta_table(&name);
        let wrong = self.roles.iter().find(|(table, role)| {
            table.name() == name && *role != TableRole::Rows || table.name() == meta && *role != TableRole::Meta
        });
        let is_of_live = crate::live::key::cache_key(&name).is_some();
        let is_name = matches!(TableName::of(&name), TableName::Rows(_));
        match (wrong, self.snapshot) {
            (Some((table, _)), Some(snapshot)) => Err(SetError::NotASetTable {
                path: snapshot.path().to_owned(),
                table: table.name().to_owned(),
                is: table.kind().to_string(),
            }
            .into()),
            _ if is_of_live || !is_name => Err(SetError::NotASetName { name }.into()),
            _ => Ok(name),
        }
    }
}

/// The key of a set of a fixture as people read it, or as it was typed.
fn shown(fixture: &Fixture, set: &FixtureSet<'_>) -> String {
    if fixture.is_typed() { set.key().to_owned() } else { set.set_key().shown() }
}

/// The table of a set of a fixture that the cache does not have yet.
fn table_of(fixture: &Fixture, name: &str) -> String {
    if fixture.is_typed() { Tables::name_of_new(name) } else { name.to_owned() }
}

/// Refuses a time of a single row, which has no place for it.
fn expect_no_time(key: &str, set: &str, has_time: bool) -> Result<()> {
    if !has_time {
        return Ok(());
    }
    Err(SetError::RowWithoutTime { key: key.to_owned(), set: Identity::shown(set).into_owned() }.into())
}

fn expect_only_row(fixture: &Fixture, set: &FixtureSet<'_>, row: &str) -> Result<()> {
    let mut ids = Vec::new();
    set.each_row(&mut |id, _| {
        // Two are enough to see that there are several.
        if ids.len() < 2 {
            ids.push(id.to_owned());
        }
        Ok(())
    })?;
    expect_row(&shown(fixture, set), row, ids.iter().map(String::as_str))
}

fn expect_row<'i>(key: &str, row: &str, mut ids: impl Iterator<Item = &'i str>) -> Result<()> {
    let (first, second) = (ids.next(), ids.next());
    if first == Some(row) && second.is_none() {
        return Ok(());
    }
    Err(SetError::OtherRows { key: key.to_owned(), row: row.to_owned() }.into())
}

/// Calls `visit` with every row of an entry as diorama would store it.
pub(super) fn each_row_of_entry(
    entry: &FixtureEntry<'_>,
    visit: &mut dyn FnMut(&str, &[u8]) -> Result<()>,
) -> Result<()> {
    let value = entry.value()?;
    rows_of_envelope(&EnvelopeView::new(&value).expect("the fixture encoded it"), visit)
}

/// The metadata of a set that consists of these rows: they were fetched, and copied whole, at the time of the entry.
pub(super) fn meta_of_entry(entry: &FixtureEntry<'_>) -> Result<Meta> {
    let value = entry.value()?;
    let fetched_at = EnvelopeView::new(&value).expect("the fixture encoded it").fetched_at();
    let Some(at) = Nanoseconds::of_parts(fetched_at, entry.nanoseconds()) else {
        return Err(SetError::TimeOutOfRange { key: entry.key().set_name(), fetched_at }.into());
    };
    Ok(Meta { total: None, refreshed_at: Some(at), copied_at: Some(at) })
}
