//! Entries in parts, for all cores: an entry of vantage-live is one, and each row of a set of diorama.

use super::entries::each_entry;
use super::scope::{Matched, Scope};
use super::unread::Unread;
use super::{past_damage, unless_moved};
use crate::error::Error;
use crate::snapshot::{Entry, EntryKey, LiveEntry, Row, RowFault, Set, SetRow, Snapshot};
use crate::system::workers::{LARGE, with_workers};
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

    /// Calls `visit` with each of its rows.
    pub(crate) fn rows(&self, visit: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowFault> {
        match self {
            Part::Live(entry) => match entry.envelope() {
                Err(error) => Err(RowFault::Envelope { key: entry.key(), error }),
                Ok(envelope) => Row::each_of(&envelope, &mut |row| {
                    visit(&row);
                    Ok(())
                }),
            },
            Part::Key(_) => Ok(()),
            Part::Row(_, row) => row.read(&mut |row| row.map(|row| visit(&row))),
        }
    }
}

/// What comes back of the parts, in their order.
pub(crate) enum Worked<Out> {
    /// What was made of some.
    Parts(Out),
    /// A part that is too large to be handed out.
    Large(Part),
}

/// Hands the parts of the entries in a scope to all cores, and what `work` makes of them to `take`, in order. Of sets
/// only the row with this id is read, if there is one. `skipped` gets what cannot be read apart from rows.
pub(crate) fn on_all_cores<Out: Send, E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    work: impl Fn(Vec<Part>) -> Out + Sync,
    skipped: &mut Unread,
    mut take: impl FnMut(Worked<Out>) -> Result<(), E>,
) -> Result<Matched, E> {
    with_workers(work, |workers| {
        let mut push = |part: Part| {
            let len = part.bytes().len();
            if len < LARGE {
                workers.push(part, len);
                return workers.next_due().map_or(Ok(()), |out| take(Worked::Parts(out)));
            }
            while let Some(out) = workers.next() {
                take(Worked::Parts(out))?;
            }
            take(Worked::Large(part))
        };
        let walked = each_entry::<E>(snapshot, scope, |entry, unread| match entry {
            Entry::Live(entry) => push(Part::Live(entry)),
            Entry::Set(set) => {
                push(Part::Key(Arc::clone(&set)))?;
                each_part(snapshot, &set, id, &mut unread.damage, &mut push)
            }
        })?;
        skipped.extend(walked.unread);
        while let Some(out) = workers.next() {
            take(Worked::Parts(out))?;
        }
        Ok(walked.matched)
    })
}

/// Calls `push` with the rows of a set, or with the one that has this id.
fn each_part<E: From<Error>>(
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
    for row in snapshot.rows(&only) {
        if let Some(row) = past_damage(unless_moved(row, snapshot), damage)? {
            push(Part::Row(Arc::clone(set), row))?;
        }
    }
    Ok(())
}
