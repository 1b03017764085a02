//! A walk over all tables that counts bytes and pages.

use super::needs::Needs;
use super::report::{Contents, Space, TableContents, TableStat, Tree};
use crate::database::rebuild;
use crate::error::{Error, Result};
use crate::file::{Damage, Definition, Packing, Page, Survey, Widths};
use crate::live::head::EnvelopeHead;
use crate::live::key::Key;
use crate::ops::age_histogram::AgeHistogram;
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{EntryKey, Set, Snapshot, Table};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str;
use std::sync::Arc;

/// How many of the largest entries to list.
const LARGEST: usize = 10;

pub(super) struct Look<'s> {
    snapshot: &'s Snapshot,
    survey: Survey<'s>,
    needs: Needs,
    space: Space,
    largest: Largest,
    ages: AgeHistogram,
    unread: Unread,
}

impl<'s> Look<'s> {
    /// Counts redb's own records, and returns the definitions of all tables too.
    pub fn new(snapshot: &'s Snapshot, now: u64) -> Result<(Look<'s>, Vec<(String, Definition)>)> {
        let mut unread = Unread::default();
        let mut survey = Survey::new(snapshot.file());
        let slot = snapshot.slot();
        let in_context = |error| snapshot.error(error, None);
        let mut shared = |what: Damage| unread.damage.push(snapshot.error(what.into(), None));
        survey.own(slot, &mut shared).map_err(in_context)?;
        let definitions = survey.definitions(slot.user, &mut shared).map_err(in_context)?;
        let look = Look {
            snapshot,
            survey,
            needs: Needs::default(),
            space: Space::default(),
            largest: Largest::default(),
            ages: AgeHistogram::new(now),
            unread,
        };
        Ok((look, definitions))
    }

    pub fn cache_table(&mut self, table: &Table, cache_key: &str) -> Result<TableStat> {
        let cache_key: Arc<str> = cache_key.into();
        let (mut rows, mut unreadable) = (0, Vec::new());
        let (largest, ages) = (&mut self.largest, &mut self.ages);
        let mut pair = |sub_key: &str, value: &[u8]| {
            let bytes = value.len() as u64;
            let key = || Key::from_parts(Arc::clone(&cache_key), sub_key);
            largest.add(bytes, || key().into());
            match EnvelopeHead::decode(value) {
                Ok(envelope) => {
                    rows += envelope.rows;
                    ages.add(envelope.fetched_at, bytes);
                }
                Err(error) => unreadable.push(Unreadable { key: key(), error }),
            }
        };
        let (tree, contents) =
            walk(self.snapshot, &mut self.survey, &mut self.needs, &mut self.unread.damage, table, &mut pair)?;
        let contents = TableContents { rows, unreadable: unreadable.len() as u64, ..contents };
        self.unread.unreadable.extend(unreadable);
        self.add_space(&tree, &contents);
        Ok(TableStat { tree: Some(tree), contents: Some(contents), ..TableStat::new(table) })
    }

    /// A set of diorama: its rows and its metadata.
    pub fn set(&mut self, set: &Set) -> Result<TableStat> {
        let (mut tree, mut contents) = (Tree::default(), TableContents::default());
        for table in set.tables() {
            let of_table =
                walk(self.snapshot, &mut self.survey, &mut self.needs, &mut self.unread.damage, table, &mut |_, _| {})?;
            let is_rows = table.name() == set.name();
            tree.leaves += of_table.0.leaves;
            tree.branches += of_table.0.branches;
            tree.bytes += of_table.0.bytes;
            if is_rows {
                tree.depth = of_table.0.depth;
                contents = TableContents { rows: set.rows(), ..of_table.1 };
            }
        }
        self.add_space(&tree, &contents);
        self.largest.add(contents.values, || set.key().into());
        if let Some(fetched_at) = set.fetched_at() {
            self.ages.add(fetched_at, contents.values);
        }
        Ok(TableStat { tree: Some(tree), contents: Some(contents), ..TableStat::of_set(set) })
    }

    fn add_space(&mut self, tree: &Tree, contents: &TableContents) {
        self.space.values += contents.values;
        self.space.keys += contents.keys;
        self.space.overhead += tree.bytes.saturating_sub(contents.values + contents.keys);
    }

    pub fn other_table(&mut self, table: &Table) -> Result<TableStat> {
        let before = Counted::of(&self.survey);
        let mut packing = rebuild::is_packed(table.definition()).then(Packing::default);
        let mut damage = |what: Damage| self.unread.damage.push(self.snapshot.error(what.into(), Some(table.name())));
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

    pub fn finish(mut self) -> (Contents, Unread) {
        let file = self.snapshot.file();
        let layout = file.header().layout_len(file.len());
        // All that the survey has counted besides tables is redb's: its own records, and the definitions of tables.
        let Space { values, keys, overhead, other_tables, .. } = self.space;
        let tables = values + keys + overhead + other_tables;
        self.space.redb = layout + self.survey.allocated.saturating_sub(tables);
        self.space.free = file.len().saturating_sub(layout + self.survey.allocated);
        self.space.compacted = self.needs.file_len();
        let contents = Contents { space: self.space, largest: self.largest.sorted(), ages: self.ages };
        (contents, self.unread)
    }
}

/// Counts the pages and bytes of a table of text to bytes, and calls `pair` with each of its pairs whose key is UTF-8.
/// Leaves the rows at 0.
fn walk(
    snapshot: &Snapshot,
    survey: &mut Survey<'_>,
    needs: &mut Needs,
    damage: &mut Vec<Error>,
    table: &Table,
    pair: &mut dyn FnMut(&str, &[u8]),
) -> Result<(Tree, TableContents)> {
    let mut contents = TableContents::default();
    let mut sizes: Vec<u32> = Vec::new();
    let mut packing = Packing::default();
    let mut keys_not_text = 0;
    let mut leaf = |page: &Arc<Page>| {
        for n in 0..page.count() {
            let (key, value) = (page.key(n), page.value(n));
            packing.push(key.len(), value.len());
            contents.keys += key.len() as u64;
            contents.values += value.len() as u64;
            // redb does not accept a value of 4 GiB.
            sizes.push(u32::try_from(value.len()).unwrap_or(u32::MAX));
            match str::from_utf8(key) {
                Ok(key) => pair(key, value),
                Err(_) => keys_not_text += 1,
            }
        }
        Ok(())
    };
    let damaged = |error| snapshot.error(error, Some(table.name()));
    let before = Counted::of(survey);
    let mut found = |what: Damage| damage.push(damaged(what.into()));
    survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut found).map_err(damaged)?;
    if keys_not_text > 0 {
        damage.push(damaged(table.definition().key_is_no_text()));
    } else if sizes.len() as u64 != table.entries() {
        damage.push(damaged(table.definition().miscounted()));
    }
    contents.sizes = spread(&mut sizes);
    needs.packed(table, packing);
    Ok((before.until(survey), contents))
}

/// The largest entries so far.
#[derive(Default)]
struct Largest(BinaryHeap<Reverse<(u64, EntryKey)>>);

impl Largest {
    fn add(&mut self, bytes: u64, key: impl FnOnce() -> EntryKey) {
        if self.0.len() < LARGEST || self.0.peek().is_some_and(|least| least.0.0 < bytes) {
            self.0.push(Reverse((bytes, key())));
            if self.0.len() > LARGEST {
                self.0.pop();
            }
        }
    }

    /// The largest first.
    fn sorted(self) -> Vec<(EntryKey, u64)> {
        let mut largest: Vec<_> = self.0.into_iter().map(|Reverse((bytes, key))| (key, bytes)).collect();
        largest.sort_by(|(left_key, left), (right_key, right)| (right, left_key).cmp(&(left, right_key)));
        largest
    }
}

/// The smallest, the median and the largest size.
fn spread(sizes: &mut [u32]) -> Option<[u64; 3]> {
    let middle = sizes.len().checked_sub(1)? / 2;
    let (lower, median, upper) = sizes.select_nth_unstable(middle);
    let smallest = lower.iter().min().unwrap_or(median);
    let largest = upper.iter().max().unwrap_or(median);
    Some([*smallest, *median, *largest].map(u64::from))
}

/// The counters of a survey before a table.
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
