//! Entries of vantage-live, one by one and in order.

use crate::error::{Error, Result};
use crate::file::{Cursor, File, Reached, TreeEntries, TreeEntry};
use crate::live::envelope::CachedRows;
use crate::live::error::DecodeError;
use crate::live::head::EnvelopeHead;
use crate::live::key::{self, Key, Selection};
use crate::live::view::EnvelopeView;
use crate::snapshot::fetch_time::FetchTime;
use crate::snapshot::tables::Table;
use std::mem;
use std::path::Path;
use std::str;
use std::sync::Arc;

/// An entry of vantage-live: its key and the bytes of its value.
#[derive(Clone, Debug)]
pub struct LiveEntry {
    cache_key: Arc<str>,
    pair: TreeEntry,
    /// The reduced value, if a filter has removed rows from it.
    reduced: Option<Vec<u8>>,
}

impl LiveEntry {
    pub(super) fn new(cache_key: Arc<str>, pair: TreeEntry) -> LiveEntry {
        LiveEntry { cache_key, pair, reduced: None }
    }

    /// The same entry with another value.
    pub(crate) fn with_value(self, value: Vec<u8>) -> LiveEntry {
        LiveEntry { reduced: Some(value), ..self }
    }

    /// The full key.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::from_parts(Arc::clone(&self.cache_key), self.sub_key())
    }

    /// The text of the full key.
    pub(crate) fn full_key(&self) -> String {
        key::joined(self.cache_key(), self.sub_key())
    }

    /// The cache key.
    #[must_use]
    pub fn cache_key(&self) -> &str {
        &self.cache_key
    }

    /// The sub-key.
    #[must_use]
    pub fn sub_key(&self) -> &str {
        as_text(self.pair.key())
    }

    /// The value as stored, without the rows that a [`RowFilter`](crate::ops::RowFilter) has removed.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.reduced.as_deref().unwrap_or_else(|| self.pair.value())
    }

    /// Bytes of its value; its key is not counted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.value().len() as u64
    }

    /// When it was fetched and how many rows it has. The rows are decoded only if their number is not in the head.
    ///
    /// # Errors
    /// The value is not an envelope of vantage-live.
    pub fn head(&self) -> Result<EnvelopeHead, DecodeError> {
        EnvelopeHead::decode(self.value())
    }

    /// When it was fetched, for age bounds.
    #[must_use]
    pub fn fetch_time(&self) -> FetchTime {
        self.head().map_or(FetchTime::Unreadable, |head| FetchTime::At(head.fetched_at))
    }

    /// Its rows and time, as vantage-live's `get` reads them.
    ///
    /// # Errors
    /// The value is not an envelope of vantage-live.
    pub fn decode(&self) -> Result<CachedRows, DecodeError> {
        CachedRows::decode(self.value())
    }

    /// The envelope, verified to its end, to read rows one by one.
    ///
    /// # Errors
    /// The value is not an envelope of vantage-live.
    pub fn envelope(&self) -> Result<EnvelopeView<'_>, DecodeError> {
        EnvelopeView::new(self.value())
    }
}

fn as_text(sub_key: &[u8]) -> &str {
    str::from_utf8(sub_key).expect("verified when the entry was read")
}

/// Consecutive entries of a cache key in one page.
#[derive(Clone, Debug)]
pub(crate) struct LiveRun {
    cache_key: Arc<str>,
    pairs: TreeEntries,
}

impl LiveRun {
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Bytes of memory that the entries take: those of their page.
    pub fn bytes(&self) -> usize {
        self.pairs.page_bytes()
    }

    /// The entries one by one.
    pub fn each(&self) -> impl Iterator<Item = LiveEntry> {
        self.pairs.each().map(|pair| LiveEntry::new(Arc::clone(&self.cache_key), pair))
    }

    /// The full keys, one after the other.
    pub fn full_keys(&self) -> String {
        self.pairs.iter().flat_map(|(sub_key, _)| [&*self.cache_key, "/", as_text(sub_key)]).collect()
    }

    /// The values, one after the other.
    pub fn values(&self) -> &[u8] {
        self.pairs.values()
    }

    /// Takes the first entry off.
    fn next(&mut self) -> Option<LiveEntry> {
        let pair = self.pairs.next()?;
        Some(LiveEntry::new(Arc::clone(&self.cache_key), pair))
    }
}

/// Entries of vantage-live in a snapshot, in order. For a page that cannot be read, the iterator returns an error, and
/// goes on with the next page.
#[derive(Debug)]
pub struct Entries<'s> {
    file: &'s File,
    path: &'s Path,
    selection: Selection,
    /// The tables that are not read yet, the next one last.
    tables: Vec<Table>,
    current: Option<Current<'s>>,
    /// The rest of a page of it.
    run: Option<LiveRun>,
    /// The pages of the tables that are read.
    reached: Reached,
}

#[derive(Debug)]
struct Current<'s> {
    cache_key: Arc<str>,
    table: Table,
    cursor: Cursor<'s>,
    /// The number of entries so far; `None` once some could not be read.
    seen: Option<u64>,
}

impl<'s> Entries<'s> {
    /// Entries of these tables, in this order; they must be cache tables that the selection concerns.
    pub(super) fn new(file: &'s File, path: &'s Path, selection: Selection, mut tables: Vec<Table>) -> Entries<'s> {
        tables.reverse();
        Entries { file, path, selection, tables, current: None, run: None, reached: Reached::default() }
    }

    /// The next entries in one page.
    pub(crate) fn next_run(&mut self) -> Option<Result<LiveRun>> {
        // The memory of its page can be used for the next one.
        self.run = None;
        loop {
            if self.current.is_none() {
                let table = self.tables.pop()?;
                let start = self.selection.first_sub_key().as_bytes();
                self.current = Some(Current {
                    cache_key: table.cache_key().unwrap_or_default().into(),
                    cursor: table.definition().tree(self.file).entries_beside(start, mem::take(&mut self.reached)),
                    table,
                    seen: Some(0),
                });
            }
            let current = self.current.as_mut()?;
            let definition = current.table.definition();
            let damaged = |error| Some(Err(Error::file(error, self.path, Some(current.table.name()))));
            let takes = |key: &[u8]| str::from_utf8(key).is_ok_and(|sub_key| self.selection.takes_sub_key(sub_key));
            match current.cursor.next_run(takes) {
                Ok(Some(pairs)) if pairs.len() > 0 => {
                    current.seen = current.seen.map(|seen| seen + pairs.len() as u64);
                    let run = LiveRun { cache_key: Arc::clone(&current.cache_key), pairs };
                    if matches!(self.selection, Selection::Entry(_)) {
                        // Only one entry can match, so the next page need not be read.
                        self.leave_table();
                    }
                    return Some(Ok(run));
                }
                Ok(Some(_)) => {
                    current.seen = current.seen.map(|seen| seen + 1);
                    if current
                        .cursor
                        .next()
                        .is_some_and(|pair| pair.is_ok_and(|pair| str::from_utf8(pair.key()).is_err()))
                    {
                        return damaged(definition.key_is_no_text());
                    }
                    // Sub-keys come in order: none that follows is selected.
                    self.leave_table();
                }
                Err(error) => {
                    current.seen = None;
                    return damaged(error);
                }
                Ok(None) => {
                    let whole = matches!(self.selection, Selection::All | Selection::CacheKey(_));
                    if whole && current.seen.is_some_and(|seen| seen != definition.length) {
                        current.seen = None;
                        return damaged(definition.miscounted());
                    }
                    self.leave_table();
                }
            }
        }
    }

    fn leave_table(&mut self) {
        if let Some(current) = self.current.take() {
            self.reached = current.cursor.into_reached();
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<LiveEntry>;

    fn next(&mut self) -> Option<Result<LiveEntry>> {
        loop {
            if let Some(entry) = self.run.as_mut().and_then(LiveRun::next) {
                return Some(Ok(entry));
            }
            match self.next_run()? {
                Ok(run) => self.run = Some(run),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
