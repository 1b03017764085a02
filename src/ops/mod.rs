//! Operations on a whole cache: values in, values out.

use crate::{Entry, Error, Result, Selection, Snapshot};

pub(crate) mod ages;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod dump;
pub(crate) mod invalidate;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod salvage;
pub(crate) mod touch;

/// Calls `visit` with every entry that is selected, once, and with every page that cannot be read, in the
/// order of the selections and of the cache. Returns the places of the selections that select nothing.
fn selected<E: From<Error>>(
    snapshot: &Snapshot,
    selections: &[Selection],
    mut visit: impl FnMut(Result<Entry>) -> Result<(), E>,
) -> Result<Vec<usize>, E> {
    let mut unmatched = Vec::new();
    for (n, selection) in selections.iter().enumerate() {
        let is_again =
            |entry: &Entry| selections[..n].iter().any(|earlier| earlier.takes(entry.cache_key(), entry.sub_key()));
        let mut matched = false;
        for entry in snapshot.entries(selection)? {
            matched = true;
            if !entry.as_ref().is_ok_and(is_again) {
                visit(entry)?;
            }
        }
        if !matched {
            unmatched.push(n);
        }
    }
    Ok(unmatched)
}

/// The entry, or `None` if it is damage, which is kept: the entries after it can still be read.
fn past_damage(entry: Result<Entry>, damage: &mut Vec<Error>) -> Result<Option<Entry>> {
    match entry {
        Ok(entry) => Ok(Some(entry)),
        Err(error @ Error::Damaged { .. }) => {
            damage.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The entry of a snapshot that is read but once: what is missing because the app moved on is no damage.
fn unless_moved(entry: Result<Entry>, snapshot: &Snapshot) -> Result<Entry> {
    match entry {
        Err(Error::Damaged { path, .. }) if snapshot.has_moved() => Err(Error::Unsteady { path }),
        entry => entry,
    }
}
