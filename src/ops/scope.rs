//! Which entries an operation applies to: selections, narrowed by when entries were fetched.

use crate::error::{Error, Result};
use crate::live::key::{Key, Selection};
use crate::ops::row_filter::RowFilter;
use crate::snapshot::{Entry, FetchTime, LiveEntry, Snapshot};
use std::collections::HashMap;

/// The entries that selections match, narrowed by age and by rows.
///
/// ```
/// use vlive::Selection;
/// use vlive::ops::{FetchedWithin, Scope};
///
/// let now = 1_770_010_000;
/// let old = FetchedWithin { before: Some(now - 7 * 86_400), after: None, now };
/// let scope = Scope::new(vec![Selection::prefix("clients")]).within(old);
/// # assert_eq!(scope.selections().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Scope {
    selections: Vec<Selection>,
    /// By cache key and sub-key, the index of the first selection of each single entry: there may be very many.
    single: HashMap<Box<str>, HashMap<Box<str>, usize>>,
    /// The indices of the other selections.
    groups: Vec<usize>,
    within: Option<FetchedWithin>,
    leaves_undated: bool,
    takes_narrowed: bool,
    rows: Option<RowFilter>,
}

/// Bounds of `fetched_at`, all in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchedWithin {
    /// Entries fetched at this time or later are left out.
    pub before: Option<u64>,
    /// Entries fetched at this time or earlier are left out.
    pub after: Option<u64>,
    /// The present. An entry dated later counts as newer than any bound.
    pub now: u64,
}

impl FetchedWithin {
    fn takes(&self, fetched_at: u64) -> bool {
        let is_future = self.is_future(fetched_at);
        self.before.is_none_or(|before| fetched_at < before && !is_future)
            && self.after.is_none_or(|after| fetched_at > after || is_future)
    }

    fn is_future(&self, fetched_at: u64) -> bool {
        fetched_at > self.now
    }
}

/// How the selections matched, besides the entries themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matched {
    /// The indices of the selections that match nothing of any age.
    pub unmatched: Vec<usize>,
    /// The number of matching entries outside the bounds of age.
    pub outside: u64,
    /// The number of matching entries without a row that is kept.
    pub without_rows: u64,
    /// If there are bounds of age: the number of matching entries dated in the future, inside or outside the bounds.
    pub future: u64,
    /// If there are bounds of age: the number of matching entries whose time cannot be read.
    pub undated: u64,
    /// If there are bounds of age: the number of matching entries without a recorded time. They are outside the bounds.
    pub timeless: u64,
}

impl Matched {
    /// Whether every selection matched, and every matching entry is in the scope.
    #[must_use]
    pub fn is_all_there_is(&self) -> bool {
        self.unmatched.is_empty() && self.outside == 0 && self.without_rows == 0
    }
}

impl Scope {
    /// The entries that match any of the selections.
    #[must_use]
    pub fn new(selections: Vec<Selection>) -> Scope {
        let mut scope = Scope::default();
        for (index, selection) in selections.iter().enumerate() {
            match selection {
                Selection::Entry(key) => {
                    let of_cache_key = scope.single.entry(key.cache_key().into()).or_default();
                    of_cache_key.entry(key.sub_key().into()).or_insert(index);
                }
                _ => scope.groups.push(index),
            }
        }
        Scope { selections, ..scope }
    }

    /// Every entry of every cache key; never a table that is not a cache table.
    #[must_use]
    pub fn all() -> Scope {
        Scope::new(vec![Selection::All])
    }

    /// Narrows the scope. An entry whose time cannot be read stays in it, so that reading the entry reports it; see
    /// [`Self::leaving_undated`].
    #[must_use]
    pub fn within(mut self, bounds: FetchedWithin) -> Scope {
        self.within = Some(bounds);
        self
    }

    /// The scope without its bounds of age.
    pub(crate) fn of_any_age(&self) -> Scope {
        Scope { within: None, ..self.clone() }
    }

    /// If there are bounds of age, leaves out entries whose time cannot be read.
    #[must_use]
    pub fn leaving_undated(mut self) -> Scope {
        self.leaves_undated = true;
        self
    }

    /// Also selects the narrowed copies of a selected set of diorama: with `clients`, also `clients where team = red`.
    #[must_use]
    pub fn with_narrowed(mut self) -> Scope {
        self.takes_narrowed = true;
        self
    }

    pub(crate) fn takes_narrowed(&self) -> bool {
        self.takes_narrowed
    }

    /// Reduces the entries to the rows that the filter keeps. An entry without such a row is not in the scope.
    #[must_use]
    pub fn keeping(mut self, rows: RowFilter) -> Scope {
        self.rows = Some(rows);
        self
    }

    /// The scope without its filter.
    pub(crate) fn of_all_rows(&self) -> Scope {
        Scope { rows: None, ..self.clone() }
    }

    /// Which rows count; `None` if all do.
    pub(crate) fn filter(&self) -> Option<&RowFilter> {
        self.rows.as_ref()
    }

    /// The entry reduced to the rows in the scope; `None` if there are none.
    ///
    /// # Errors
    /// [`Error::Filter`] if the filter fails on a row, and those of the cache.
    pub fn reduce(&self, snapshot: &Snapshot, entry: Entry) -> Result<Option<Entry>> {
        match &self.rows {
            Some(rows) => rows.reduce(snapshot, entry),
            None => Ok(Some(entry)),
        }
    }

    /// An entry of vantage-live reduced to the rows in the scope; `None` if there are none.
    ///
    /// # Errors
    /// [`Error::Filter`] if the filter fails on a row.
    pub fn reduce_live(&self, entry: LiveEntry) -> Result<Option<LiveEntry>> {
        match &self.rows {
            Some(rows) => rows.reduce_live(entry),
            None => Ok(Some(entry)),
        }
    }

    /// The selections.
    #[must_use]
    pub fn selections(&self) -> &[Selection] {
        &self.selections
    }

    /// The selection, if it is the only one and entries of any age count.
    pub(crate) fn only(&self) -> Option<&Selection> {
        match self.selections.as_slice() {
            [selection] if self.within.is_none() => Some(selection),
            _ => None,
        }
    }

    /// Whether there are bounds of age.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.within.is_some()
    }

    /// Whether an entry that was fetched then lies within the bounds of age, if there are any. One without a time is
    /// neither older nor newer than anything.
    #[must_use]
    pub fn takes_age(&self, fetched: FetchTime) -> bool {
        self.is_within(|| fetched, &mut Matched::default())
    }

    /// Whether a selection matches an entry of any age.
    #[must_use]
    pub fn matches(&self, key: impl Into<Key>) -> bool {
        let key = key.into();
        self.first_match(key.cache_key(), key.sub_key()).is_some()
    }

    /// The index of the first selection that matches an entry of any age.
    pub(crate) fn first_match(&self, cache_key: &str, sub_key: &str) -> Option<usize> {
        let single = self.single.get(cache_key).and_then(|of_cache_key| of_cache_key.get(sub_key)).copied();
        let mut groups = self.groups.iter().copied();
        let group = groups.find(|index| self.selections[*index].takes(cache_key, sub_key));
        single.into_iter().chain(group).min()
    }

    /// Marks every selection that matches an entry, by its index in `is_matched`.
    pub(crate) fn mark(&self, cache_key: &str, sub_key: &str, is_matched: &mut [bool]) {
        if let Some(index) = self.single.get(cache_key).and_then(|of_cache_key| of_cache_key.get(sub_key)) {
            is_matched[*index] = true;
        }
        for &index in &self.groups {
            is_matched[index] = is_matched[index] || self.selections[index].takes(cache_key, sub_key);
        }
    }

    /// The indices of the selections that are not marked. A repeated selection of an entry counts as marked if the
    /// first is.
    pub(crate) fn unmarked(&self, is_matched: &[bool]) -> Vec<usize> {
        let first = |index: usize| match &self.selections[index] {
            Selection::Entry(key) => self.single[key.cache_key()][key.sub_key()],
            _ => index,
        };
        (0..is_matched.len()).filter(|index| !is_matched[first(*index)]).collect()
    }

    /// Whether a matching entry lies within the bounds of age. Counts it in `matched` if that is worth a warning.
    pub(crate) fn is_within(&self, fetched: impl FnOnce() -> FetchTime, matched: &mut Matched) -> bool {
        let Some(bounds) = &self.within else { return true };
        let is_within = match fetched() {
            FetchTime::At(fetched_at) => {
                matched.future += u64::from(bounds.is_future(fetched_at));
                bounds.takes(fetched_at)
            }
            FetchTime::Unknown => {
                matched.timeless += 1;
                false
            }
            FetchTime::Unreadable => {
                matched.undated += 1;
                !self.leaves_undated
            }
        };
        matched.outside += u64::from(!is_within);
        is_within
    }
}

impl From<Selection> for Scope {
    fn from(selection: Selection) -> Scope {
        Scope::new(vec![selection])
    }
}

impl From<Vec<Selection>> for Scope {
    fn from(selections: Vec<Selection>) -> Scope {
        Scope::new(selections)
    }
}

/// Calls `visit` with every entry of vantage-live in the scope, once, and with an error for every page that cannot be
/// read, in the order of the selections and of the cache.
pub(crate) fn selected<E: From<Error>>(
    snapshot: &Snapshot,
    scope: &Scope,
    mut visit: impl FnMut(Result<LiveEntry>) -> Result<(), E>,
) -> Result<Matched, E> {
    let mut matched = Matched::default();
    for (index, selection) in scope.selections().iter().enumerate() {
        let mut is_matched = false;
        for entry in snapshot.entries(selection)? {
            is_matched = true;
            let Ok(read) = &entry else {
                visit(entry)?;
                continue;
            };
            // An entry that several selections match belongs to the first of them.
            let is_first = scope.first_match(read.cache_key(), read.sub_key()) == Some(index);
            if is_first && scope.is_within(|| read.fetch_time(), &mut matched) {
                match scope.reduce_live(entry?)? {
                    Some(entry) => visit(Ok(entry))?,
                    None => matched.without_rows += 1,
                }
            }
        }
        if !is_matched {
            matched.unmatched.push(index);
        }
    }
    Ok(matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_dated_in_the_future_are_newer_than_any_bound() {
        let now = 1000;
        let bounds = |before, after| FetchedWithin { before, after, now };
        for (bounds, fetched_at, takes) in [
            (bounds(Some(500), None), 499, true),
            (bounds(Some(500), None), 500, false),
            (bounds(None, Some(500)), 500, false),
            (bounds(None, Some(500)), 501, true),
            (bounds(None, Some(500)), 1001, true),
            (bounds(Some(5000), None), 1000, true),
            (bounds(Some(5000), None), 1001, false),
            (bounds(None, Some(5000)), 1000, false),
            (bounds(None, Some(5000)), 1001, true),
            (bounds(Some(700), Some(500)), 600, true),
            (bounds(Some(700), Some(500)), 700, false),
        ] {
            assert_eq!(bounds.takes(fetched_at), takes, "{bounds:?} {fetched_at}");
        }
    }

    #[test]
    fn an_entry_belongs_to_the_first_selection_that_matches_it() {
        let scope = Scope::new(vec![
            Selection::exact("k/2"),
            Selection::prefix("k/1"),
            Selection::exact("k/1"),
            Selection::exact("k/2"),
            Selection::prefix("k"),
        ]);
        for (sub_key, index) in [("2", 0), ("1", 1), ("10", 1), ("3", 4)] {
            assert_eq!(scope.first_match("k", sub_key), Some(index), "{sub_key}");
        }
        assert_eq!(scope.first_match("l", "1"), None);
    }
}
