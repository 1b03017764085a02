//! Entries in parts, for all cores: an entry of vantage-live is one, and so are the rows of a set in one page.

use super::row_filter::RowFilter;
use super::scope::{Matched, Scope, selected};
use super::sets::readable_sets;
use super::unread::Unread;
use super::{past_damage, unless_moved};
use crate::error::{Error, Result};
use crate::snapshot::{EntryKey, LiveEntry, Row, RowFault, RowRun, Set, Snapshot, VisitRow};
use crate::system::workers::{LARGE, with_workers};
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What is worked on at once.
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

    /// Bytes to work on.
    fn bytes(&self) -> usize {
        match self {
            Part::Live(entry) => entry.value().len(),
            Part::Key(_) => 0,
            Part::Rows(_, run) => run.bytes(),
        }
    }

    /// Whether it stands for its entry, of which there may be other parts.
    fn is_entry(&self) -> bool {
        !matches!(self, Part::Rows(..))
    }

    /// Calls `visit` with each of its rows, or with why rows cannot be read, until it breaks.
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

/// Collects what is made of a part, piece by piece.
pub(crate) struct Collector<'c, Out> {
    out: &'c mut Out,
    /// How many pieces came, and how many of them were collected before.
    pieces: usize,
    collected: usize,
    faults: Vec<RowFault>,
    take: &'c mut dyn FnMut(&mut Out) -> ControlFlow<()>,
}

impl<'c, Out> Collector<'c, Out> {
    fn new(out: &'c mut Out, collected: usize, take: &'c mut dyn FnMut(&mut Out) -> ControlFlow<()>) -> Self {
        Collector { out, pieces: 0, collected, faults: Vec::new(), take }
    }

    /// Adds a piece by `push`, which breaks where the output is as large as it should become. Breaks where no more
    /// pieces are needed.
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

    /// Adds why rows cannot be read. Breaks where no others can.
    pub(crate) fn fault(&mut self, fault: RowFault) -> ControlFlow<()> {
        let is_last = matches!(fault, RowFault::Cache(_));
        self.faults.push(fault);
        if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// What was counted of parts, and why rows of them cannot be read.
#[derive(Default)]
struct Tally {
    /// Entries that could be read, and those of which no row counts.
    entries: u64,
    without_rows: u64,
    faults: Vec<(EntryKey, RowFault)>,
}

impl Tally {
    fn add(&mut self, part: &Part, is_without_rows: bool, faults: Vec<RowFault>) {
        if part.is_entry() && faults.is_empty() {
            *(if is_without_rows { &mut self.without_rows } else { &mut self.entries }) += 1;
        }
        self.faults.extend(faults.into_iter().map(|fault| (part.key(), fault)));
    }
}

/// What was made of some parts.
struct Batch<Out> {
    out: Out,
    tally: Tally,
    /// The parts that are not in it, for lack of room, and how many pieces of the first of them are.
    left: Vec<Part>,
    collected: usize,
}

impl<Out: Default> Batch<Out> {
    /// Of no part yet.
    fn of_none(left: Vec<Part>) -> Batch<Out> {
        Batch { out: Out::default(), tally: Tally::default(), left, collected: 0 }
    }

    fn of(mut parts: Vec<Part>, filter: Option<&RowFilter>, work: &Work<'_, Out>) -> Batch<Out> {
        let mut batch = Batch::of_none(Vec::new());
        let mut done = 0;
        for part in &parts {
            let mut is_full = false;
            let mut take = |_: &mut Out| {
                is_full = true;
                ControlFlow::Break(())
            };
            let mut collector = Collector::new(&mut batch.out, 0, &mut take);
            let is_without_rows = collect(part, filter, work, &mut collector);
            let Collector { pieces, faults, .. } = collector;
            if is_full {
                batch.collected = pieces;
                break;
            }
            done += 1;
            let is_last = matches!(faults.last(), Some(RowFault::Cache(_)));
            batch.tally.add(part, is_without_rows, faults);
            if is_last {
                break;
            }
        }
        batch.left = parts.split_off(done);
        batch
    }
}

/// Collects what is to be made of a part, until the collector breaks.
pub(crate) type Work<'w, Out> = dyn Fn(&Part, &mut Collector<'_, Out>) -> ControlFlow<()> + Sync + 'w;

/// Does the work on the rows of a part that count. Returns whether an entry has none.
fn collect<Out>(
    part: &Part,
    filter: Option<&RowFilter>,
    work: &Work<'_, Out>,
    collector: &mut Collector<'_, Out>,
) -> bool {
    let _ = match (part, filter) {
        (Part::Live(entry), Some(filter)) => match filter.reduce_live(entry.clone()) {
            Ok(Some(entry)) => work(&Part::Live(entry), collector),
            Ok(None) => return true,
            Err(error) => collector.fault(RowFault::Cache(error)),
        },
        (Part::Rows(set, run), Some(_)) => run.each().try_for_each(|row| match set.keeps(&row) {
            Ok(true) => work(&Part::Rows(Arc::clone(set), row.into()), collector),
            Ok(false) => ControlFlow::Continue(()),
            Err(error) => collector.fault(RowFault::Cache(error)),
        }),
        _ => work(part, collector),
    };
    false
}

/// The same on this thread, but for the pieces that were collected before. `take` gets the output whenever it is full,
/// and in the end.
fn collect_here<Out: Default, E>(
    part: &Part,
    filter: Option<&RowFilter>,
    work: &Work<'_, Out>,
    collected: usize,
    take: &mut impl FnMut(Out) -> Result<(), E>,
) -> Result<Tally, E> {
    let (mut out, mut taken, mut tally) = (Out::default(), Ok(()), Tally::default());
    let mut take_full = |out: &mut Out| {
        taken = take(mem::take(out));
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let mut collector = Collector::new(&mut out, collected, &mut take_full);
    let is_without_rows = collect(part, filter, work, &mut collector);
    tally.add(part, is_without_rows, collector.faults);
    taken?;
    take(out)?;
    Ok(tally)
}

/// Collects what `work` makes of the parts of the entries in a scope, on all cores, and hands it to `take`, in order.
/// Where it becomes too large for a batch, or a part is too large to be handed out, the work is done on this thread.
/// Of sets only the row with this id is read, if there is one. `unread` gets what cannot be read. Returns what the
/// selections matched, and the number of entries that could be read.
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
        for part in batch.left {
            count(collect_here(&part, filter, work, mem::take(&mut collected), &mut take)?)?;
        }
        Ok(())
    };
    let (mut matched, of_walk) = with_workers(
        |parts| Batch::of(parts, filter, work),
        |workers| {
            let mut push = |part: Part| {
                let len = part.bytes();
                if len < LARGE {
                    workers.push(part, len);
                    return workers.next_due().map_or(Ok(()), &mut take_batch);
                }
                while let Some(batch) = workers.next() {
                    take_batch(batch)?;
                }
                take_batch(Batch::of_none(vec![part]))
            };
            let mut of_walk = Unread::default();
            let matched = each_part(snapshot, scope, id, &mut of_walk, &mut push)?;
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
fn each_part<E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    unread: &mut Unread,
    push: &mut impl FnMut(Part) -> Result<(), E>,
) -> Result<Matched, E> {
    let mut matched = selected(snapshot, &scope.of_all_rows(), |entry| {
        let entry = past_damage(unless_moved(entry, snapshot), &mut unread.damage)?;
        entry.map_or(Ok(()), |entry| push(Part::Live(entry)))
    })?;
    // Only sets of which a row counts; each row is filtered once more when it is read.
    for set in readable_sets(snapshot, scope, &mut matched, &mut unread.damage)? {
        unread.add_malformed(&set);
        let set = Arc::new(set);
        push(Part::Key(Arc::clone(&set)))?;
        each_row_part(snapshot, &set, id, &mut unread.damage, push)?;
    }
    Ok(matched)
}

/// Calls `push` with the rows of a set, or with the one that has this id.
fn each_row_part<E: From<Error>>(
    snapshot: &Snapshot,
    set: &Arc<Set>,
    id: Option<&str>,
    damage: &mut Vec<Error>,
    push: &mut impl FnMut(Part) -> Result<(), E>,
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
            push(Part::Rows(Arc::clone(set), run))?;
        }
    }
    Ok(())
}
