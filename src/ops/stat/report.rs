//! What is known of the space that a cache takes.

use crate::ops::age_histogram::AgeHistogram;
use crate::ops::unread::Unread;
use crate::snapshot::{EntryKey, Layout, Set, Snapshot, Table};
use crate::system::holder::{self, Holder};
use std::fs;

/// A cache at a glance.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stat {
    /// Bytes of the file.
    pub file_len: u64,
    /// Bytes that the disk has allocated for it, fewer where the file has holes; `None` where the system does
    /// not say.
    pub disk: Option<u64>,
    /// The version of redb's file format: 2 or 3.
    pub format: u8,
    /// The transaction id of the commit.
    pub commit: u64,
    /// Whether the last app closed the cache; false while an app has it open, and after a crash.
    pub closed_cleanly: bool,
    /// Who has the cache open; `None` where the system does not say.
    pub holders: Option<Vec<Holder>>,
    /// All tables, in the order of their names.
    pub tables: Vec<TableStat>,
    /// What was found in the tables; `None` if no entry was looked at.
    pub contents: Option<Contents>,
    /// Entries whose head cannot be read, and damaged pages: what they held is not told.
    pub unread: Unread,
}

/// A table and its contents; the two tables of a diorama set count as one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableStat {
    /// Its name in the file.
    pub name: String,
    /// The cache key whose entries it holds, of a set its name; `None` for a table that is neither.
    pub cache_key: Option<String>,
    /// The key as people read it, where that is another text.
    pub shown: Option<String>,
    /// Who wrote it.
    pub layout: Layout,
    /// The number of its entries as the file counts them; of a multimap the pairs. A set is one.
    pub entries: u64,
    /// Pages that it takes, and pages on the way to its deepest entry; `None` if no entry was looked at.
    pub tree: Option<Tree>,
    /// Its entries; `None` for a table that is neither a cache table nor of a set, and if no entry was looked at.
    pub held: Option<Held>,
}

/// The pages of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tree {
    /// Pages that hold entries.
    pub leaves: u64,
    /// Pages that lead to others.
    pub branches: u64,
    /// Pages on the way to its deepest entry, both ends included; 0 if it is empty.
    pub depth: u64,
    /// Total bytes of these pages.
    pub bytes: u64,
}

/// The entries of a cache key. Of a set the keys are the ids of its rows, and the values are its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// Rows, as the heads of the entries announce them.
    pub rows: u64,
    /// Bytes of the sub-keys.
    pub keys: u64,
    /// Bytes of the values.
    pub values: u64,
    /// Bytes of the smallest, the median and the largest value; `None` if there is none. The median of an even
    /// number is the lower one of the two in the middle.
    pub sizes: Option<[u64; 3]>,
    /// Entries whose head cannot be read.
    pub unreadable: u64,
}

/// What was found in the tables.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contents {
    /// What the bytes of the file are for.
    pub space: Space,
    /// The largest entries, sets as a whole, and the bytes of their values, the largest first; ten at most.
    pub largest: Vec<(EntryKey, u64)>,
    /// When the entries were fetched.
    pub ages: AgeHistogram,
}

/// What the bytes of a file are for. But for `compacted` they add up to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Space {
    /// Values of entries, and rows of sets.
    pub values: u64,
    /// Their sub-keys and ids.
    pub keys: u64,
    /// What the pages of cache tables hold besides: offsets, branches, and room that is not used; and what diorama
    /// remembers of sets.
    pub overhead: u64,
    /// Tables that are neither cache tables nor of sets of diorama.
    pub other_tables: u64,
    /// redb's own records: the names of tables, and which pages are in use.
    pub redb: u64,
    /// Pages that nothing in the commit leads to.
    pub free: u64,
    /// The length that the file would have after [`compact`](crate::ops::compact()).
    pub compacted: u64,
}

impl Stat {
    pub(super) fn of_file(snapshot: &Snapshot) -> Stat {
        let metadata = fs::metadata(snapshot.path()).ok();
        Stat {
            file_len: snapshot.file_len(),
            disk: metadata.as_ref().and_then(allocated),
            format: snapshot.slot().version,
            commit: snapshot.slot().transaction_id,
            closed_cleanly: !snapshot.file().header().recovery_required,
            holders: metadata.as_ref().and_then(holder::of),
            tables: Vec::new(),
            contents: None,
            unread: Unread::default(),
        }
    }
}

impl TableStat {
    pub(super) fn new(table: &Table) -> TableStat {
        TableStat {
            name: table.name().to_owned(),
            cache_key: table.cache_key().map(str::to_owned),
            shown: None,
            layout: Layout::Live,
            entries: table.entries(),
            tree: None,
            held: None,
        }
    }

    pub(super) fn of_set(set: &Set) -> TableStat {
        TableStat {
            name: set.name().to_owned(),
            cache_key: Some(set.name().to_owned()),
            shown: Some(set.shown()),
            layout: Layout::Diorama,
            entries: 1,
            tree: None,
            held: None,
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not say")]
fn allocated(file: &fs::Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(file.blocks() * 512)
}

#[cfg(not(unix))]
fn allocated(_: &fs::Metadata) -> Option<u64> {
    None
}
