//! The ages of the entries of a cache.

use super::list::sum_rows;
use super::past_damage;
use super::scope::{Matched, Scope, selected};
use super::sets::{SetFacts, readable_sets};
use crate::error::{Error, Result};
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{PastDamage, Snapshot};

/// One entry, and when it was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Age<'a> {
    /// Its full key; of a set the name of its table and, if one row is selected, a `/` and the id of that.
    pub key: &'a str,
    /// When it was fetched, in seconds since 1970; `None` if diorama does not remember.
    pub fetched_at: Option<u64>,
    /// Its rows, as its head announces them.
    pub rows: u64,
    /// Bytes of its value; of a set those of its rows.
    pub bytes: u64,
    /// What else is known of a set of diorama; `None` for an entry of vantage-live.
    pub set: Option<&'a SetFacts>,
}

/// The selected entries. Each takes 40 bytes of memory and those of its key, since a cache may hold millions.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ages {
    entries: Vec<Compact>,
    /// The keys of all entries, one after the other.
    keys: String,
    sets: Vec<SetFacts>,
    /// Entries whose head cannot be read, and damaged pages: what they held is not told.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

/// An entry without the texts that belong to it.
#[derive(Debug)]
struct Compact {
    /// Where its key ends; it begins where the one before it does.
    key_end: usize,
    fetched_at: Option<u64>,
    rows: u64,
    bytes: u64,
}

impl Ages {
    /// How many entries there are whose head can be read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries whose head can be read, each once, in the order of the selections and of the cache; sets of diorama
    /// come last.
    pub fn iter(&self) -> impl Iterator<Item = Age<'_>> + Clone {
        (0..self.len()).map(|place| self.get(place))
    }

    /// The entry at a place in that order, below [`Self::len`].
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn get(&self, place: usize) -> Age<'_> {
        let Compact { key_end, fetched_at, rows, bytes } = self.entries[place];
        let key_begin = place.checked_sub(1).map_or(0, |before| self.entries[before].key_end);
        let first_set = self.entries.len() - self.sets.len();
        let set = place.checked_sub(first_set).map(|place| &self.sets[place]);
        Age { key: &self.keys[key_begin..key_end], fetched_at, rows, bytes, set }
    }

    fn push(&mut self, key: &[&str], fetched_at: Option<u64>, rows: u64, bytes: u64) {
        self.keys.extend(key.iter().copied());
        self.entries.push(Compact { key_end: self.keys.len(), fetched_at, rows, bytes });
    }
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
            Ok(head) => {
                let key = [entry.cache_key(), "/", entry.sub_key()];
                ages.push(&key, Some(head.fetched_at), head.rows, entry.bytes());
            }
            Err(error) => ages.unread.unreadable.push(Unreadable { key: entry.key(), error }),
        }
        Ok(())
    })?;
    ages.matched = matched;
    for set in readable_sets(snapshot, scope, &mut ages.matched, &mut ages.unread.damage)? {
        ages.unread.add_malformed(&set);
        let sum = sum_rows(snapshot, &set, &mut ages.unread.damage)?;
        // As `list` counts them, those of damaged pages too.
        let rows = if set.row().is_some() { sum.entries } else { set.rows() };
        ages.push(&[&set.key().to_string()], set.fetched_at(), rows, sum.bytes);
        ages.sets.push(SetFacts::of(&set));
    }
    Ok(ages)
}
