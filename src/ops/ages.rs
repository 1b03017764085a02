//! The ages of the entries of a cache.

use super::list::sum_rows;
use super::past_damage;
use super::scope::{Matched, Scope, selected};
use super::sets::{SetFacts, readable_sets};
use crate::error::{Error, Result};
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{LiveEntry, PastDamage, Snapshot};

/// One entry, and when it was fetched. It is kept small, since a cache may hold millions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Age {
    /// Its full key; of a set the name of its table and, if one row is selected, a `/` and the id of that.
    pub key: Box<str>,
    /// When it was fetched, in seconds since 1970; `None` if diorama does not remember.
    pub fetched_at: Option<u64>,
    /// Its rows, as its head announces them.
    pub rows: u64,
    /// Bytes of its value; of a set those of its rows.
    pub bytes: u64,
    /// What else is known of a set of diorama; `None` for an entry of vantage-live.
    pub set: Option<Box<SetFacts>>,
}

/// The selected entries.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ages {
    /// Those whose head can be read, each once, in the order of the selections and of the cache.
    pub entries: Vec<Age>,
    /// Those whose head cannot be read, and damaged pages: what they held is not told.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

impl PastDamage for Ages {
    fn damage(&mut self) -> &mut Vec<Error> {
        &mut self.unread.damage
    }
}

/// Tells when the selected entries were fetched.
pub fn ages(snapshot: &Snapshot, scope: &Scope) -> Result<Ages> {
    let mut ages = Ages::default();
    let matched = selected::<Error>(snapshot, scope, |entry| {
        let Some(entry) = past_damage(entry, &mut ages.unread.damage)? else { return Ok(()) };
        match entry.head() {
            Ok(head) => ages.entries.push(Age {
                key: full_key(&entry),
                fetched_at: Some(head.fetched_at),
                rows: head.rows,
                bytes: entry.bytes(),
                set: None,
            }),
            Err(error) => ages.unread.unreadable.push(Unreadable { key: entry.key(), error }),
        }
        Ok(())
    })?;
    ages.matched = matched;
    for set in readable_sets(snapshot, scope, &mut ages.matched, &mut ages.unread.damage)? {
        let sum = sum_rows(snapshot, &set, &mut ages.unread.damage)?;
        ages.entries.push(Age {
            key: set.key().to_string().into(),
            fetched_at: set.fetched_at(),
            rows: sum.entries,
            bytes: sum.bytes,
            set: Some(Box::new(SetFacts::of(&set))),
        });
    }
    Ok(ages)
}

/// The full key in one piece of memory of its length.
fn full_key(entry: &LiveEntry) -> Box<str> {
    [entry.cache_key(), "/", entry.sub_key()].concat().into()
}
