//! Operations on a whole cache: values in, values out.

use crate::error::{Error, Result};
use crate::live::key::Selection;
use crate::snapshot::{Entry, Snapshot};

pub(crate) mod ages;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod dump;
pub(crate) mod invalidate;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod put;
pub(crate) mod salvage;
pub(crate) mod touch;

pub use ages::{Age, Ages, ages};
pub use check::{Check, Finding, Findings, check, check_deep};
pub use diff::{Change, DiffOptions, Difference, EntryDiff, FieldDiff, RowDiff, Side, diff};
pub use dump::{DumpFormat, DumpStyle, Dumped, dump, dump_entry, dump_tree};
pub use invalidate::{Plan, Removed};
pub use list::{CacheKeySummary, List, Unreadable, list};
pub use load::{LoadPlan, Replace, load};
pub use salvage::{Salvaged, salvage};
pub use touch::{TouchPlan, Touched};

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
