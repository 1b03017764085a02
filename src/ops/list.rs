//! What is in a cache: a summary of each cache key.

use crate::{DecodeError, Key, Result, Selection, Snapshot};

/// What one cache key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKeySummary {
    /// The cache key.
    pub cache_key: String,
    /// Entries, those that cannot be read included.
    pub entries: u64,
    /// Rows, as the heads of the entries announce them.
    pub rows: u64,
    /// Bytes of the values.
    pub bytes: u64,
    /// The latest `fetched_at` in seconds since 1970; `None` if no entry can be read.
    pub newest: Option<u64>,
    /// The earliest `fetched_at` in seconds since 1970; `None` if no entry can be read.
    pub oldest: Option<u64>,
    /// Entries whose head cannot be read.
    pub unreadable: u64,
}

/// An entry whose value is no envelope that vantage-live can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The entry.
    pub key: Key,
    /// What is wrong with its value.
    pub error: DecodeError,
}

/// Sums up every cache key, in the order of their names, and names the entries whose head cannot
/// be read. Rows are not decoded: see [`EnvelopeHead`](crate::EnvelopeHead).
pub fn list(snapshot: &Snapshot) -> Result<(Vec<CacheKeySummary>, Vec<Unreadable>)> {
    let mut summaries: Vec<CacheKeySummary> = snapshot
        .tables()?
        .iter()
        .filter_map(|table| table.cache_key())
        .map(|cache_key| CacheKeySummary {
            cache_key: cache_key.to_owned(),
            entries: 0,
            rows: 0,
            bytes: 0,
            newest: None,
            oldest: None,
            unreadable: 0,
        })
        .collect();
    let mut unreadable = Vec::new();
    let mut at = 0;
    for entry in snapshot.entries(&Selection::All)? {
        let entry = entry?;
        // Entries come in the order of the tables.
        while summaries[at].cache_key != entry.cache_key() {
            at += 1;
        }
        let summary = &mut summaries[at];
        summary.entries += 1;
        summary.bytes += entry.value().len() as u64;
        match entry.head() {
            Ok(head) => {
                summary.rows += head.rows;
                summary.newest = summary.newest.max(Some(head.fetched_at));
                summary.oldest = Some(summary.oldest.map_or(head.fetched_at, |oldest| oldest.min(head.fetched_at)));
            }
            Err(error) => {
                summary.unreadable += 1;
                unreadable.push(Unreadable { key: entry.key(), error });
            }
        }
    }
    Ok((summaries, unreadable))
}
