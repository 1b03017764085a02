//! The report on the space that a cache takes.

use crate::ops::age_histogram::AgeHistogram;
use crate::ops::unread::Unread;
use crate::snapshot::{EntryKey, Layout, Set, Snapshot, Table};
use crate::system::holder::{self, Holder};
use std::fs;

/// A cache at a glance.
#[derive(Debug)]
#[non_exhaustive]
pub struct Stat {
    /// The length of the file in bytes.
    pub file_len: u64,
    /// Bytes that the disk has allocated for it, fewer if the file has holes; `None` if the system does not say.
    pub disk: Option<u64>,
    /// The version of redb's file format: 2 or 3.
    pub format: u8,
    /// The transaction id of the commit.
    pub commit: u64,
    /// Whether the last app closed the cache; false while an app has it open, and after a crash.
    pub closed_cleanly: bool,
    /// The processes that have the cache open; `None` if the system does not say.
    pub holders: Option<Vec<Holder>>,
    /// All tables, in the order of their names.
    pub tables: Vec<TableStat>,
    /// What the tables hold; `None` if no entry was read.
    pub contents: Option<Contents>,
    /// Entries whose head cannot be read, and damaged pages. What these held is not counted.
    pub unread: Unread,
}

/// A table and its contents. The two tables of a set of diorama count as one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableStat {
    /// Its name in the file.
    pub name: String,
    /// The cache key whose entries it holds, or the name of a set; `None` for a table that is neither.
    pub cache_key: Option<String>,
    /// The name of a set as people read it; `None` for any other table.
    pub shown: Option<String>,
    /// The framework whose layout it has.
    pub layout: Layout,
    /// The number of its entries as the file records it; for a multimap, of its pairs. A set counts as one.
    pub entries: u64,
    /// Its pages; `None` if no entry was read.
    pub tree: Option<Tree>,
    /// Its entries; `None` for a table that is neither a cache table nor of a set, and if no entry was read.
    pub contents: Option<TableContents>,
}

/// The pages of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tree {
    /// The number of pages that hold entries.
    pub leaves: u64,
    /// The number of pages that point to other pages.
    pub branches: u64,
    /// The number of pages from the root to its deepest leaf, both included; 0 if it is empty.
    pub depth: u64,
    /// Total bytes of these pages.
    pub bytes: u64,
}

/// The entries of a cache key. Of a set, the keys are row ids and the values are rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableContents {
    /// The number of rows, as the heads of the entries announce it.
    pub rows: u64,
    /// Bytes of all sub-keys.
    pub keys: u64,
    /// Bytes of all values.
    pub values: u64,
    /// Bytes of the smallest, the median and the largest value; `None` if there is none. The median of an even number
    /// of values is the lower of the two in the middle.
    pub sizes: Option<[u64; 3]>,
    /// The number of entries whose head cannot be read.
    pub unreadable: u64,
}

/// What all tables hold.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contents {
    /// What the bytes of the file are used for.
    pub space: Space,
    /// The ten largest entries and the bytes of their values, the largest first. A set counts as one entry.
    pub largest: Vec<(EntryKey, u64)>,
    /// The ages of the entries.
    pub ages: AgeHistogram,
}

/// What the bytes of a file are used for. All fields but `compacted` add up to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Space {
    /// Values of entries and of rows of sets.
    pub values: u64,
    /// Sub-keys and row ids.
    pub keys: u64,
    /// What else is on the pages of cache tables and sets: offsets, branches, unused space, and the metadata of sets.
    pub overhead: u64,
    /// Tables that are neither cache tables nor of sets of diorama.
    pub other_tables: u64,
    /// redb's own records: the names of tables, and which pages are in use.
    pub redb: u64,
    /// Pages that are not part of the commit.
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
            contents: None,
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
            contents: None,
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn allocated(file: &fs::Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(file.blocks() * 512)
}

#[cfg(not(unix))]
fn allocated(_: &fs::Metadata) -> Option<u64> {
    None
}
