//! The entries in a scope and their rows, in both layouts.

use super::scope::{Matched, Scope, selected};
use super::selected_sets::readable_sets;
use super::unread::Unread;
use super::{past_damage, unless_moved};
use crate::error::Error;
use crate::snapshot::{Entry, Row, Snapshot};
use std::sync::Arc;

/// The result of a walk over entries.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Walked {
    /// What could not be read and was skipped, and what the visitor has added.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

/// Calls `visit` with every entry in the scope, once, and with what could not be read so far. The entries of
/// vantage-live come first, in the order of the selections and of the cache, then the sets of diorama.
///
/// # Errors
/// The cache cannot be read, and those of `visit`. Damage is part of the result.
pub fn each_entry<E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    mut visit: impl FnMut(Entry, &mut Unread) -> Result<(), E>,
) -> Result<Walked, E> {
    let mut unread = Unread::default();
    let mut matched = selected(snapshot, scope, |entry| {
        let entry = past_damage(unless_moved(entry, snapshot), &mut unread.damage)?;
        entry.map_or(Ok(()), |entry| visit(Entry::Live(entry), &mut unread))
    })?;
    for set in readable_sets(snapshot, scope, &mut matched, &mut unread.damage)? {
        unread.add_malformed(&set);
        visit(Entry::Set(Arc::new(set)), &mut unread)?;
    }
    Ok(Walked { unread, matched })
}

/// Calls `visit` with each row of an entry, in order; what cannot be read is skipped and added to `unread`.
///
/// # Errors
/// The cache cannot be read, and those of `visit`.
pub fn each_row<E: From<Error>>(
    snapshot: &Snapshot,
    entry: &Entry,
    unread: &mut Unread,
    mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    entry.rows(snapshot, &mut |row| match row {
        Ok(row) => visit(row),
        Err(fault) => Ok(unread.add(snapshot, || entry.key().entry_shown(), fault)?),
    })
}
