//! A changed entry: its new value, and whether it has, or had, a row that matches a filter.

use anyhow::Result;
use vlive::ops::{RowFilter, Scope};
use vlive::snapshot::{Entry, EntryChange, EntryKey, LiveEntry, Remembered, RowChanges, SeenCommit, SetKey};

/// The changed entry of vantage-live in the new commit; `None` if it is gone, or if a set has changed.
pub fn new_entry(commit: &SeenCommit, change: &EntryChange) -> vlive::Result<Option<LiveEntry>> {
    let EntryKey::Live(key) = &change.key else { return Ok(None) };
    let now = change.new.as_ref().map(|_| commit.snapshot.entry(key));
    Ok(now.transpose()?.flatten())
}

/// Whether an entry has, or had, a row that matches.
pub fn has_match(filter: &RowFilter, commit: &SeenCommit, change: &EntryChange) -> Result<bool> {
    if let (EntryKey::Set(key), Some(changes)) = (&change.key, &change.rows) {
        return set_has_match(filter, key, changes, commit, change);
    }
    if let Some(old) = change.old.as_ref().and_then(|old| old.value.as_ref())
        && filter.takes_any(&change.key, old)?
    {
        return Ok(true);
    }
    let Some(entry) = new_entry(commit, change)? else { return Ok(false) };
    Ok(filter.takes_any(&change.key, entry.value())?)
}

/// Whether a set has, or had, a row that matches: among the changed rows, or among all rows of a new set.
fn set_has_match(
    filter: &RowFilter,
    key: &SetKey,
    changes: &RowChanges,
    commit: &SeenCommit,
    change: &EntryChange,
) -> Result<bool> {
    let fetched_at = |side: &Option<Remembered>| side.as_ref().and_then(Remembered::fetched_at);
    let (was, now) = (fetched_at(&change.old), fetched_at(&change.new));
    for row in &changes.values {
        for (fetched_at, value) in [(was, &row.old), (now, &row.new)] {
            let Some(value) = value else { continue };
            if filter.takes_row(&change.key, fetched_at, &row.id, value)? {
                return Ok(true);
            }
        }
    }
    if !changes.values.is_empty() || change.new.is_none() {
        return Ok(false);
    }
    let Some(set) = commit.snapshot.set(key)? else { return Ok(false) };
    let scope = Scope::all().keeping(filter.clone());
    Ok(scope.reduce(&commit.snapshot, Entry::Set(set.into()))?.is_some())
}
