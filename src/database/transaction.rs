//! One transaction of redb: removals and insertions, all of them or none.

use super::redb_error;
use crate::error::{Action, Result};
use crate::system::caught::NotInPanic;
use crate::system::progress::{self, Progress};
use redb::{Database, StorageError, Table, TableDefinition, WriteTransaction};
use std::collections::BTreeMap;
use std::path::Path;

/// The removals from one table.
#[derive(Clone, Debug)]
pub(crate) enum Removal {
    Table,
    SubKeys(Vec<String>),
}

/// All removals, by the name of the table.
pub(crate) type Removals = BTreeMap<String, Removal>;

/// Writes a value to a table, given the table's name and the sub-key.
pub(crate) type Insert<'i> = dyn FnMut(&str, &str, NewValue<'_>) -> Result<()> + 'i;

/// A value that is to be written.
pub(crate) enum NewValue<'v> {
    /// No value: the table is created if it is missing.
    Table,
    Bytes(&'v [u8]),
    /// A value of this many bytes, read directly into redb's buffer, so that it is in memory only once.
    Read(u32, &'v mut dyn FnMut(&mut [u8]) -> Result<()>),
}

/// The last entry that was written: its table, sub-key and length.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub table: String,
    pub sub_key: String,
    pub len: u64,
}

/// Makes the removals and writes everything that `fill` inserts; nothing if that fails.
pub(super) fn run(
    database: &Database,
    path: &Path,
    removals: &Removals,
    fill: impl FnOnce(&mut Insert<'_>) -> Result<()>,
) -> Result<Option<Written>> {
    let failed = |error: redb::Error| redb_error(Action::Write, path, error);
    // What a panic leaves behind must not be dropped, since redb's destructors may panic as well.
    let transaction = NotInPanic::new(database.begin_write().map_err(|error| failed(error.into()))?);
    remove(&transaction, removals).map_err(failed)?;
    let mut writer =
        Writer { path, transaction: &transaction, open: None, written: None, progress: progress::current() };
    fill(&mut |name, sub_key, value| writer.insert(name, sub_key, value))?;
    let written = writer.finish();
    transaction.into_inner().commit().map_err(|error| failed(error.into()))?;
    Ok(written)
}

type EntryTable<'t> = Table<'t, &'static str, &'static [u8]>;

struct Writer<'t> {
    path: &'t Path,
    transaction: &'t WriteTransaction,
    open: Option<(String, NotInPanic<EntryTable<'t>>)>,
    written: Option<Written>,
    progress: Progress,
}

impl Writer<'_> {
    fn insert(&mut self, name: &str, sub_key: &str, value: NewValue<'_>) -> Result<()> {
        let failed = |error: StorageError| redb_error(Action::Write, self.path, error);
        if self.open.as_ref().is_none_or(|(open, _)| open != name) {
            self.open = None;
            let table = self.transaction.open_table(definition(name));
            let table = table.map_err(|error| redb_error(Action::Write, self.path, error))?;
            self.open = Some((name.to_owned(), NotInPanic::new(table)));
        }
        let (_, table) = self.open.as_mut().expect("just opened");
        let len = match value {
            NewValue::Table => return Ok(()),
            NewValue::Bytes(value) => {
                table.insert(sub_key, value).map_err(failed)?;
                value.len() as u64
            }
            NewValue::Read(len, read) => {
                // Otherwise redb keeps the page of the old value in memory while it makes the new one.
                drop(table.remove(sub_key).map_err(failed)?);
                let mut room = NotInPanic::new(table.insert_reserve(sub_key, len).map_err(failed)?);
                read((*room).as_mut())?;
                len.into()
            }
        };
        self.progress.add(usize::try_from(len).unwrap_or(usize::MAX));
        self.written = Some(Written { table: name.to_owned(), sub_key: sub_key.to_owned(), len });
        Ok(())
    }

    fn finish(self) -> Option<Written> {
        self.written
    }
}

fn remove(transaction: &WriteTransaction, removals: &Removals) -> Result<(), redb::Error> {
    for (name, removal) in removals {
        match removal {
            Removal::Table => {
                transaction.delete_table(definition(name))?;
            }
            Removal::SubKeys(sub_keys) => {
                let mut table = NotInPanic::new(transaction.open_table(definition(name))?);
                for sub_key in sub_keys {
                    table.remove(sub_key.as_str())?;
                }
            }
        }
    }
    Ok(())
}

fn definition(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}
