//! Which rows of an entry count. The caller decides; the bytes of the rows that are kept stay as they are.

use crate::diorama::row::RowView;
use crate::error::{Error, Result};
use crate::live::envelope::{Envelope, Record};
use crate::live::view::EnvelopeView;
use crate::snapshot::{Entry, EntryKey, LiveEntry, Row, RowRun, Set, Snapshot};
use crate::system::workers::{LARGE, with_workers};
use std::fmt;
use std::sync::Arc;

/// Why a filter fails on a row.
pub type FilterError = Box<dyn std::error::Error + Send + Sync>;

type Keep = dyn Fn(&EntryKey, Option<u64>, &str, &Record, bool) -> Result<bool, FilterError> + Send + Sync;

/// Decides which rows count, given the full key, when the entry was fetched in seconds since 1970 (`None` if diorama
/// has not recorded it), the row id, the row, and whether diorama still has to fetch some of its fields.
#[derive(Clone)]
pub struct RowFilter(Arc<Keep>);

impl RowFilter {
    /// Keeps the rows for which `keep` is true.
    pub fn new(
        keep: impl Fn(&EntryKey, Option<u64>, &str, &Record, bool) -> Result<bool, FilterError> + Send + Sync + 'static,
    ) -> RowFilter {
        RowFilter(Arc::new(keep))
    }

    /// Whether a row is kept.
    fn takes(
        &self,
        key: &EntryKey,
        fetched_at: Option<u64>,
        (id, record): (&str, &Record),
        is_incomplete: bool,
    ) -> Result<bool> {
        let refused = |source| Error::Filter { key: key.entry_shown(), id: id.into(), source };
        (self.0)(key, fetched_at, id, record, is_incomplete).map_err(refused)
    }

    /// Whether the value of an entry of vantage-live has a row that is kept, or cannot be decoded.
    ///
    /// # Errors
    /// [`Error::Filter`] if the filter fails on a row.
    pub fn takes_any(&self, key: &EntryKey, value: &[u8]) -> Result<bool> {
        Ok(match EnvelopeView::new(value) {
            Ok(envelope) => self.retain(key, &envelope)?.rows() > 0,
            Err(_) => true,
        })
    }

    /// Whether the stored value of a row of a set is kept, or refused by diorama.
    ///
    /// # Errors
    /// [`Error::Filter`] if the filter fails on the row.
    pub fn takes_row(&self, key: &EntryKey, fetched_at: Option<u64>, id: &str, value: &[u8]) -> Result<bool> {
        RowView::new(value).map_or(Ok(true), |view| self.takes_of_set(key, fetched_at, &Row::of_set(id, &view)))
    }

    /// The entry with the rows that are kept, their bytes as they are; `None` if there are none. What cannot be decoded
    /// stays, so that reading it reports it.
    pub(crate) fn reduce(&self, snapshot: &Snapshot, entry: Entry) -> Result<Option<Entry>> {
        Ok(match entry {
            Entry::Live(entry) => self.reduce_live(entry)?.map(Entry::Live),
            Entry::Set(set) => {
                self.reduce_set(snapshot, Arc::unwrap_or_clone(set))?.map(|set| Entry::Set(Arc::new(set)))
            }
        })
    }

    pub(crate) fn reduce_live(&self, entry: LiveEntry) -> Result<Option<LiveEntry>> {
        let Ok(envelope) = entry.envelope() else { return Ok(Some(entry)) };
        let reduced = self.retain(&entry.key().into(), &envelope)?;
        Ok((reduced.rows() > 0).then(|| entry.with_value(reduced.into_bytes())))
    }

    /// The set with its rows filtered as they are read; `None` if none is kept.
    pub(crate) fn reduce_set(&self, snapshot: &Snapshot, set: Set) -> Result<Option<Set>> {
        let (filter, key, fetched_at) = (self.clone(), EntryKey::Set(set.key()), set.fetched_at());
        let set = set.keeping(move |row| filter.takes_of_set(&key, fetched_at, row));
        Ok(has_rows(snapshot, &set)?.then_some(set))
    }

    fn retain(&self, key: &EntryKey, envelope: &EnvelopeView<'_>) -> Result<Envelope> {
        let fetched_at = Some(envelope.fetched_at());
        envelope.retain(|id, record| self.takes(key, fetched_at, (id, &record), false))
    }

    fn takes_of_set(&self, key: &EntryKey, fetched_at: Option<u64>, row: &Row<'_>) -> Result<bool> {
        self.takes(key, fetched_at, (row.id(), &row.record()), row.is_incomplete())
    }
}

impl fmt::Debug for RowFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowFilter").finish_non_exhaustive()
    }
}

/// Pages of rows that are looked at before threads start: mostly the first rows tell.
const FEW: usize = 8;

/// Whether a set has a row that is kept, or one that cannot be read. Where the first rows do not tell, it is looked for
/// on all cores, since a filter can take long.
fn has_rows(snapshot: &Snapshot, set: &Set) -> Result<bool> {
    let look = |runs: Vec<RowRun>| -> Result<bool> {
        for row in runs.iter().flat_map(RowRun::each) {
            if set.keeps(&row)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let look_here = |run: Result<RowRun>| match run {
        Ok(run) => look(vec![run]),
        Err(Error::Damaged { .. }) => Ok(true),
        Err(error) => Err(error),
    };
    let all = set.clone().of_all_rows();
    let mut rows = snapshot.rows(&all);
    for _ in 0..FEW {
        let Some(run) = rows.next_run() else { return Ok(false) };
        if look_here(run)? {
            return Ok(true);
        }
    }
    with_workers(look, |workers| {
        loop {
            let run = match rows.next_run() {
                Some(Ok(run)) if run.bytes() < LARGE => {
                    let len = run.bytes();
                    workers.push(run, len);
                    if workers.next_due().transpose()? == Some(true) {
                        return Ok(true);
                    }
                    continue;
                }
                other => other,
            };
            // The rows before it come first.
            while let Some(found) = workers.next() {
                if found? {
                    return Ok(true);
                }
            }
            let Some(run) = run else { return Ok(false) };
            if look_here(run)? {
                return Ok(true);
            }
        }
    })
}
