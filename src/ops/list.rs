//! What is in a cache: a summary of each cache key.

use super::past_damage;
use super::selected_sets::SetFacts;
use crate::error::{Error, Result};
use crate::file::Sum;
use crate::live::key::Selection;
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{PastDamage, Set, Snapshot};

/// What one cache key of vantage-live holds, or one set of diorama.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheKeySummary {
    /// The cache key; for a set, the name of its table.
    pub cache_key: String,
    /// The number of entries, including those that cannot be read; a set counts as one.
    pub entries: u64,
    /// The number of rows, as the heads of the entries announce it.
    pub rows: u64,
    /// Bytes of the values.
    pub bytes: u64,
    /// The latest `fetched_at` in seconds since 1970; `None` if no entry can be read.
    pub newest: Option<u64>,
    /// The earliest `fetched_at` in seconds since 1970; `None` if no entry can be read.
    pub oldest: Option<u64>,
    /// The number of entries whose head cannot be read, or 1 for a set with a time or a total that cannot be read.
    pub unreadable: u64,
    /// Facts about a set of diorama; `None` for a cache key of vantage-live.
    pub set: Option<SetFacts>,
}

/// The cache keys of a cache, and what could not be read of it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct List {
    /// A summary of each cache key, in the order of their names.
    pub cache_keys: Vec<CacheKeySummary>,
    /// Entries whose head cannot be read, and damaged pages. What these held is missing from the summaries.
    pub unread: Unread,
}

impl PastDamage for List {
    fn damage(&mut self) -> &mut Vec<Error> {
        &mut self.unread.damage
    }
}

/// Summarizes every cache key and every set. Rows are not decoded; see [`EnvelopeHead`](crate::live::EnvelopeHead).
///
/// # Errors
/// The cache cannot be read. Damage is part of the result.
pub fn list(snapshot: &Snapshot) -> Result<List> {
    let mut list = List::default();
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
            set: None,
        };
        for entry in snapshot.entries(&Selection::CacheKey(cache_key.to_owned()))? {
            let Some(entry) = past_damage(entry, &mut list.unread.damage)? else { continue };
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
                    list.unread.unreadable.push(Unreadable { key: entry.key(), error });
                }
            }
        }
        list.cache_keys.push(summary);
    }
    for set in snapshot.sets()? {
        list.unread.damage.extend(snapshot.meta_damage(&set));
        list.unread.add_malformed(&set);
        let bytes = sum_rows(snapshot, &set, &mut list.unread.damage)?.bytes;
        list.cache_keys.push(CacheKeySummary {
            cache_key: set.name().to_owned(),
            entries: 1,
            rows: set.rows(),
            bytes,
            newest: set.fetched_at(),
            oldest: set.fetched_at(),
            unreadable: u64::from(!set.malformed().is_empty()),
            set: Some(SetFacts::of(&set)),
        });
    }
    Ok(list)
}

/// The number of rows of a set that can be read, and the bytes of their values.
pub(super) fn sum_rows(snapshot: &Snapshot, set: &Set, damage: &mut Vec<Error>) -> Result<Sum> {
    if let Some(sum) = snapshot.sum_many(set) {
        return Ok(sum);
    }
    let mut sum = Sum::default();
    for row in snapshot.rows(set) {
        if let Some(row) = past_damage(row, damage)? {
            sum.entries += 1;
            sum.bytes += row.value().len() as u64;
        }
    }
    Ok(sum)
}
