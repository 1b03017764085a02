//! Operations on a whole cache, one per file: values in, values out.
//!
//! This wing knows what an operation finds, plans and reports. It prints nothing, and it must not know the
//! arguments of a command line or the wording of a result. Removals and replacements are planned first.

use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

pub(crate) mod age_histogram;
pub(crate) mod ages;
pub(crate) mod assert;
pub(crate) mod changed_key;
pub(crate) mod check;
pub(crate) mod compact;
mod copy_table;
pub(crate) mod diff;
pub(crate) mod dump;
pub(crate) mod each_entry;
pub(crate) mod exact_key;
pub(crate) mod find;
pub(crate) mod find_caches;
pub(crate) mod findings;
pub(crate) mod invalidate;
pub(crate) mod keep;
pub(crate) mod list;
pub(crate) mod load;
pub(crate) mod near_keys;
mod parts;
pub(crate) mod put;
pub(crate) mod rewrite;
pub(crate) mod row_filter;
pub(crate) mod salvage;
pub(crate) mod scope;
pub(crate) mod selected_sets;
pub(crate) mod stat;
pub(crate) mod touch;
pub(crate) mod transfer;
pub(crate) mod unread;

pub use crate::database::IntegrityFault;
pub use age_histogram::{AGE_BOUNDS, AgeCount, AgeHistogram};
pub use ages::{Age, Ages, ages};
pub use assert::assert_same;
pub use changed_key::ChangedKey;
pub use check::{Check, CheckedSets, check, check_deep};
pub use compact::{Compacted, compact, compact_plan};
pub use diff::{
    Change, DiffLine, DiffOptions, Difference, EntryDiff, Escape, FieldDiff, MetaDiff, RowDiff, Side, diff, diff_in,
    diff_rows, diff_values,
};
pub use dump::{
    DumpError, DumpFormat, DumpStyle, Dumped, RowText, dump, dump_entry, dump_rows, dump_set, dump_tree,
    dump_tree_of_keys,
};
pub use each_entry::{Walked, each_entry, each_row};
pub use exact_key::ExactKeys;
pub use find::{FoundRow, Hit, Place, Query, Step, find, find_row};
pub use find_caches::{CacheKind, FoundCache, FoundCaches, caches_just_below, find_caches};
pub use findings::{Finding, FindingKind, FindingPlace, Findings};
pub use invalidate::{Plan, Removed};
pub use keep::Kept;
pub use list::{CacheKeySummary, List, list};
pub use load::{LoadPlan, Replace};
pub use near_keys::{Near, near};
pub use rewrite::{RewritePlan, Rewritten};
pub use row_filter::{FilterError, RowFilter};
pub use salvage::{Salvaged, salvage};
pub use scope::{FetchedWithin, Matched, Scope};
pub use selected_sets::{SetFacts, only_set, sets_in};
pub use stat::{Contents, Space, Stat, TableContents, TableStat, Tree, stat, stat_quick};
pub use touch::{TouchPlan, Touched};
pub use transfer::{Renaming, Transfer, TransferPlan, Transferred};
pub use unread::{MalformedNumber, RefusedRow, RefusedRows, Unread, Unreadable};

/// The entry, or `None` for damage, which is added to `damage`: the entries after it can still be read.
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

/// An entry of a snapshot that is read only once. If a page is missing because the app has committed, this is a race
/// and not damage.
fn unless_moved<T>(entry: Result<T>, snapshot: &Snapshot) -> Result<T> {
    match entry {
        Err(Error::Damaged { path, .. }) if snapshot.has_moved() => Err(Error::Unsteady { path }),
        entry => entry,
    }
}
