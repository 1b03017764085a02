//! A walk over all tables that counts bytes and pages.

use super::needs::Needs;
use super::report::{Contents, Held, Space, TableStat, Tree};
use crate::database::rebuild;
use crate::error::{Error, Result};
use crate::file::{Damage, Definition, Packing, Page, Survey, Widths};
use crate::live::head::EnvelopeHead;
use crate::live::key::Key;
use crate::ops::age_histogram::AgeHistogram;
use crate::ops::unread::Unreadable;
use crate::snapshot::{Snapshot, Table};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str;
use std::sync::Arc;

/// How many of the largest entries are named.
const LARGEST: usize = 10;

pub(super) struct Look<'s> {
    snapshot: &'s Snapshot,
    survey: Survey<'s>,
    needs: Needs,
    space: Space,
    largest: BinaryHeap<Reverse<(u64, Key)>>,
    ages: AgeHistogram,
    unreadable: Vec<Unreadable>,
    damage: Vec<Error>,
}

impl<'s> Look<'s> {
    /// Counts what redb keeps for itself. Returns the definitions of all tables as well.
    pub fn new(snapshot: &'s Snapshot, now: u64) -> Result<(Look<'s>, Vec<(String, Definition)>)> {
        let mut damage = Vec::new();
        let mut survey = Survey::new(snapshot.file());
        let slot = snapshot.slot();
        let in_context = |error| snapshot.error(error, None);
        let mut shared = |what: Damage| damage.push(snapshot.error(what.into(), None));
        survey.own(slot, &mut shared).map_err(in_context)?;
        let definitions = survey.definitions(slot.user, &mut shared).map_err(in_context)?;
        let look = Look {
            snapshot,
            survey,
            needs: Needs::default(),
            space: Space::default(),
            largest: BinaryHeap::new(),
            ages: AgeHistogram::new(now),
            unreadable: Vec::new(),
            damage,
        };
        Ok((look, definitions))
    }

    pub fn cache_table(&mut self, table: &Table, cache_key: &str) -> Result<TableStat> {
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

    pub fn other_table(&mut self, table: &Table) -> Result<TableStat> {
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

    pub fn finish(mut self) -> (Contents, Vec<Error>) {
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
