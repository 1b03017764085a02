//! A table of any type, copied byte for byte.

use crate::database::rebuild::NewTable;
use crate::database::redb_error;
use crate::error::{Action, Error, Result};
use crate::file;
use crate::snapshot::{Snapshot, Table};
use redb::WriteTransaction;
use std::path::Path;

/// Copies a table of a commit to a new file. Errors call that file `path`.
///
/// # Errors
/// [`Error::UnknownType`] for a table whose type cannot be declared to redb; nothing of it is written.
pub(crate) fn copy_table(
    path: &Path,
    snapshot: &Snapshot,
    table: &Table,
    transaction: &WriteTransaction,
) -> Result<()> {
    let failed = |error: redb::StorageError| redb_error(Action::WriteBeside, path, error);
    let damaged = |error| snapshot.error(error, Some(table.name()));
    let definition = table.definition();
    let new = NewTable::create(transaction, table.name(), definition)
        .map_err(|error| redb_error(Action::WriteBeside, path, error))?;
    let unknown =
        || Error::UnknownType { path: path.to_owned(), table: table.name().to_owned(), is: table.kind().to_string() };
    let mut entries = definition.tree(snapshot.file()).entries();
    match new.ok_or_else(unknown)? {
        NewTable::Packed(mut new) => {
            entries.try_for_each(|entry| new.push(entry.map_err(damaged)?).map_err(failed))?;
            new.finish().map_err(failed)
        }
        NewTable::Plain(mut new) => entries.try_for_each(|entry| {
            let entry = entry.map_err(damaged)?;
            new.insert(entry.key(), entry.value()).map(drop).map_err(failed)
        }),
        NewTable::Multimap(mut new) => entries.try_for_each(|entry| {
            let entry = entry.map_err(damaged)?;
            let mut refused = None;
            let visited = definition.values(snapshot.file(), entry.value(), |value| {
                new.insert(entry.key(), value).map(drop).map_err(|error| {
                    refused = Some(error);
                    file::Error::stopped()
                })
            });
            refused.map_or(Ok(()), |error| Err(failed(error)))?;
            visited.map_err(damaged)
        }),
    }
}
