//! The entries in a scope and their rows, in both layouts.

use super::scope::{Matched, Scope, selected};
use super::sets::readable_sets;
use super::unread::Unread;
use super::{past_damage, unless_moved};
use crate::error::Error;
use crate::snapshot::{Entry, Row, Snapshot};
use std::sync::Arc;

/// Calls `visit` with every entry in the scope, once: those of vantage-live in the order of the selections and of the
/// cache, and then the sets of diorama. Returns what the selections matched, and the damaged pages that were passed by.
pub fn each_entry<E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    mut visit: impl FnMut(Entry) -> Result<(), E>,
) -> Result<(Matched, Vec<Error>), E> {
    let mut damage = Vec::new();
    let mut matched = selected(snapshot, scope, |entry| {
        let entry = past_damage(unless_moved(entry, snapshot), &mut damage)?;
        entry.map_or(Ok(()), |entry| visit(Entry::Live(entry)))
    })?;
    for set in readable_sets(snapshot, scope, &mut matched, &mut damage)? {
        visit(Entry::Set(Arc::new(set)))?;
    }
    Ok((matched, damage))
}

/// Calls `visit` with each row of an entry, in order; what cannot be read is skipped and added to `unread`.
pub fn each_row<E: From<Error>>(
    snapshot: &Snapshot,
    entry: &Entry,
    unread: &mut Unread,
    mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    entry.rows(snapshot, &mut |row| match row {
        Ok(row) => visit(row),
        Err(fault) => Ok(unread.add(snapshot, || entry.key().shown(), fault)?),
    })
}
