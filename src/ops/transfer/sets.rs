//! Copying and moving sets of diorama, and rows of sets.

use crate::database::{Insert, NewValue, Removal, Removals};
use crate::diorama::identity::meta_table;
use crate::diorama::meta::MetaKey;
use crate::error::{Error, Result, SetError};
use crate::ops::keep::{Lost, LostPart};
use crate::ops::load::Tables;
use crate::snapshot::{EntryKey, Set, SetKey, Snapshot};

/// The transfer of a set or of a row.
#[derive(Clone, Debug)]
pub(super) struct SetTransfer {
    from: Set,
    to: SetKey,
    bytes: u64,
    /// An existing set or row with the new key.
    in_the_way: Option<Set>,
    moves: bool,
}

impl SetTransfer {
    /// Finds the set or row `from` in `source`, and what has the name `to` in `target`. Both names are as people type
    /// them.
    pub fn find(
        source: &Snapshot,
        target: Option<&Snapshot>,
        (from, to): (&str, &str),
        moves: bool,
    ) -> Result<Option<SetTransfer>> {
        let sets = source.sets()?;
        let Some((found, row)) = Snapshot::resolve(&sets, from) else { return Ok(None) };
        let found = match row {
            None => Some(found.clone()),
            Some(row) => source.with_row(found, row)?,
        };
        let Some(from) = found else { return Ok(None) };
        if let Some(damage) = source.meta_damage(&from) {
            return Err(damage);
        }
        let tables = Tables::of(target)?;
        let to = new_key(&from, to, &tables)?;
        let there = tables.set(to.name());
        let in_the_way = match (target, there, to.row()) {
            (Some(target), Some(there), Some(row)) => target.with_row(there, row)?,
            (_, there, None) => there.cloned(),
            _ => None,
        };
        let mut bytes = 0;
        for row in source.rows(&from) {
            bytes += row?.value().len() as u64;
        }
        // What is moved is not in its own way.
        let in_the_way = in_the_way.filter(|there| !(moves && there.key() == from.key()));
        Ok(Some(SetTransfer { from, to, bytes, in_the_way, moves }))
    }

    pub fn keys(&self) -> (EntryKey, EntryKey) {
        (self.from.key().into(), self.to.clone().into())
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The set that loses its times because a row leaves it.
    pub fn undated(&self) -> Option<SetKey> {
        let meta = self.from.meta();
        let is_dated = MetaKey::STAMPS.iter().any(|stamp| meta.get(*stamp).is_some());
        (self.moves && self.from.row().is_some() && is_dated).then(|| self.from.key().whole())
    }

    pub fn in_the_way(&self) -> Option<EntryKey> {
        self.in_the_way.as_ref().map(|set| set.key().into())
    }

    /// What is removed before anything is written. With a row, the times of its set are removed, as when it is
    /// invalidated: otherwise the app would believe that the source does not have the row.
    pub fn removals(&self) -> Removals {
        let mut removals = Removals::new();
        for set in self.in_the_way.iter().filter(|set| set.row().is_none()) {
            remove_whole(set, &mut removals);
        }
        match self.from.row() {
            _ if !self.moves => {}
            None => remove_whole(&self.from, &mut removals),
            Some(row) => {
                removals.insert(self.from.name().to_owned(), Removal::SubKeys(vec![row.to_owned()]));
                if let Some(table) = self.from.meta_table() {
                    let stamps = MetaKey::STAMPS.map(|stamp| stamp.name().to_owned());
                    removals.insert(table.name().to_owned(), Removal::SubKeys(stamps.into()));
                }
            }
        }
        removals
    }

    /// Adds what a backup must hold before it is replaced or removed.
    pub fn lost(&self, lost: &mut Lost) {
        if self.moves {
            lost.add(&self.from, LostPart::All);
        }
        if let Some(set) = &self.in_the_way {
            lost.add(set, if set.row().is_some() { LostPart::Rows } else { LostPart::All });
        }
    }

    /// Writes it under its new name. `source` must be the commit in which it was found.
    pub fn apply(&self, source: &Snapshot, insert: &mut Insert<'_>) -> Result<()> {
        let (name, is_row) = (self.to.name(), self.to.row().is_some());
        if self.from.rows_table().is_some() {
            insert(name, "", NewValue::Table)?;
        }
        for row in source.rows(&self.from) {
            let row = row?;
            insert(name, self.to.row().unwrap_or(row.id()), NewValue::Bytes(row.value()))?;
        }
        // A row has no time of its own: the metadata of the other set stays as it is.
        let Some(pairs) = source.stored_meta(&self.from)?.filter(|_| !is_row) else { return Ok(()) };
        let meta = meta_table(name);
        insert(&meta, "", NewValue::Table)?;
        pairs.iter().try_for_each(|(key, value)| insert(&meta, key, NewValue::Bytes(value)))
    }
}

fn remove_whole(set: &Set, removals: &mut Removals) {
    for table in set.tables() {
        removals.insert(table.name().to_owned(), Removal::Table);
    }
}

/// The key that somebody has typed for a set or a row. A row can go to an existing set, or to a new set with the name
/// of its own.
fn new_key(from: &Set, to: &str, tables: &Tables<'_>) -> Result<SetKey> {
    let unlike =
        || Error::from(SetError::NotAlike { from: from.shown(), to: to.to_owned(), is_row: from.row().is_some() });
    match (Snapshot::resolve(&tables.sets, to), from.row()) {
        (Some((set, None)), None) => Ok(set.key()),
        (None, None) => tables.expect_free(Tables::name_of_new(to)).map(|name| SetKey::new(&name, None)),
        (Some((set, Some(row))), Some(_)) => Ok(SetKey::new(set.name(), Some(row))),
        (None, Some(_)) => {
            let row = [from.name(), &*SetKey::new(from.name(), None).shown()]
                .iter()
                .find_map(|name| to.strip_prefix(*name)?.strip_prefix('/').map(str::to_owned));
            let name = tables.expect_free(from.name().to_owned())?;
            row.map(|row| SetKey::new(&name, Some(&row))).ok_or_else(unlike)
        }
        _ => Err(unlike()),
    }
}
