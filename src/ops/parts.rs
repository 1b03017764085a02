//! Entries in parts, for all cores: an entry of vantage-live is one, and each row of a set of diorama.

use super::row_filter::RowFilter;
use super::scope::{Matched, Scope, selected};
use super::sets::readable_sets;
use super::unread::Unread;
use super::{past_damage, unless_moved};
use crate::error::{Error, Result};
use crate::snapshot::{EntryKey, LiveEntry, Row, RowFault, Set, SetRow, Snapshot};
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
    /// A row of a set.
    Row(Arc<Set>, SetRow),
}

impl Part {
    pub(crate) fn key(&self) -> EntryKey {
        match self {
            Part::Live(entry) => entry.key().into(),
            Part::Key(set) | Part::Row(set, _) => set.key().into(),
        }
    }

    pub(crate) fn fetched_at(&self) -> Option<u64> {
        match self {
            Part::Live(entry) => entry.head().ok().map(|head| head.fetched_at),
            Part::Key(set) | Part::Row(set, _) => set.fetched_at(),
        }
    }

    /// The bytes that hold its rows.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Part::Live(entry) => entry.value(),
            Part::Key(_) => &[],
            Part::Row(_, row) => row.value(),
        }
    }

    /// The part with the rows that count; `None` if there are none.
    fn reduced(&self, filter: &RowFilter) -> Result<Option<Part>> {
        Ok(match self {
            Part::Live(entry) => filter.reduce_live(entry.clone())?.map(Part::Live),
            Part::Key(set) => Some(Part::Key(Arc::clone(set))),
            Part::Row(set, row) => set.keeps(row)?.then(|| Part::Row(Arc::clone(set), row.clone())),
        })
    }

    /// Whether it stands for its entry, of which there may be other parts.
    fn is_entry(&self) -> bool {
        !matches!(self, Part::Row(..))
    }

    /// Calls `visit` with each of its rows, until it breaks.
    pub(crate) fn rows(&self, visit: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>) -> Result<(), RowFault> {
        /// The visitor needs no more rows.
        struct Enough;
        match self {
            Part::Live(entry) => {
                let envelope = entry.envelope().map_err(|error| RowFault::Envelope { key: entry.key(), error })?;
                let visited = Row::each_of(&envelope, &mut |row| match visit(row) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(Enough),
                });
                let (Ok(()) | Err(Enough)) = visited;
                Ok(())
            }
            Part::Key(_) => Ok(()),
            Part::Row(_, row) => row.read(&mut |row| {
                let _ = visit(row?);
                Ok(())
            }),
        }
    }
}

/// Collects what is made of a part, piece by piece.
pub(crate) struct Collector<'c, Out> {
    out: &'c mut Out,
    /// How many pieces came, and how many of them were collected before.
    pieces: usize,
    collected: usize,
    take: &'c mut dyn FnMut(&mut Out) -> ControlFlow<()>,
}

impl<Out> Collector<'_, Out> {
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
}

/// What was made of some parts.
struct Batch<Out> {
    out: Out,
    /// Entries that could be read, and those of which no row counts.
    entries: u64,
    without_rows: u64,
    faults: Vec<(EntryKey, RowFault)>,
    /// The parts that are not in it, for lack of room, and how many pieces of the first of them are.
    left: Vec<Part>,
    collected: usize,
}

impl<Out: Default> Batch<Out> {
    /// Of no part yet.
    fn of_none(left: Vec<Part>) -> Batch<Out> {
        Batch { out: Out::default(), entries: 0, without_rows: 0, faults: Vec::new(), left, collected: 0 }
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
            let mut collector = Collector { out: &mut batch.out, pieces: 0, collected: 0, take: &mut take };
            let read = collect(part, filter, work, &mut collector);
            let pieces = collector.pieces;
            if is_full {
                batch.collected = pieces;
                break;
            }
            done += 1;
            match read {
                Ok(true) => batch.entries += u64::from(part.is_entry()),
                Ok(false) => batch.without_rows += u64::from(part.is_entry()),
                Err(fault) => {
                    let is_last = matches!(fault, RowFault::Cache(_));
                    batch.faults.push((part.key(), fault));
                    if is_last {
                        break;
                    }
                }
            }
        }
        batch.left = parts.split_off(done);
        batch
    }
}

/// Collects what is to be made of a part.
pub(crate) type Work<'w, Out> = dyn Fn(&Part, &mut Collector<'_, Out>) -> Result<(), RowFault> + Sync + 'w;

/// Does the work on the rows of a part that count. Returns whether there are any.
fn collect<Out>(
    part: &Part,
    filter: Option<&RowFilter>,
    work: &Work<'_, Out>,
    collector: &mut Collector<'_, Out>,
) -> Result<bool, RowFault> {
    let Some(filter) = filter else { return work(part, collector).map(|()| true) };
    match part.reduced(filter).map_err(RowFault::Cache)? {
        Some(reduced) => work(&reduced, collector).map(|()| true),
        None => Ok(false),
    }
}

/// The same on this thread, but for the pieces that were collected before. `take` gets the output whenever it is full,
/// and in the end.
fn collect_here<Out: Default, E>(
    part: &Part,
    filter: Option<&RowFilter>,
    work: &Work<'_, Out>,
    collected: usize,
    take: &mut impl FnMut(Out) -> Result<(), E>,
) -> Result<Result<bool, RowFault>, E> {
    let (mut out, mut taken) = (Out::default(), Ok(()));
    let mut take_full = |out: &mut Out| {
        taken = take(mem::take(out));
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let read =
        collect(part, filter, work, &mut Collector { out: &mut out, pieces: 0, collected, take: &mut take_full });
    taken?;
    take(out)?;
    Ok(read)
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
    let mut take_batch = |batch: Batch<Out>| -> Result<(), E> {
        take(batch.out)?;
        entries += batch.entries;
        without_rows += batch.without_rows;
        for (key, fault) in batch.faults {
            unread.add(snapshot, || key.entry_shown(), fault)?;
        }
        let mut collected = batch.collected;
        for part in batch.left {
            match collect_here(&part, filter, work, mem::take(&mut collected), &mut take)? {
                Ok(true) => entries += u64::from(part.is_entry()),
                Ok(false) => without_rows += u64::from(part.is_entry()),
                Err(fault) => unread.add(snapshot, || part.key().entry_shown(), fault)?,
            }
        }
        Ok(())
    };
    let (mut matched, of_walk) = with_workers(
        |parts| Batch::of(parts, filter, work),
        |workers| {
            let mut push = |part: Part| {
                let len = part.bytes().len();
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
    for row in snapshot.rows(&only.of_all_rows()) {
        if let Some(row) = past_damage(unless_moved(row, snapshot), damage)? {
            push(Part::Row(Arc::clone(set), row))?;
        }
    }
    Ok(())
}
