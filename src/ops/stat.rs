//! The space that a cache takes, what takes it, and how old its entries are.

use crate::database::rebuild;
use crate::error::{Error, Result};
use crate::file::{Damage, PAGE_SIZE, Packing, Page, Survey, Widths};
use crate::live::head::EnvelopeHead;
use crate::live::key::Key;
use crate::ops::list::Unreadable;
use crate::snapshot::{Snapshot, Table};
use crate::system::holder::{self, Holder};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs;
use std::str;
use std::sync::Arc;

/// How many of the largest entries are named.
const LARGEST: usize = 10;

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
    /// Whether the last app closed the cache; not so while one has it open, and after a crash.
    pub closed_cleanly: bool,
    /// Who has the cache open; `None` where the system does not say.
    pub holders: Option<Vec<Holder>>,
    /// All tables, in the order of their names.
    pub tables: Vec<TableStat>,
    /// What was found in the tables; `None` if no entry was looked at.
    pub contents: Option<Contents>,
}

/// A table, and what it holds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableStat {
    /// Its name in the file.
    pub name: String,
    /// The cache key whose entries it holds; `None` for a table that is not a cache table.
    pub cache_key: Option<String>,
    /// The number of its entries as the file counts them; of a multimap the pairs.
    pub entries: u64,
    /// Pages that it takes, and pages on the way to its deepest entry; `None` if no entry was looked at.
    pub tree: Option<Tree>,
    /// Its entries; `None` for a table that is not a cache table, and if no entry was looked at.
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
    /// Bytes of all these pages.
    pub bytes: u64,
}

/// The entries of a cache key.
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
    /// The largest entries and the bytes of their values, the largest first; ten at most.
    pub largest: Vec<(Key, u64)>,
    /// When the entries were fetched.
    pub ages: AgeHistogram,
    /// Entries whose head cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// What the bytes of a file are for. But for `compacted` they add up to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Space {
    /// Values of entries.
    pub values: u64,
    /// Their sub-keys.
    pub keys: u64,
    /// What the pages of cache tables hold besides: offsets, branches, and room that is not used.
    pub overhead: u64,
    /// Tables that are not cache tables.
    pub other_tables: u64,
    /// What redb keeps for itself: the names of tables, and which pages are in use.
    pub redb: u64,
    /// Pages that nothing in the commit leads to.
    pub free: u64,
    /// The length that the file would have after [`compact`](crate::ops::compact()).
    pub compacted: u64,
}

/// Entries by their age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeHistogram {
    now: u64,
    /// Those from the future, then one for each bound, then those beyond the last.
    counts: [AgeCount; AGE_BOUNDS.len() + 2],
}

/// Entries of similar age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgeCount {
    /// How many there are.
    pub entries: u64,
    /// Bytes of their values.
    pub bytes: u64,
}

/// Upper bounds of ages in seconds, each not included: a minute, ten, an hour, six, a day, a week, a month of 30
/// days, a year of 365.
pub const AGE_BOUNDS: [u64; 8] = [60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];

impl AgeHistogram {
    /// Without entries. `now` is in seconds since 1970.
    #[must_use]
    pub fn new(now: u64) -> AgeHistogram {
        AgeHistogram { now, counts: [AgeCount::default(); AGE_BOUNDS.len() + 2] }
    }

    /// Adds an entry that was fetched at this time, in seconds since 1970.
    pub fn add(&mut self, fetched_at: u64, bytes: u64) {
        let bucket = match self.now.checked_sub(fetched_at) {
            None => 0,
            Some(age) => 1 + AGE_BOUNDS.partition_point(|bound| *bound <= age),
        };
        self.counts[bucket].entries += 1;
        self.counts[bucket].bytes += bytes;
    }

    /// Entries from the future.
    #[must_use]
    pub fn future(&self) -> AgeCount {
        self.counts[0]
    }

    /// Those that are younger than each of [`AGE_BOUNDS`] and not than the one before, and at the end those
    /// that are older than all.
    #[must_use]
    pub fn past(&self) -> &[AgeCount] {
        &self.counts[1..]
    }
}

/// Tells what the cache takes without a look at an entry: what it holds is not told.
pub fn stat_quick(snapshot: &Snapshot) -> Result<Stat> {
    let tables = snapshot.tables()?.iter().map(TableStat::new).collect();
    Ok(Stat { tables, ..Stat::of_file(snapshot) })
}

/// Tells what the cache takes and holds, and which pages are damaged: what they held is not told. `now`, in
/// seconds since 1970, is what ages are measured by. Every page is read, but no row decoded.
pub fn stat(snapshot: &Snapshot, now: u64) -> Result<(Stat, Vec<Error>)> {
    let mut damage = Vec::new();
    let mut survey = Survey::new(snapshot.file());
    let slot = snapshot.slot();
    let in_context = |error| snapshot.error(error, None);
    let mut shared = |what: Damage| damage.push(snapshot.error(what.into(), None));
    survey.own(slot, &mut shared).map_err(in_context)?;
    let definitions = survey.definitions(slot.user, &mut shared).map_err(in_context)?;
    let mut look = Look {
        snapshot,
        survey,
        needs: Needs::default(),
        space: Space::default(),
        largest: BinaryHeap::new(),
        ages: AgeHistogram::new(now),
        unreadable: Vec::new(),
        damage,
    };
    let mut tables = Vec::with_capacity(definitions.len());
    for (name, definition) in definitions {
        let table = Table::new(name, definition);
        tables.push(match table.cache_key() {
            Some(cache_key) => look.cache_table(&table, cache_key)?,
            None => look.other_table(&table)?,
        });
    }
    let (contents, damage) = look.finish();
    Ok((Stat { tables, contents: Some(contents), ..Stat::of_file(snapshot) }, damage))
}

impl Stat {
    fn of_file(snapshot: &Snapshot) -> Stat {
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
        }
    }
}

impl TableStat {
    fn new(table: &Table) -> TableStat {
        TableStat {
            name: table.name().to_owned(),
            cache_key: table.cache_key().map(str::to_owned),
            entries: table.entries(),
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

struct Look<'s> {
    snapshot: &'s Snapshot,
    survey: Survey<'s>,
    needs: Needs,
    space: Space,
    largest: BinaryHeap<Reverse<(u64, Key)>>,
    ages: AgeHistogram,
    unreadable: Vec<Unreadable>,
    damage: Vec<Error>,
}

impl Look<'_> {
    fn cache_table(&mut self, table: &Table, cache_key: &str) -> Result<TableStat> {
        let cache_key: Arc<str> = cache_key.into();
        let mut held = Held::default();
        let mut sizes: Vec<u32> = Vec::new();
        let mut packing = Packing::default();
        let mut keys_not_text = 0;
        let mut leaf = |page: &Arc<Page>| {
            for n in 0..page.count() {
                let (sub_key, value) = (page.key(n), page.value(n));
                let bytes = value.len() as u64;
                packing.push(sub_key.len(), value.len());
                held.keys += sub_key.len() as u64;
                held.values += bytes;
                // redb takes no value of 4 GiB.
                sizes.push(u32::try_from(value.len()).unwrap_or(u32::MAX));
                let Ok(sub_key) = str::from_utf8(sub_key) else {
                    keys_not_text += 1;
                    continue;
                };
                let key = || Key::from_parts(Arc::clone(&cache_key), sub_key);
                if self.largest.len() < LARGEST || self.largest.peek().is_some_and(|least| least.0.0 < bytes) {
                    self.largest.push(Reverse((bytes, key())));
                    if self.largest.len() > LARGEST {
                        self.largest.pop();
                    }
                }
                match EnvelopeHead::decode(value) {
                    Ok(envelope) => {
                        held.rows += envelope.rows;
                        self.ages.add(envelope.fetched_at, bytes);
                    }
                    Err(error) => {
                        held.unreadable += 1;
                        self.unreadable.push(Unreadable { key: key(), error });
                    }
                }
            }
            Ok(())
        };
        let before = Counted::of(&self.survey);
        let mut damage = |what: Damage| self.damage.push(self.snapshot.error(what.into(), Some(table.name())));
        let walked = self.survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut damage);
        walked.map_err(|error| self.snapshot.error(error, Some(table.name())))?;
        let damaged = |error| self.snapshot.error(error, Some(table.name()));
        if keys_not_text > 0 {
            self.damage.push(damaged(table.definition().key_is_no_text()));
        } else if sizes.len() as u64 != table.entries() {
            self.damage.push(damaged(table.definition().miscounted()));
        }
        let tree = before.until(&self.survey);
        held.sizes = spread(&mut sizes);
        self.needs.packed(table, packing);
        self.space.values += held.values;
        self.space.keys += held.keys;
        self.space.overhead += tree.bytes.saturating_sub(held.values + held.keys);
        Ok(TableStat { tree: Some(tree), held: Some(held), ..TableStat::new(table) })
    }

    fn other_table(&mut self, table: &Table) -> Result<TableStat> {
        let before = Counted::of(&self.survey);
        let mut packing = rebuild::is_packed(table.definition()).then(Packing::default);
        let mut damage = |what: Damage| self.damage.push(self.snapshot.error(what.into(), Some(table.name())));
        let walked = match &mut packing {
            None => self.survey.table(table.definition(), &mut damage),
            Some(packing) => {
                let mut leaf = |page: &Arc<Page>| {
                    for n in 0..page.count() {
                        packing.push(page.key(n).len(), page.value(n).len());
                    }
                    Ok(())
                };
                self.survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut damage)
            }
        };
        walked.map_err(|error| self.snapshot.error(error, Some(table.name())))?;
        let tree = before.until(&self.survey);
        match packing {
            Some(packing) => self.needs.packed(table, packing),
            None => self.needs.other(table, tree.bytes),
        }
        self.space.other_tables += tree.bytes;
        Ok(TableStat { tree: Some(tree), ..TableStat::new(table) })
    }

    fn finish(mut self) -> (Contents, Vec<Error>) {
        let file = self.snapshot.file();
        let layout = file.header().layout_len(file.len());
        // What the definitions of tables take was counted after what redb keeps for itself.
        let Space { values, keys, overhead, other_tables, .. } = self.space;
        let tables = values + keys + overhead + other_tables;
        self.space.redb = layout + self.survey.allocated.saturating_sub(tables);
        self.space.free = file.len().saturating_sub(layout + self.survey.allocated);
        self.space.compacted = self.needs.file_len();
        let mut largest: Vec<(Key, u64)> = self.largest.into_iter().map(|Reverse((bytes, key))| (key, bytes)).collect();
        largest.sort_by(|(left_key, left), (right_key, right)| (right, left_key).cmp(&(left, right_key)));
        let contents = Contents { space: self.space, largest, ages: self.ages, unreadable: self.unreadable };
        (contents, self.damage)
    }
}

/// The smallest, the median and the largest.
fn spread(sizes: &mut [u32]) -> Option<[u64; 3]> {
    let middle = sizes.len().checked_sub(1)? / 2;
    let (lower, median, upper) = sizes.select_nth_unstable(middle);
    let smallest = lower.iter().min().unwrap_or(median);
    let largest = upper.iter().max().unwrap_or(median);
    Some([*smallest, *median, *largest].map(u64::from))
}

/// What a survey has counted before a table.
struct Counted {
    pages: u64,
    branches: u64,
    allocated: u64,
}

impl Counted {
    fn of(survey: &Survey<'_>) -> Counted {
        Counted { pages: survey.pages, branches: survey.branches, allocated: survey.allocated }
    }

    fn until(&self, survey: &Survey<'_>) -> Tree {
        let branches = survey.branches - self.branches;
        Tree {
            leaves: survey.pages - self.pages - branches,
            branches,
            depth: survey.depth as u64,
            bytes: survey.allocated - self.allocated,
        }
    }
}

/// The base pages that a compacted file takes.
#[derive(Default)]
struct Needs {
    pages: u64,
    scratch: u64,
    definitions: usize,
}

/// Bytes of the definition of a table, its name not included.
const DEFINITION: usize = 96;

impl Needs {
    fn packed(&mut self, table: &Table, packing: Packing) {
        self.scratch = self.scratch.max(packing.scratch());
        self.pages += packing.pages();
        self.definitions += DEFINITION + table.name().len();
    }

    /// A table whose leaves redb fills by itself: each is split in its middle when it is full.
    fn other(&mut self, table: &Table, bytes: u64) {
        let pages = bytes.div_ceil(PAGE_SIZE as u64);
        self.pages += if pages > 1 { 2 * pages + 2 } else { pages };
        self.definitions += DEFINITION + table.name().len();
    }

    fn file_len(&self) -> u64 {
        rebuild::file_len(self.pages + self.scratch + 2 * self.definitions.div_ceil(PAGE_SIZE) as u64 + 1)
    }
}
