//! Which rows of an entry count. What decides is up to the caller; the library keeps the bytes of the rows.

use crate::error::{Error, Result};
use crate::live::envelope::{Envelope, Record};
use crate::live::key::Key;
use crate::live::view::EnvelopeView;
use crate::snapshot::Entry;
use std::fmt;
use std::sync::Arc;

/// Why a filter fails on a row.
pub type FilterError = Box<dyn std::error::Error + Send + Sync>;

type Keep = dyn Fn(&Key, u64, &str, &Record) -> Result<bool, FilterError> + Send + Sync;

/// Decides which rows count, given the full key, the time in seconds since 1970, the row id and the row.
#[derive(Clone)]
pub struct RowFilter(Arc<Keep>);

impl RowFilter {
    /// Keeps the rows for which `keep` is true.
    pub fn new(
        keep: impl Fn(&Key, u64, &str, &Record) -> Result<bool, FilterError> + Send + Sync + 'static,
    ) -> RowFilter {
        RowFilter(Arc::new(keep))
    }

    /// Whether the value of an entry has a row that is kept, or cannot be decoded.
    ///
    /// # Errors
    /// [`Error::Filter`] if the filter fails on a row.
    pub fn takes_any(&self, key: &Key, value: &[u8]) -> Result<bool> {
        Ok(match EnvelopeView::new(value) {
            Ok(envelope) => self.retain(key, &envelope)?.rows() > 0,
            Err(_) => true,
        })
    }

    /// The entry with the rows that are kept, their bytes as they are; `None` if there are none. An entry that
    /// cannot be decoded stays, so that whoever reads it reports it.
    pub(crate) fn reduce(&self, entry: Entry) -> Result<Option<Entry>> {
        let key = entry.key();
        let Ok(envelope) = entry.envelope() else { return Ok(Some(entry)) };
        let reduced = self.retain(&key, &envelope)?;
        Ok((reduced.rows() > 0).then(|| entry.with_value(reduced.into_bytes())))
    }

    fn retain(&self, key: &Key, envelope: &EnvelopeView<'_>) -> Result<Envelope> {
        let fetched_at = envelope.fetched_at();
        envelope.retain(|id, record| {
            (self.0)(key, fetched_at, id, &record).map_err(|source| Error::Filter {
                key: key.clone(),
                id: id.into(),
                source,
            })
        })
    }
}

impl fmt::Debug for RowFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowFilter").finish_non_exhaustive()
    }
}
