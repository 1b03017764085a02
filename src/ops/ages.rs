//! How old the entries of a cache are.

use super::past_damage;
use super::scope::{Matched, Scope, selected};
use crate::error::{Error, Result};
use crate::live::key::Key;
use crate::ops::list::Unreadable;
use crate::snapshot::Snapshot;

/// One entry, and when it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// The entry.
    pub key: Key,
    /// When it was fetched, in seconds since 1970.
    pub fetched_at: u64,
    /// Its rows, as its head announces them.
    pub rows: u64,
    /// Bytes of its value.
    pub bytes: u64,
}

/// The entries that were asked for.
#[derive(Debug, Default)]
pub struct Ages {
    /// Those whose head can be read, each once, in the order of the selections and of the cache.
    pub entries: Vec<Age>,
    /// Those whose head cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// What the selections matched.
    pub matched: Matched,
}

/// Tells when the selected entries were fetched, and which pages are damaged: what they held is not told.
pub fn ages(snapshot: &Snapshot, scope: &Scope) -> Result<(Ages, Vec<Error>)> {
    let (mut ages, mut damage) = (Ages::default(), Vec::new());
    let matched = selected::<Error>(snapshot, scope, |entry| {
        let Some(entry) = past_damage(entry, &mut damage)? else { return Ok(()) };
        let key = entry.key();
        match entry.head() {
            Ok(head) => {
                let bytes = entry.value().len() as u64;
                ages.entries.push(Age { key, fetched_at: head.fetched_at, rows: head.rows, bytes });
            }
            Err(error) => ages.unreadable.push(Unreadable { key, error }),
        }
        Ok(())
    })?;
    ages.matched = matched;
    Ok((ages, damage))
}
