//! Searching keys, row ids, field names and values.

mod candidates;
mod part;

use crate::error::{Error, Result};
use crate::live::envelope::Record;
use crate::ops::each_entry::Walked;
use crate::ops::parts::{Collector, Part, Work, collect_on_all_cores};
use crate::ops::scope::Scope;
use crate::ops::unread::Unread;
use crate::snapshot::{EntryKey, Snapshot};
use ciborium::Value;
use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

/// A search. The library searches bytes and text; the caller supplies the readable text of other values.
#[derive(Clone, Copy)]
pub struct Query<'q> {
    /// Whether a text matches.
    pub matches: &'q (dyn Fn(&str) -> bool + Sync),
    /// Where in bytes the first match may begin: the bytes of a text that matches hold one there, whatever is before
    /// and after them. `None` if there is none; `Some(0)` is always right, and decodes more. It is asked about encoded
    /// values, row ids and full keys, of many entries and rows at once, and then of each that may match.
    pub may_match: &'q (dyn Fn(&[u8]) -> Option<usize> + Sync),
    /// Whether a value that is not text can match by its `meaning` although its bytes do not. All values that are not
    /// text are decoded then.
    pub by_meaning: bool,
    /// The text of a value that is not text, an array or a map; `None` for a tag whose content is searched instead.
    pub meaning: &'q (dyn Fn(&Value) -> Option<String> + Sync),
    /// The name of a map's key that is not text.
    pub key_name: &'q (dyn Fn(&Value) -> String + Sync),
    /// Searches only values of the fields with this name.
    pub field: Option<&'q str>,
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("field", &self.field).finish_non_exhaustive()
    }
}

/// A place that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hit<'h> {
    /// The entry.
    pub key: &'h EntryKey,
    /// When it was fetched, in seconds since 1970; `None` if that is not known.
    pub fetched_at: Option<u64>,
    /// Whether diorama still has to fetch some fields of the row.
    pub is_incomplete: bool,
    /// What matches.
    pub place: Place<'h>,
}

/// What matches in an entry.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Place<'h> {
    /// The full key.
    Key,
    /// The id of a row.
    RowId(&'h str),
    /// The name of a field, or a key of a map inside one.
    Name {
        /// The row id.
        id: &'h str,
        /// The way to it, itself included.
        path: &'h [Step<'h>],
    },
    /// A value.
    Value {
        /// The row id.
        id: &'h str,
        /// The way to it.
        path: &'h [Step<'h>],
        /// Its text.
        text: &'h str,
    },
}

/// A step from a row to a value in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step<'h> {
    /// Into the value of a field, or of a key of a map.
    Name(Cow<'h, str>),
    /// Into an element of an array, counted from 0.
    Index(usize),
}

/// A row that was searched for by its id.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoundRow {
    /// The entry that holds it.
    pub key: EntryKey,
    /// When the entry was fetched, in seconds since 1970; `None` if that is not known.
    pub fetched_at: Option<u64>,
    /// The row.
    pub record: Record,
    /// Whether diorama still has to fetch some of its fields.
    pub is_incomplete: bool,
}

/// Collects every place in the scope that matches, on all cores: `add` adds one to an output, and `take` gets the
/// outputs, so that the places come in the order of the entries and of their contents. `add` breaks where its output
/// is as large as it should become, since the places of a value can take far more memory than the value; `take`
/// breaks to end the search.
///
/// # Errors
/// The cache cannot be read. Damage is part of the result.
pub fn find<Out: Default + Send>(
    snapshot: &Snapshot,
    scope: &Scope,
    query: Query<'_>,
    add: impl Fn(&mut Out, &Hit<'_>) -> ControlFlow<()> + Sync,
    take: impl FnMut(Out) -> ControlFlow<()>,
) -> Result<Walked> {
    let collect = |part: &Part, found: &mut Collector<'_, Out>| {
        part::each_hit(part, query, &mut |hit| match hit {
            Ok(hit) => found.add(|out| add(out, hit)),
            Err(fault) => found.fault(part, fault),
        })
    };
    let work = Work { skips: &|run| !part::may_have_hits(run, query), collect: &collect };
    search(snapshot, scope, None, &work, take)
}

/// Calls `visit` with the row of this id from every entry in the scope that holds it, until it breaks.
///
/// # Errors
/// The cache cannot be read. Damage is part of the result.
pub fn find_row(
    snapshot: &Snapshot,
    scope: &Scope,
    id: &str,
    mut visit: impl FnMut(FoundRow) -> ControlFlow<()>,
) -> Result<Walked> {
    let finder = memchr::memmem::Finder::new(id);
    let is_id_in = |values: &[u8]| candidates::may_hold(values, |bytes| finder.find(bytes).is_some());
    let collect = |part: &Part, found: &mut Collector<'_, Vec<FoundRow>>| {
        if matches!(part, Part::Live(entry) if !is_id_in(entry.value())) {
            return ControlFlow::Continue(());
        }
        part.rows(&mut |row| {
            let row = match row {
                Ok(row) => row,
                Err(fault) => return found.fault(part, fault),
            };
            if row.id() != id {
                return ControlFlow::Continue(());
            }
            let (key, fetched_at) = (part.key(), part.fetched_at());
            let row = FoundRow { key, fetched_at, record: row.record(), is_incomplete: row.is_incomplete() };
            found.add(|rows| {
                rows.push(row);
                ControlFlow::Continue(())
            })
        })
    };
    let work = Work { skips: &|run| !is_id_in(run.values()), collect: &collect };
    search(snapshot, scope, Some(id), &work, |rows| rows.into_iter().try_for_each(&mut visit))
}

/// Does the work on the parts of entries, on all cores, and passes the matches to `take`, in order, until it breaks.
/// With an id only that row of a set is read.
fn search<Out: Default + Send>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    work: &Work<'_, Out>,
    mut take: impl FnMut(Out) -> ControlFlow<()>,
) -> Result<Walked> {
    let mut unread = Unread::default();
    let take = |out| match take(out) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Satisfied),
    };
    match collect_on_all_cores(snapshot, scope, id, work, &mut unread, take) {
        Ok((matched, _)) => Ok(Walked { unread, matched }),
        Err(Stop::Satisfied) => Ok(Walked { unread, ..Walked::default() }),
        Err(Stop::Cache(error)) => Err(error),
    }
}

/// The reason to end a search early.
enum Stop {
    Satisfied,
    Cache(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Cache(error)
    }
}
