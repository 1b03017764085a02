//! What is in a cache: a summary of each cache key.

use super::past_damage;
use crate::error::{Error, Result};
use crate::live::error::DecodeError;
use crate::live::key::{Key, Selection};
use crate::snapshot::Snapshot;

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

/// The cache keys of a cache, and what could not be read of it.
#[derive(Debug, Default)]
pub struct List {
    /// A summary of each cache key, in the order of their names.
    pub cache_keys: Vec<CacheKeySummary>,
    /// Entries whose head cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// Sums up every cache key, and names the pages that are damaged: what they held is in no summary. Rows
/// are not decoded; see [`EnvelopeHead`](crate::live::EnvelopeHead).
pub fn list(snapshot: &Snapshot) -> Result<(List, Vec<Error>)> {
    let (mut list, mut damage) = (List::default(), Vec::new());
    for table in snapshot.tables()? {
        let Some(cache_key) = table.cache_key() else { continue };
        let mut summary = CacheKeySummary {
            cache_key: cache_key.to_owned(),
            entries: 0,
            rows: 0,
            bytes: 0,
            newest: None,
            oldest: None,
            unreadable: 0,
        };
        for entry in snapshot.entries(&Selection::CacheKey(cache_key.to_owned()))? {
            let Some(entry) = past_damage(entry, &mut damage)? else { continue };
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
                    list.unreadable.push(Unreadable { key: entry.key(), error });
                }
            }
        }
        list.cache_keys.push(summary);
    }
    Ok((list, damage))
}
