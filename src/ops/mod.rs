//! Operations on a whole cache: values in, values out.

use crate::error::{Error, Result};
use crate::snapshot::{Entry, Snapshot};

pub(crate) mod ages;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod dump;
pub(crate) mod invalidate;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod near;
pub(crate) mod salvage;
pub(crate) mod scope;
pub(crate) mod sets;
pub(crate) mod touch;

pub use ages::{Age, Ages, ages};
pub use check::{Check, Finding, Findings, check, check_deep};
pub use diff::{Change, DiffOptions, Difference, EntryDiff, FieldDiff, RowDiff, Side, diff};
pub use dump::{DumpFormat, DumpStyle, Dumped, dump, dump_entry, dump_tree};
pub use invalidate::{Plan, Removed};
pub use list::{CacheKeySummary, List, Unreadable, list};
pub use load::{LoadPlan, Replace, load};
pub use near::{Near, near};
pub use salvage::{Salvaged, salvage};
pub use scope::{FetchedWithin, Matched, Scope, each_entry};
pub use sets::Layout;
pub use touch::{TouchPlan, Touched};

/// The entry, or `None` if it is damage, which is kept: the entries after it can still be read.
fn past_damage<T>(entry: Result<T>, damage: &mut Vec<Error>) -> Result<Option<T>> {
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
