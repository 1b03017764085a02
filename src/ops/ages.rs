//! The ages of the entries of a cache.

use super::exact_key::ExactKeys;
use super::list::sum_rows;
use super::past_damage;
use super::scope::{Matched, Scope, selected};
use super::selected_sets::{SetFacts, readable_sets};
use crate::error::{Error, Result};
use crate::ops::unread::{Unread, Unreadable};
use crate::snapshot::{PastDamage, Snapshot};

/// One entry, and when it was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Age<'a> {
    /// The full key; for a set, the name of its table and, if a single row is selected, `/` and the row id.
    pub key: &'a str,
    /// The key that selects this and nothing else, as [`ExactKeys`] finds it; `None` if there is no such key, or for a
    /// set if exact keys were not requested.
    pub exact: Option<&'a str>,
    /// When it was fetched, in seconds since 1970; `None` if diorama has not recorded it.
    pub fetched_at: Option<u64>,
    /// The number of its rows, as its head announces it.
    pub rows: u64,
    /// Bytes of its value; for a set, of the values of its rows.
    pub bytes: u64,
    /// Facts about a set of diorama; `None` for an entry of vantage-live.
    pub set: Option<&'a SetFacts>,
}

/// The selected entries. Since a cache may hold millions, an entry takes only 40 bytes of memory and those of its key.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ages {
    entries: Vec<Compact>,
    /// The keys of all entries, one after the other.
    keys: String,
    sets: Vec<SetFacts>,
    /// The exact keys of the sets, if they were requested.
    exact: Vec<Option<Box<str>>>,
    /// Entries whose head cannot be read, and damaged pages. What these held is missing from the entries.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

/// An entry without its key and the facts about its set.
#[derive(Debug)]
struct Compact {
    /// Where its key ends in `keys`. It begins where the previous key ends.
    key_end: usize,
    fetched_at: Option<u64>,
    rows: u64,
    bytes: u64,
}

impl Ages {
    /// The number of entries whose head can be read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no such entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries whose head can be read, each once, in the order of the selections and of the cache; sets of diorama
    /// come last.
    pub fn iter(&self) -> impl Iterator<Item = Age<'_>> + Clone {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The entry at an index in the order of [`Self::iter`].
    ///
    /// # Panics
    /// If the index is not below [`Self::len`].
    #[must_use]
    pub fn get(&self, index: usize) -> Age<'_> {
        let Compact { key_end, fetched_at, rows, bytes } = self.entries[index];
        let key_begin = index.checked_sub(1).map_or(0, |previous| self.entries[previous].key_end);
        let first_set = self.entries.len() - self.sets.len();
        let set = index.checked_sub(first_set);
        let key = &self.keys[key_begin..key_end];
        let exact = set.map_or(Some(key), |set| self.exact.get(set)?.as_deref());
        Age { key, exact, fetched_at, rows, bytes, set: set.map(|set| &self.sets[set]) }
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

/// Reads when the selected entries were fetched, and on request their exact keys.
///
/// # Errors
/// The cache cannot be read. Damage is part of the result.
pub fn ages(snapshot: &Snapshot, scope: &Scope, with_exact_keys: bool) -> Result<Ages> {
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
    let exact_keys = with_exact_keys.then(|| ExactKeys::new(snapshot)).transpose()?;
    for set in readable_sets(snapshot, scope, &mut ages.matched, &mut ages.unread.damage)? {
        ages.unread.add_malformed(&set);
        let sum = sum_rows(snapshot, &set, &mut ages.unread.damage)?;
        // Rows on damaged pages count too, as in `list`.
        let rows = if set.row().is_some() { sum.entries } else { set.rows() };
        ages.push(&[&set.key().to_string()], set.fetched_at(), rows, sum.bytes);
        ages.sets.push(SetFacts::of(&set));
        if let Some(exact_keys) = &exact_keys {
            let exact = past_damage(exact_keys.of_set(&set.key()), &mut ages.unread.damage)?;
            ages.exact.push(exact.flatten().map(Into::into));
        }
    }
    Ok(ages)
}
