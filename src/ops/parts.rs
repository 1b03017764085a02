//! Entries in parts, for all cores. An entry of vantage-live is one part; the rows of a set in one page are one, too.
//! They are handed out a page at a time.

use super::row_filter::RowFilter;
use super::scope::{Matched, Scope, selected};
use super::selected_sets::readable_sets;
use super::unread::Unread;
use super::{past_damage, unless_moved};
use crate::error::{Error, Result};
use crate::live::key::Selection;
use crate::snapshot::{EntryKey, LiveEntry, LiveRun, Row, RowFault, RowRun, Set, Snapshot, VisitRow};
use crate::system::workers::{LARGE, with_workers};
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A unit of work.
pub(crate) enum Part {
    /// An entry of vantage-live.
    Live(LiveEntry),
    /// The key of a set.
    Key(Arc<Set>),
    /// Rows of a set.
    Rows(Arc<Set>, RowRun),
}

impl Part {
    pub(crate) fn key(&self) -> EntryKey {
        match self {
            Part::Live(entry) => entry.key().into(),
            Part::Key(set) | Part::Rows(set, _) => set.key().into(),
        }
    }

    pub(crate) fn fetched_at(&self) -> Option<u64> {
        match self {
            Part::Live(entry) => entry.head().ok().map(|head| head.fetched_at),
            Part::Key(set) | Part::Rows(set, _) => set.fetched_at(),
        }
    }

    /// Calls `visit` with each of its rows, or with the reason why rows cannot be read, until it breaks.
    pub(crate) fn rows(&self, visit: &mut VisitRow<'_, ControlFlow<()>>) -> ControlFlow<()> {
        match self {
            Part::Live(entry) => match entry.envelope() {
                Ok(envelope) => {
                    let visited = Row::each_of(&envelope, &mut |row| match visit(Ok(row)) {
                        ControlFlow::Continue(()) => Ok(()),
                        ControlFlow::Break(()) => Err(()),
                    });
                    visited.map_or(ControlFlow::Break(()), ControlFlow::Continue)
                }
                Err(error) => visit(Err(RowFault::Envelope { key: entry.key(), error })),
            },
            Part::Key(_) => ControlFlow::Continue(()),
            Part::Rows(_, run) => run.rows().try_for_each(|(id, value)| Row::read_of_set(id, value, visit)),
        }
    }
}

/// An item that is handed out to a worker.
enum Item {
    /// Entries of vantage-live.
    Run(LiveRun),
    Part(Part),
}

impl Item {
    /// Bytes to work on.
    fn bytes(&self) -> usize {
        match self {
            Item::Run(run) => run.bytes(),
            Item::Part(Part::Live(entry)) => entry.value().len(),
            Item::Part(Part::Key(_)) => 0,
            Item::Part(Part::Rows(_, run)) => run.bytes(),
        }
    }
}

/// The work on parts.
pub(crate) struct Work<'w, Out> {
    /// Whether these entries have no results, so that none need be read.
    pub skips: &'w (dyn Fn(&LiveRun) -> bool + Sync),
    /// Collects the results of a part, until the collector breaks.
    pub collect: &'w (dyn Fn(&Part, &mut Collector<'_, Out>) -> ControlFlow<()> + Sync),
}

/// The counts of parts, and the reasons why rows of them cannot be read.
#[derive(Default)]
struct Tally {
    /// The number of entries that could be read, and of those in which no row passes the filter.
    entries: u64,
    without_rows: u64,
    faults: Vec<(EntryKey, RowFault)>,
}

impl Tally {
    fn append(&mut self, other: Tally) {
        self.entries += other.entries;
        self.without_rows += other.without_rows;
        self.faults.extend(other.faults);
    }
}

/// Collects the results of an item, piece by piece.
pub(crate) struct Collector<'c, Out> {
    out: &'c mut Out,
    /// How many pieces came, and how many of them were collected before.
    pieces: usize,
    collected: usize,
    tally: Tally,
    take: &'c mut dyn FnMut(&mut Out) -> ControlFlow<()>,
}

impl<'c, Out> Collector<'c, Out> {
    fn new(out: &'c mut Out, collected: usize, take: &'c mut dyn FnMut(&mut Out) -> ControlFlow<()>) -> Self {
        Collector { out, pieces: 0, collected, tally: Tally::default(), take }
    }

    /// Adds a piece by `push`, which breaks if the output is large enough. Breaks if no more pieces are needed.
    pub(crate) fn add(&mut self, push: impl FnOnce(&mut Out) -> ControlFlow<()>) -> ControlFlow<()> {
        self.pieces += 1;
        if self.pieces <= self.collected {
            return ControlFlow::Continue(());
        }
        match push(self.out) {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => (self.take)(self.out),
        }
    }

    /// Adds the reason why rows of a part cannot be read. Breaks if none of the others can be read.
    pub(crate) fn fault(&mut self, part: &Part, fault: RowFault) -> ControlFlow<()> {
        let is_last = matches!(fault, RowFault::Cache(_));
        self.tally.faults.push((part.key(), fault));
        if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Does the work on an item.
    fn item(&mut self, item: &Item, filter: Option<&RowFilter>, work: &Work<'_, Out>) -> ControlFlow<()> {
        match item {
            Item::Run(run) if filter.is_none() && (work.skips)(run) => {
                self.tally.entries += run.len() as u64;
                ControlFlow::Continue(())
            }
            Item::Run(run) => run.each().try_for_each(|entry| self.part(&Part::Live(entry), filter, work)),
            Item::Part(part) => self.part(part, filter, work),
        }
    }

    /// Does the work on the rows of a part that pass the filter.
    fn part(&mut self, part: &Part, filter: Option<&RowFilter>, work: &Work<'_, Out>) -> ControlFlow<()> {
        let faults = self.tally.faults.len();
        match (part, filter) {
            (Part::Live(entry), Some(filter)) => match filter.reduce_live(entry.clone()) {
                Ok(Some(entry)) => (work.collect)(&Part::Live(entry), self)?,
                Ok(None) => {
                    self.tally.without_rows += 1;
                    return ControlFlow::Continue(());
                }
                Err(error) => self.fault(part, RowFault::Cache(error))?,
            },
            (Part::Rows(set, run), Some(_)) => run.each().try_for_each(|row| match set.keeps(&row) {
                Ok(true) => (work.collect)(&Part::Rows(Arc::clone(set), row.into()), self),
                Ok(false) => ControlFlow::Continue(()),
                Err(error) => self.fault(part, RowFault::Cache(error)),
            })?,
            _ => (work.collect)(part, self)?,
        }
        // A set is counted with its key.
        let is_readable = self.tally.faults.len() == faults;
        self.tally.entries += u64::from(is_readable && !matches!(part, Part::Rows(..)));
        ControlFlow::Continue(())
    }
}

/// The results of some items.
struct Batch<Out> {
    out: Out,
    tally: Tally,
    /// The items that did not fit, and how many pieces of the first one did.
    left: Vec<Item>,
    collected: usize,
}

impl<Out: Default> Batch<Out> {
    /// Of nothing yet.
    fn of_none(left: Vec<Item>) -> Batch<Out> {
        Batch { out: Out::default(), tally: Tally::default(), left, collected: 0 }
    }

    fn of(mut items: Vec<Item>, filter: Option<&RowFilter>, work: &Work<'_, Out>) -> Batch<Out> {
        let mut batch = Batch::of_none(Vec::new());
        let mut done = 0;
        for item in &items {
            let mut is_full = false;
            let mut take = |_: &mut Out| {
                is_full = true;
                ControlFlow::Break(())
            };
            let mut collector = Collector::new(&mut batch.out, 0, &mut take);
            let flow = collector.item(item, filter, work);
            let Collector { pieces, tally, .. } = collector;
            if is_full {
                batch.collected = pieces;
                break;
            }
            done += 1;
            batch.tally.append(tally);
            if flow.is_break() {
                break;
            }
        }
        batch.left = items.split_off(done);
        batch
    }
}

/// Does the work on an item on this thread, without the pieces that were collected before. `take` gets the output
/// whenever it is full, and at the end.
fn collect_here<Out: Default, E>(
    item: &Item,
    filter: Option<&RowFilter>,
    work: &Work<'_, Out>,
    collected: usize,
    take: &mut impl FnMut(Out) -> Result<(), E>,
) -> Result<Tally, E> {
    let (mut out, mut taken) = (Out::default(), Ok(()));
    let mut take_full = |out: &mut Out| {
        taken = take(mem::take(out));
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let mut collector = Collector::new(&mut out, collected, &mut take_full);
    let _ = collector.item(item, filter, work);
    let tally = collector.tally;
    taken?;
    take(out)?;
    Ok(tally)
}

/// Collects the results of `work` on the parts of the entries in a scope, on all cores, and hands them to `take`, in
/// order. If the results are too large for a batch, or a part is too large to be handed out, the work is done on this
/// thread. With an id only that row of a set is read. `unread` gets what cannot be read. Returns what the selections
/// matched, and the number of entries that could be read.
pub(crate) fn collect_on_all_cores<Out: Default + Send, E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    work: &Work<'_, Out>,
    unread: &mut Unread,
    mut take: impl FnMut(Out) -> Result<(), E>,
) -> Result<(Matched, u64), E> {
    let filter = scope.filter();
    let (mut entries, mut without_rows) = (0, 0);
    let mut count = |tally: Tally| -> Result<(), E> {
        entries += tally.entries;
        without_rows += tally.without_rows;
        let mut faults = tally.faults.into_iter();
        Ok(faults.try_for_each(|(key, fault)| unread.add(snapshot, || key.entry_shown(), fault))?)
    };
    let mut take_batch = |batch: Batch<Out>| -> Result<(), E> {
        take(batch.out)?;
        count(batch.tally)?;
        let mut collected = batch.collected;
        for item in batch.left {
            count(collect_here(&item, filter, work, mem::take(&mut collected), &mut take)?)?;
        }
        Ok(())
    };
    let (mut matched, of_walk) = with_workers(
        |items| Batch::of(items, filter, work),
        |workers| {
            let mut push = |item: Item| {
                let len = item.bytes();
                if len < LARGE {
                    workers.push(item, len);
                    return workers.next_due().map_or(Ok(()), &mut take_batch);
                }
                while let Some(batch) = workers.next() {
                    take_batch(batch)?;
                }
                take_batch(Batch::of_none(vec![item]))
            };
            let mut of_walk = Unread::default();
            let matched = each_item(snapshot, scope, id, &mut of_walk, &mut push)?;
            while let Some(batch) = workers.next() {
                take_batch(batch)?;
            }
            Ok::<_, E>((matched, of_walk))
        },
    )?;
    matched.without_rows += without_rows;
    unread.extend(of_walk);
    Ok((matched, entries))
}

/// Calls `push` with every part of the entries in a scope. Rows of vantage-live are not filtered yet.
fn each_item<E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    unread: &mut Unread,
    push: &mut impl FnMut(Item) -> Result<(), E>,
) -> Result<Matched, E> {
    let mut matched = if let Some(selection) = scope.only() {
        each_run(snapshot, selection, &mut unread.damage, push)?
    } else {
        selected(snapshot, &scope.of_all_rows(), |entry| {
            let entry = past_damage(unless_moved(entry, snapshot), &mut unread.damage)?;
            entry.map_or(Ok(()), |entry| push(Item::Part(Part::Live(entry))))
        })?
    };
    // Only sets in which a row passes the filter; each row is filtered again when it is read.
    for set in readable_sets(snapshot, scope, &mut matched, &mut unread.damage)? {
        unread.add_malformed(&set);
        let set = Arc::new(set);
        push(Item::Part(Part::Key(Arc::clone(&set))))?;
        each_row_item(snapshot, &set, id, &mut unread.damage, push)?;
    }
    Ok(matched)
}

/// Calls `push` with the entries of vantage-live that a selection matches.
fn each_run<E: From<Error>>(
    snapshot: &Snapshot,
    selection: &Selection,
    damage: &mut Vec<Error>,
    push: &mut impl FnMut(Item) -> Result<(), E>,
) -> Result<Matched, E> {
    let mut matched = Matched { unmatched: vec![0], ..Matched::default() };
    let mut entries = snapshot.entries(selection)?;
    while let Some(run) = entries.next_run() {
        matched.unmatched.clear();
        if let Some(run) = past_damage(unless_moved(run, snapshot), damage)? {
            push(Item::Run(run))?;
        }
    }
    Ok(matched)
}

/// Calls `push` with the rows of a set, or with the one that has this id.
fn each_row_item<E: From<Error>>(
    snapshot: &Snapshot,
    set: &Arc<Set>,
    id: Option<&str>,
    damage: &mut Vec<Error>,
    push: &mut impl FnMut(Item) -> Result<(), E>,
) -> Result<(), E> {
    let only = match id {
        Some(id) if set.row().is_some_and(|row| row != id) => return Ok(()),
        Some(id) => match past_damage(unless_moved(snapshot.with_row(set, id), snapshot), damage)?.flatten() {
            Some(only) => only,
            None => return Ok(()),
        },
        None => Set::clone(set),
    };
    let only = only.of_all_rows();
    let mut rows = snapshot.rows(&only);
    while let Some(run) = rows.next_run() {
        if let Some(run) = past_damage(unless_moved(run, snapshot), damage)? {
            push(Item::Part(Part::Rows(Arc::clone(set), run)))?;
        }
    }
    Ok(())
}
